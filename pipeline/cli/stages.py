"""The stages of a run, one line each: batches of a stage are added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from pipeline.cli.layout import bar, duration, left, line, right, seconds_between
from pipeline.cli.look import Look
from pipeline.cli.notes import note_of
from pipeline.cli.terminal import Face
from pipeline.domain.outcome import Outcome
from pipeline.domain.run import Step, StepState
from pipeline.engine.views import StepProgress
from pipeline.messages import text

WORDS = {
    "passed": "cli_passed",
    "failed": "cli_failed",
    "broken": "cli_broken",
    "skipped": "cli_skipped",
    "running": "cli_running",
    "queued": "cli_queued",
    "not_applicable": "cli_not_applicable",
    "later": "cli_later",
}
WORST_FIRST = (Outcome.FAILED, Outcome.BROKEN, Outcome.SKIPPED, Outcome.PASSED)
TWO_COLUMNS = 110
_NAME, _WORD, _TIME = 10, 9, 12


@dataclass(frozen=True, slots=True)
class StageRow:
    """`state`: an outcome, running or queued. `done` of `total` counts steps and the fractions of those under way."""

    stage: str
    state: str
    seconds: float | None
    done: float
    total: int
    note: str


def word(state: str, lang: str) -> str:
    """The state in words."""
    return text(WORDS[state], lang)


def stage_rows(look: Look, lang: str) -> list[StageRow]:
    """One row for each stage in the order of the run."""
    by_stage: dict[str, list[Step]] = {}
    for step in look.view.steps:
        by_stage.setdefault(step.spec.stage, []).append(step)
    return [_row(look, stage, steps, lang) for stage, steps in by_stage.items()]


def _row(look: Look, stage: str, steps: Sequence[Step], lang: str) -> StageRow:
    state = _state(steps)
    started = min((step.started_at for step in steps if step.started_at), default=None)
    ended = max((step.finished_at for step in steps if step.finished_at), default=None)
    seconds = seconds_between(started, look.now if state == "running" else ended)
    done = sum(_fraction(step, look.view.progress.get(step.spec.name, StepProgress())) for step in steps)
    return StageRow(stage, state, seconds, done, len(steps), note_of(look, stage, steps, state, lang))


def _state(steps: Sequence[Step]) -> str:
    outcomes = {step.result.outcome for step in steps if step.result}
    if all(step.result for step in steps):
        return next(outcome.value for outcome in WORST_FIRST if outcome in outcomes)
    begun = outcomes or any(step.state is StepState.RUNNING for step in steps)
    return "running" if begun else "queued"


def _fraction(step: Step, progress: StepProgress) -> float:
    if step.result:
        return 1.0
    return min(0.99, progress.done / progress.total) if progress.total else 0.0


def stage_lines(rows: Sequence[StageRow], face: Face) -> list[Text]:
    """One column, or two beside each other on a wide terminal once nothing moves any more."""
    moving = any(row.state in {"running", "queued"} for row in rows)
    cells = [_cell(row, face) for row in rows]
    if moving or face.width < TWO_COLUMNS:
        return cells
    half = -(-len(cells) // 2)
    width = max(cell.cell_len for cell in cells[:half])
    pairs = zip(cells[:half], [*cells[half:], Text()], strict=False)
    return [Text.assemble(a, " " * (width - a.cell_len + 4) if b else "", b, no_wrap=True) for a, b in pairs]


def _cell(row: StageRow, face: Face) -> Text:
    time = duration(row.seconds, face.lang) if row.seconds is not None else ""
    rest = f"   {row.note}" if row.note else ""
    if row.state == "running" and row.done:
        rest = f"   {bar(row.done, row.total)}{rest}"
    start = f" {left(row.stage, _NAME)}  {left(word(row.state, face.lang), _WORD)}{right(time, _TIME)}"
    return line(
        "  ", face.mark(row.state), start.rstrip() if not rest else start, (rest, "" if row.state == "failed" else "dim")
    )
