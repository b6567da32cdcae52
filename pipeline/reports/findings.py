"""Findings as people read them: what happened, what was expected, what to do next, where, and how to see it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.domain.dossier import Dossier
from pipeline.domain.finding import Finding, Location
from pipeline.domain.outcome import Outcome
from pipeline.messages import message
from pipeline.reports.divergence import Apart, apart, one_line
from pipeline.reports.readings import ExplainedView, explained_view
from pipeline.reports.visible import columns, short, visible
from pipeline.reports.waveform import Wave, wave
from pipeline.reports.words import Mark, mark

MOST_GROUPS, MOST_NOTES = 14, 5
MOST_OTHERS = 5
_TEXT, _COMMAND, _SOURCE = 600, 240, 160


@dataclass(frozen=True, slots=True)
class Told:
    """A finding's texts; `what` line by line, because it may quote a log."""

    title: str
    what: tuple[str, ...]
    expected: str
    next: str


@dataclass(frozen=True, slots=True)
class Source:
    """A source line in three parts, the middle one meant, and a row with carets below it."""

    place: str
    number: str
    before: str
    meant: str
    after: str
    carets: str


@dataclass(frozen=True, slots=True)
class Other:
    """A further finding of the same group in short."""

    rule: str
    title: str
    seed: str
    place: str
    detail: str
    reproduce: str


@dataclass(frozen=True, slots=True)
class Block:
    """One group of findings: the first one whole, the others in short; `hidden` more are only in report.json."""

    mark: Mark
    testpoint: str
    testpoint_title: str
    rule: str
    told: Told
    seed: str
    count: int
    source: Source | None
    apart: Apart | None
    reproduce: str
    others: tuple[Other, ...]
    hidden: int
    wave: Wave | None = None
    explained: ExplainedView | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """Errors, worst first, and notes. `hidden` groups of errors are only in report.json."""

    errors: tuple[Block, ...]
    notes: tuple[Block, ...]
    hidden: int


def findings_view(dossier: Dossier, lang: str) -> Findings:
    """All findings in groups of one testpoint, or of one rule when there is no testpoint; the design's before ours."""
    known = dossier.isolated.finding if dossier.isolated else ""
    errors = _groups(sorted((one for one in dossier.findings if one.severity == "error"), key=lambda one: one.id != known))
    notes = _groups([item for item in dossier.findings if item.severity == "note"])
    errors.sort(key=lambda group: group[0].outcome is not Outcome.FAILED)
    hidden = max(0, len(errors) - MOST_GROUPS) + max(0, len(notes) - MOST_NOTES)
    return Findings(
        tuple(_block(group, dossier, lang) for group in errors[:MOST_GROUPS]),
        tuple(_block(group, dossier, lang) for group in notes[:MOST_NOTES]),
        hidden,
    )


def _groups(findings: Sequence[Finding]) -> list[list[Finding]]:
    found: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        found.setdefault((finding.testpoint or finding.rule, finding.outcome.value), []).append(finding)
    return list(found.values())


def _block(group: Sequence[Finding], dossier: Dossier, lang: str) -> Block:
    first = group[0]
    state = first.outcome.value if first.severity == "error" else "note"
    titles = {row.id: row.title for row in dossier.decision.rows}
    known = dossier.isolated if dossier.isolated and dossier.isolated.finding == first.id else None
    return Block(
        mark=mark(state, lang),
        testpoint=short(first.testpoint, 40),
        testpoint_title=short(titles.get(first.testpoint, ""), 100),
        rule=short(first.rule, 20),
        told=_told(first, lang),
        seed=seed_of(first),
        count=len(group),
        source=_source(first.location) if first.location else None,
        apart=apart(first.divergence, lang) if first.divergence else None,
        reproduce=short(dossier.reproduce.get(first.id, ""), _COMMAND),
        others=tuple(_other(item, first, dossier, lang) for item in group[1 : 1 + MOST_OTHERS]),
        hidden=max(0, len(group) - 1 - MOST_OTHERS),
        wave=wave(known, lang) if known else None,
        explained=explained_view(first.explained, lang) if first.explained else None,
    )


def _told(finding: Finding, lang: str) -> Told:
    told = message(finding.rule, finding.args, lang)
    what = tuple(line for line in short(told.what, _TEXT).splitlines() if line.strip())
    return Told(short(told.title, 160), what, short(told.expected, _TEXT // 2), short(told.next, _TEXT // 2))


def _other(finding: Finding, first: Finding, dossier: Dossier, lang: str) -> Other:
    told = message(finding.rule, finding.args, lang)
    detail = one_line(finding.divergence, lang) if finding.divergence else short(told.what, 160)
    return Other(
        rule=short(finding.rule, 20),
        title="" if finding.rule == first.rule else short(told.title, 120),
        seed=seed_of(finding),
        place=_place(finding.location) if finding.location else "",
        detail=detail,
        reproduce=short(dossier.reproduce.get(finding.id, ""), _COMMAND),
    )


def seed_of(finding: Finding) -> str:
    """The seed as 16 hex digits; empty without one."""
    return "" if finding.seed is None else f"0x{finding.seed:016x}"


def _place(location: Location) -> str:
    return f"{short(location.file, 120)}:{location.line}:{location.column}"


def _source(location: Location) -> Source:
    """Tabs take one column. A caret stands below every column that is meant, and below one at least."""
    text = location.source.replace("\t", " ")[:_SOURCE]
    start = max(0, min(location.column - 1, len(text)))
    stop = min(len(text), start + max(1, location.length))
    before, meant, after = (visible(part) for part in (text[:start], text[start:stop], text[stop:]))
    carets = " " * columns(before) + "^" * max(1, columns(meant))
    return Source(_place(location), str(location.line), before, meant, after, carets if text else "")
