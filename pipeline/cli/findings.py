"""Findings as people read them: place, rule, source line with a caret, what was expected, what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from pipeline.cli.divergence import divergence_lines
from pipeline.cli.errors import as_json
from pipeline.cli.isolated import isolated_lines
from pipeline.cli.layout import line, plain, wrap
from pipeline.cli.readings import explained_lines
from pipeline.cli.terminal import Face
from pipeline.domain.finding import Finding, Location
from pipeline.domain.isolated import Isolated
from pipeline.domain.outcome import Outcome
from pipeline.domain.readings import Explained
from pipeline.messages import Message, message, text

MOST_SHOWN = 10
_INDENT = "   "


@dataclass(frozen=True, slots=True)
class Group:
    """Findings that say the same of the same place; `first` is printed, the others are counted."""

    first: Finding
    count: int


def groups(findings: Sequence[Finding], first: str = "") -> list[Group]:
    """One group for each rule, place and testpoint; the design's faults first, then ours, notes last.

    The finding whose id is `first` stands for its group.
    """
    found: dict[tuple[Any, ...], list[Finding]] = {}
    for finding in sorted(findings, key=lambda finding: bool(first) and finding.id != first):
        place = (finding.location.file, finding.location.line) if finding.location else ()
        found.setdefault((finding.rule, place, finding.testpoint, finding.outcome), []).append(finding)
    return sorted((Group(same[0], len(same)) for same in found.values()), key=_weight)


def _weight(group: Group) -> tuple[bool, bool]:
    return group.first.severity == "note", group.first.outcome is not Outcome.FAILED


def finding_blocks(
    findings: Sequence[Finding], reproduce: Mapping[str, str], face: Face, isolated: Isolated | None = None
) -> list[Text]:
    """All findings, a blank line before each; at most `MOST_SHOWN` groups, and how many more there are.

    What explains several of them is said with the first one.
    """
    shown = groups(findings, isolated.finding if isolated else "")
    lines: list[Text] = []
    explained: list[Explained] = []
    for group in shown[:MOST_SHOWN]:
        known = isolated if isolated and isolated.finding == group.first.id else None
        again, found = reproduce.get(group.first.id, ""), group.first.explained
        if found is not None and found in explained:
            group = replace(group, first=replace(group.first, explained=None))  # noqa: PLW2901  the same, said once
        lines += [Text(), *finding_lines(group, again, face, known)]
        explained += [found] if found is not None else []
    if len(shown) > MOST_SHOWN:
        lines += [Text(), line("  ", text("cli_more_findings", face.lang, count=len(shown) - MOST_SHOWN))]
    return lines


def finding_lines(group: Group, again: str, face: Face, isolated: Isolated | None = None) -> list[Text]:
    """One finding in full, with the cycles that show it when they are known."""
    finding = group.first
    told = message(finding.rule, finding.args, face.lang)
    lines = [_head(finding, told, face)]
    if finding.location:
        lines += _source(finding.location)
    if finding.divergence:  # says in figures what the message says in a sentence
        lines += divergence_lines(finding.divergence, face)
    else:
        lines += wrap(told.what, face.width, _INDENT)
        expected = text("cli_expected", face.lang, expected=told.expected) if told.expected else ""
        lines += wrap(expected, face.width, _INDENT)
    lines += explained_lines(finding.explained, face) if finding.explained else []
    lines += isolated_lines(isolated, face) if isolated else []
    lines += wrap(told.next, face.width, _INDENT)
    if group.count > 1:
        lines.append(line(_INDENT, (text("cli_same_again", face.lang, count=group.count - 1), "dim")))
    if again:
        lines.append(line(_INDENT, (again, "bold")))
    return lines


def _head(finding: Finding, told: Message, face: Face) -> Text:
    state = finding.outcome.value if finding.severity == "error" else "due"
    place = f"{place_of(finding.location)}  " if finding.location else ""
    testpoint = f"{finding.testpoint}  " if finding.testpoint else ""
    seed = f"  {seed_of(finding)}" if finding.seed is not None else ""
    return line(face.mark(state), f" {place}{testpoint}{finding.rule}  ", (told.title, "bold"), (seed, "dim"))


def seed_of(finding: Finding) -> str:
    """`seed 0x5eed1f07`; empty without one."""
    return "" if finding.seed is None else f"seed 0x{finding.seed:016x}"


def place_of(location: Location) -> str:
    """`file:line:column`, as editors and compilers write it."""
    return plain(f"{location.file}:{location.line}:{location.column}", 300)


def _source(location: Location) -> list[Text]:
    """The source line and a caret below its columns; tabs count as one column, wide characters as two."""
    if not location.source:
        return []
    source, number = plain(location.source, 200), f"{location.line:>6} | "
    start = max(0, min(location.column - 1, len(source)))
    length = max(1, min(location.length, len(source) - start))
    blank = " " * cell_len(number[:-2]) + "| " + " " * cell_len(source[:start])
    carets = "^" * max(1, cell_len(source[start : start + length]))
    return [line((number, "dim"), source), line((blank, "dim"), (carets, "bold red"))]


def finding_json(finding: Finding, reproduce: Mapping[str, str], lang: str) -> dict[str, Any]:
    """A finding with its message and the line that shows it again."""
    told = as_json(message(finding.rule, finding.args, lang))
    return finding.to_json() | {"message": told, "reproduce": reproduce.get(finding.id, "")}
