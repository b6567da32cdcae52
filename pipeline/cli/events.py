"""One line an event, for pipes: ISO time, run, stage, outcome, key=value. English words: a machine may read them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from pipeline.cli.layout import plain, seconds_between
from pipeline.cli.look import Look
from pipeline.cli.testpoints import tally
from pipeline.domain.finding import Finding
from pipeline.domain.outcome import Outcome
from pipeline.domain.run import Step
from pipeline.engine.views import Event

COUNTED = ("passed", "failed", "broken", "skipped")


def event_line(event: Event, look: Look) -> str:
    """The line of an event; empty for those that say nothing new to people."""
    start = f"{event.time} {look.number}"
    if event.type == "assay.run.submitted":
        return f"{start} submitted policy={_word(str(event.data.get('policy', '')))}"
    if event.type == "assay.step.retried":
        return f"{start} {event.subject} retried reason={_word(str(event.data.get('reason', '')))}"
    if event.type == "assay.run.decided":
        counts = tally(look)
        numbers = " ".join(f"{name}={counts[name]}" for name in COUNTED)
        return f"{start} {event.data.get('verdict', '')} {numbers}"
    if event.type == "assay.step.done":
        step = next((step for step in look.view.steps if step.spec.name == event.subject), None)
        return " ".join([start, event.subject, str(event.data.get("outcome", "")), *(_of_step(step) if step else ())])
    return ""


def _of_step(step: Step) -> Iterator[str]:
    seconds = seconds_between(step.started_at, step.finished_at)
    if seconds is not None:
        yield f"{seconds:.1f}s"
    result = step.result
    if result is None or result.outcome is Outcome.PASSED:
        return
    faults = [finding for finding in result.findings if finding.severity == "error"]
    if faults:
        yield from _of_finding(faults[0])
    elif result.reason:
        yield f"reason={_word(result.reason)}"
    if len(faults) > 1:
        yield f"findings={len(faults)}"


def _of_finding(finding: Finding) -> Iterator[str]:
    if finding.testpoint:
        yield finding.testpoint
    yield f"rule={finding.rule}"
    if finding.seed is not None:
        yield f"seed=0x{finding.seed:016x}"
    if finding.location:
        yield f"at={_word(f'{finding.location.file}:{finding.location.line}')}"


def _word(text: str) -> str:
    return shlex.quote(plain(text, 200))
