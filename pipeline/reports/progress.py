"""The stages of a run: what became of each, how long it took, and when, on one axis of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.domain.dossier import Dossier
from pipeline.domain.run import Step
from pipeline.messages import message, text
from pipeline.reports.figures import Timeline, timeline
from pipeline.reports.units import count, duration, percent, seconds_between
from pipeline.reports.visible import short
from pipeline.reports.words import WORST_FIRST, Mark, mark

MOST_STEPS = 40
MOST_STAGES = 16


@dataclass(frozen=True, slots=True)
class StageCell:
    """One stage, its steps taken together. `reasons` say why it did not pass."""

    name: str
    mark: Mark
    time: str
    note: str
    reasons: tuple[str, ...]


def stage_cells(dossier: Dossier, lang: str) -> tuple[StageCell, ...]:
    """One cell for each stage in the order of the run."""
    by_stage: dict[str, list[Step]] = {}
    for step in dossier.steps:
        by_stage.setdefault(step.spec.stage, []).append(step)
    return tuple(_cell(dossier, stage, steps, lang) for stage, steps in list(by_stage.items())[:MOST_STAGES])


def _cell(dossier: Dossier, stage: str, steps: Sequence[Step], lang: str) -> StageCell:
    outcomes = {step.result.outcome for step in steps if step.result}
    whole = all(step.result for step in steps)
    state = next(outcome.value for outcome in WORST_FIRST if outcome in outcomes) if whole and outcomes else "open"
    seconds = seconds_between(
        min((step.started_at for step in steps if step.started_at), default=None),
        max((step.finished_at for step in steps if step.finished_at), default=None),
    )
    time = duration(seconds, lang) if seconds is not None else "\u2013"
    reasons = () if state == "passed" else tuple(dict.fromkeys(reason for step in steps for reason in _reasons(step, lang)))
    return StageCell(short(stage, 40), mark(state, lang, brief=True), time, _note(dossier, stage, steps, lang), reasons[:3])


def _reasons(step: Step, lang: str) -> list[str]:
    if step.result is None:
        return []
    told = [short(step.result.reason, 200)] if step.result.reason else []
    errors = [item for item in step.result.findings if item.severity == "error"]
    return told or [short(message(item.rule, item.args, lang).title, 120) for item in errors[:3]]


def _note(dossier: Dossier, stage: str, steps: Sequence[Step], lang: str) -> str:
    if stage == "build" and _sum(steps, "cached"):
        return text("report_note_cached", lang)
    if stage == "simulate":
        return text("report_note_cycles", lang, cycles=count(_sum(steps, "cycles")))
    if stage == "judge":
        return _judged(dossier, steps, lang)
    if stage == "coverage" and dossier.decision.criteria and dossier.decision.criteria[0].measured is not None:
        item = dossier.decision.criteria[0]
        return text("report_note_lines", lang, percent=percent(item.measured or 0.0, item.required))
    found = sum(len(step.result.findings) for step in steps if step.result)
    return text("report_note_findings", lang, count=count(found))


def _judged(dossier: Dossier, steps: Sequence[Step], lang: str) -> str:
    """Seeds judged of those planned, without testpoints that another stage counts."""
    own = {step.id for step in steps}
    elsewhere = {c.testpoint for step in dossier.steps if step.result and step.id not in own for c in step.result.testpoints}
    planned = sum(row.planned for row in dossier.decision.rows if row.id not in elsewhere)
    judged = sum(c.judged for step in steps if step.result for c in step.result.testpoints)
    return text("report_note_judged", lang, judged=count(judged), planned=count(planned))


def _sum(steps: Sequence[Step], name: str) -> float:
    return sum(step.result.metrics.get(name, 0.0) for step in steps if step.result)


def run_timeline(dossier: Dossier, lang: str) -> Timeline | None:
    """Every step from its start to its end, at most `MOST_STEPS`; None when no step has times."""
    timed = [step for step in dossier.steps if seconds_between(step.started_at, step.finished_at) is not None]
    if not timed:
        return None
    zero = min(timed, key=lambda step: seconds_between(timed[0].started_at, step.started_at) or 0.0).started_at
    bars = []
    for step in timed[:MOST_STEPS]:
        start = max(0.0, seconds_between(zero, step.started_at) or 0.0)
        seconds = max(0.0, seconds_between(step.started_at, step.finished_at) or 0.0)
        state = mark(step.result.outcome.value if step.result else "open", lang, brief=True)
        bars.append((short(step.spec.name, 24), start, seconds, state))
    return timeline(bars, lang)
