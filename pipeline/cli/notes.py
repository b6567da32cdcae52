"""What is worth saying of a stage in a few words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.cli.layout import percent, plain
from pipeline.cli.look import Look
from pipeline.domain.run import Step
from pipeline.messages import text

_LONGEST = 60


def note_of(look: Look, stage: str, steps: Sequence[Step], state: str, lang: str) -> str:
    """The stage's own figures when it has some; why it did not pass when it did not."""
    reason = next((step.result.reason for step in steps if step.result and step.result.reason), "")
    if state in {"skipped", "broken"} and reason:
        return plain(reason, _LONGEST)
    known = _NOTES.get(stage)
    return known(look, steps, lang) if known else _findings(steps, state, lang)


def _sum(steps: Sequence[Step], name: str) -> float:
    return sum(step.result.metrics.get(name, 0.0) for step in steps if step.result)


def _findings(steps: Sequence[Step], state: str, lang: str) -> str:
    if state in {"queued", "running"}:
        return ""
    count = sum(len(step.result.findings) for step in steps if step.result)
    return text("cli_note_finding", lang) if count == 1 else text("cli_note_findings", lang, count=count)


def _intake(look: Look, _steps: Sequence[Step], lang: str) -> str:
    planned = [row for row in look.decision.rows if row.state == "planned"]
    if not planned:
        return ""
    return text("cli_note_plan", lang, testpoints=len(planned), seeds=f"{sum(row.planned for row in planned):,}")


def _build(_look: Look, steps: Sequence[Step], lang: str) -> str:
    return text("cli_note_cached", lang) if _sum(steps, "cached") else ""


def _simulate(_look: Look, steps: Sequence[Step], lang: str) -> str:
    cycles = _sum(steps, "cycles")
    return text("cli_note_cycles", lang, cycles=f"{cycles:,.0f}") if cycles else ""


def _judge(_look: Look, steps: Sequence[Step], lang: str) -> str:
    counts = [count for step in steps if step.result for count in step.result.testpoints]
    judged, failed = sum(count.judged for count in counts), sum(count.failed for count in counts)
    return text("cli_note_judged", lang, judged=f"{judged:,}", failed=f"{failed:,}") if counts else ""


def _coverage(look: Look, _steps: Sequence[Step], lang: str) -> str:
    measured = [item for item in look.decision.criteria if item.measured is not None]
    return " ".join(text("cli_note_lines", lang, percent=percent(item.measured or 0.0, item.required)) for item in measured)


def _isolate(_look: Look, steps: Sequence[Step], lang: str) -> str:
    whole = _sum(steps, "isolate_of_operations")
    kept = f"{_sum(steps, 'isolate_operations'):,.0f}"
    return text("cli_note_isolated", lang, kept=kept, of=f"{whole:,.0f}") if whole else ""


_NOTES: dict[str, Callable[[Look, Sequence[Step], str], str]] = {
    "intake": _intake,
    "build": _build,
    "simulate": _simulate,
    "judge": _judge,
    "coverage": _coverage,
    "isolate": _isolate,
}
