"""Every testpoint of the plan: a matrix by family, why some were not asked for, and all of them one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.domain.dossier import Dossier
from pipeline.domain.verdict import TestpointRow
from pipeline.messages import text, words
from pipeline.reports.reasons import reason
from pipeline.reports.units import count
from pipeline.reports.visible import short
from pipeline.reports.words import STATES, Mark, mark, states

MOST_ROWS = 144
_SEEDS = ("planned", "executed", "judged", "failed", "checks")
_WITHOUT_REASON = {"skipped": "report_reason_ended", "broken": "report_reason_unjudged"}
_KINDS = {
    "static": "report_kind_static",
    "directed": "report_kind_directed",
    "exhaustive": "report_kind_exhaustive",
    "random": "report_kind_random",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A count; `alarm` marks one that broke planned = executed = judged, or a failure. Zero is grey."""

    value: str
    zero: bool
    alarm: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One testpoint. `anchor` is ours, never the testpoint's text; `figures` is empty when it was not asked for."""

    anchor: str
    id: str
    number: str
    title: str
    milestone: str
    kind: str
    mark: Mark
    figures: tuple[Figure, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Family:
    """The testpoints of one prefix in the plan's order; `outcomes` in the order of STATES, `seeds` of the five counts."""

    name: str
    title: str
    rows: tuple[Row, ...]
    outcomes: tuple[Figure, ...]
    seeds: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class NotDue:
    """Testpoints of one state that were not asked for, or never ran: reason, and each one's anchor and id."""

    mark: Mark
    count: int
    reasons: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """All families, their sums (`total`), the outcomes' marks as heads, and the reasons."""

    families: tuple[Family, ...]
    total: Family
    heads: tuple[Mark, ...]
    not_due: tuple[NotDue, ...]
    sentence: str


def matrix(dossier: Dossier, lang: str) -> Matrix | None:
    """The matrix; None when no plan was made."""
    known = tuple(zip(dossier.decision.rows[:MOST_ROWS], states(dossier), strict=False))
    if not known:
        return None
    rows = [(row, state, _row(index, row, state, lang)) for index, (row, state) in enumerate(known)]
    by_family: dict[str, list[tuple[TestpointRow, str, Row]]] = {}
    for entry in rows:
        by_family.setdefault(entry[0].id.split("-", 1)[0], []).append(entry)
    counts = [sum(state == wanted for _, state in known) for wanted in ("passed", "failed", "broken")]
    planned = sum(row.state == "planned" for row, _ in known)
    return Matrix(
        tuple(_family(name, members, lang) for name, members in by_family.items()),
        _family("", rows, lang),
        tuple(mark(state, lang) for state in STATES),
        _not_due([entry[2] for entry in rows]),
        text(
            "report_matrix_sentence",
            lang,
            whole=len(known),
            planned=planned,
            passed=counts[0],
            failed=counts[1],
            broken=counts[2],
        ),
    )


def _row(index: int, row: TestpointRow, state: str, lang: str) -> Row:
    figures = _figures([row], state) if row.state == "planned" else ()
    why = reason(row.reason, lang) if row.reason else text(_WITHOUT_REASON[state], lang) if state in _WITHOUT_REASON else ""
    kind = text(_KINDS[row.kind], lang) if row.kind in _KINDS else short(row.kind, 20)
    number = short(row.id.split("-", 1)[-1], 6)
    title, milestone = short(row.title, 100), short(row.milestone, 12)
    return Row(f"t{index}", short(row.id, 24), number, title, milestone, kind, mark(state, lang), figures, why)


def _figures(rows: Sequence[TestpointRow], state: str = "") -> tuple[Figure, ...]:
    sums = {name: sum(getattr(row, name) for row in rows) for name in _SEEDS}
    short_of = {name: sums[name] < sums["planned"] for name in ("executed", "judged")}
    tones = {name: state or "broken" for name, missing in short_of.items() if missing}
    if sums["failed"]:
        tones["failed"] = "failed"
    return tuple(Figure(count(sums[name]), sums[name] == 0, tones.get(name, "")) for name in _SEEDS)


def _family(name: str, members: Sequence[tuple[TestpointRow, str, Row]], lang: str) -> Family:
    found = [state for _, state, _ in members]
    alarms = {"failed": "failed", "broken": "broken", "skipped": "skipped"}
    outcomes = tuple(
        Figure(count(found.count(state)), found.count(state) == 0, alarms.get(state, "") if found.count(state) else "")
        for state in STATES
    )
    seeds = _figures([row for row, _, _ in members], "broken" if "broken" in found else "skipped")
    return Family(short(name, 12), _title(name, lang), tuple(row for _, _, row in members), outcomes, seeds)


def _title(name: str, lang: str) -> str:
    key = f"report_family_{name.lower()}"
    return text(key, lang) if name and key in words() else ""


def _not_due(rows: Sequence[Row]) -> tuple[NotDue, ...]:
    """By state and reason, in the plan's order; what was asked for and did not run is first, common reasons before rare."""
    found: dict[Mark, dict[str, list[tuple[str, str]]]] = {}
    for row in rows:
        if row.reason:
            found.setdefault(row.mark, {}).setdefault(row.reason, []).append((row.anchor, row.id))
    order = ("failed", "broken", "skipped", "passed", "later", "not_applicable")
    entries = []
    for known in sorted(found, key=lambda known: order.index(known.state)):
        reasons = sorted(found[known].items(), key=lambda item: -len(item[1]))
        whole = sum(len(names) for _, names in reasons)
        entries.append(NotDue(known, whole, tuple((why, tuple(names)) for why, names in reasons)))
    return tuple(entries)
