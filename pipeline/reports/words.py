"""Outcomes and verdicts as tone, outline and word: always at least two of the three."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.domain.dossier import Dossier
from pipeline.domain.outcome import Outcome, Verdict
from pipeline.domain.verdict import TestpointRow
from pipeline.messages import text

STATES = ("passed", "failed", "broken", "skipped", "not_applicable", "later")
_WORDS = {
    "passed": "report_passed",
    "failed": "report_failed",
    "broken": "report_broken",
    "skipped": "report_skipped",
    "not_applicable": "report_not_applicable",
    "later": "report_later",
    "note": "report_note",
    "open": "report_open",
}
_BRIEF = {"failed": "report_failed_brief", "broken": "report_broken_brief"}
_VERDICTS = {
    Verdict.ACCEPTED: ("passed", "report_accepted"),
    Verdict.REJECTED: ("failed", "report_rejected"),
    Verdict.INCONCLUSIVE: ("note", "report_inconclusive"),
}
WORST_FIRST = (Outcome.FAILED, Outcome.BROKEN, Outcome.SKIPPED, Outcome.PASSED)


@dataclass(frozen=True, slots=True)
class Mark:
    """`state` names tone and outline in style sheet and glyphs; `word` is what they mean."""

    state: str
    word: str


def mark(state: str, lang: str, *, brief: bool = False) -> Mark:
    """The mark of an outcome, of a row that is not due, or of a note. `brief` leaves out whose fault it is."""
    return Mark(state, text(_BRIEF.get(state, _WORDS[state]) if brief else _WORDS[state], lang))


def verdict_mark(dossier: Dossier, lang: str) -> Mark:
    """The mark of the verdict. INCONCLUSIVE has our tone if something of ours broke, that of an open matter otherwise."""
    state, key = _VERDICTS[dossier.decision.verdict]
    ours = dossier.decision.verdict is Verdict.INCONCLUSIVE and (_broke(dossier) or "broken" in states(dossier))
    return Mark("broken" if ours else state, text(key, lang))


def states(dossier: Dossier) -> tuple[str, ...]:
    """What to say of each row: a planned one that never ran is skipped, unless something of ours kept it from running."""
    broke = _broke(dossier)
    return tuple(_state(row, broke=broke) for row in dossier.decision.rows)


def _broke(dossier: Dossier) -> bool:
    return any(step.result and step.result.outcome is Outcome.BROKEN for step in dossier.steps)


def _state(row: TestpointRow, *, broke: bool) -> str:
    if row.outcome is None:
        return row.state
    ran = row.executed or row.reason or broke
    return "skipped" if row.outcome is Outcome.BROKEN and not ran else row.outcome.value
