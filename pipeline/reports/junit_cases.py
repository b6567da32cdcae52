"""The test cases of a run for JUnit's readers: the verdict, every step, every testpoint, each with what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.domain.dossier import Dossier
from pipeline.domain.finding import Finding
from pipeline.domain.outcome import Outcome, Verdict
from pipeline.domain.run import Step
from pipeline.domain.verdict import TestpointRow
from pipeline.messages import text
from pipeline.reports.banner import banner
from pipeline.reports.machine import block, clean, told, told_together
from pipeline.reports.reasons import reason
from pipeline.reports.units import count, seconds_between
from pipeline.reports.words import states

Kind = Literal["", "failure", "error", "skipped"]
_VERDICTS: dict[Verdict, Kind] = {Verdict.ACCEPTED: "", Verdict.REJECTED: "failure", Verdict.INCONCLUSIVE: "error"}
_OUTCOMES: dict[Outcome, Kind] = {
    Outcome.PASSED: "",
    Outcome.FAILED: "failure",
    Outcome.BROKEN: "error",
    Outcome.SKIPPED: "skipped",
}
_STATES: dict[str, Kind] = {"passed": "", "failed": "failure", "broken": "error"}


@dataclass(frozen=True, slots=True)
class Case:
    """One test case. `kind` is empty for a pass; `type`, `message` and `body` say why it is none. `seconds` None: unknown.

    `failure` is the design's, `error` ours or the verdict left open, `skipped` not asked for or not run.
    """

    name: str
    kind: Kind
    type: str = ""
    message: str = ""
    body: str = ""
    seconds: float | None = None
    output: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """Test cases under one name."""

    name: str
    cases: tuple[Case, ...]


def suites(dossier: Dossier, lang: str) -> tuple[Suite, ...]:
    """The verdict first, so that whatever is not ACCEPTED has a failure or an error; then steps, then families."""
    families: dict[str, list[Case]] = {}
    for row, state in zip(dossier.decision.rows, states(dossier), strict=True):
        families.setdefault(row.id.split("-", 1)[0], []).append(_testpoint(row, state, dossier, lang))
    return (
        Suite("verdict", (_verdict(dossier, lang),)),
        Suite("stages", tuple(_step(step, dossier, lang) for step in dossier.steps)),
        *(Suite(clean(name, 40), tuple(cases)) for name, cases in families.items()),
    )


def _verdict(dossier: Dossier, lang: str) -> Case:
    verdict = dossier.decision.verdict
    sentences = [clean(sentence, 600) for sentence in banner(dossier, lang).sentences]
    told_ = "\n".join(sentences)
    name = text("export_verdict", lang, policy=clean(dossier.run.policy, 40))
    seconds = seconds_between(dossier.run.created_at, dossier.run.finished_at)
    if kind := _VERDICTS[verdict]:
        return Case(name, kind, verdict.value, sentences[0] if sentences else verdict.value, told_, seconds)
    return Case(name, kind, seconds=seconds, output=told_)


def _step(step: Step, dossier: Dossier, lang: str) -> Case:
    name, seconds = clean(step.spec.name, 60), seconds_between(step.started_at, step.finished_at)
    if step.result is None:
        return Case(name, "skipped", "open", text("export_not_run", lang), seconds=seconds)
    kind, outcome = _OUTCOMES[step.result.outcome], step.result.outcome.value
    if not kind:
        return Case(name, kind, seconds=seconds)
    rows = {row.id for row in dossier.decision.rows}
    own = [item for item in _errors(step.result.findings) if item.testpoint not in rows]
    reasons = [clean(step.result.reason, 300), *(told(item, dossier, lang).title for item in own[:1])]
    message = next((why for why in reasons if why), text("export_see_testpoints", lang))
    body = "\n\n".join(part for part in (block(step.result.reason), told_together(own, dossier, lang)) if part)
    return Case(name, kind, clean(own[0].rule, 20) if own else outcome, message, body, seconds)


def _testpoint(row: TestpointRow, state: str, dossier: Dossier, lang: str) -> Case:
    name, kind = f"{clean(row.id, 40)} {clean(row.title, 120)}".rstrip(), _STATES.get(state, "skipped")
    counts = _counts(row, lang) if row.state == "planned" else ""
    if not kind:
        return Case(name, kind, output=counts)
    why = clean(reason(row.reason, lang), 300)
    if kind == "skipped":
        return Case(name, kind, state, why or text("export_not_run", lang))
    own = [item for item in _errors(dossier.findings) if item.testpoint == row.id]
    own.sort(key=lambda item: item.outcome.value != state)
    title = told(own[0], dossier, lang).title if own else why or counts
    body = "\n\n".join(part for part in (counts, why, told_together(own, dossier, lang)) if part)
    return Case(name, kind, clean(own[0].rule, 20) if own else state, title, body)


def _errors(findings: Iterable[Finding]) -> list[Finding]:
    return [item for item in findings if item.severity == "error"]


def _counts(row: TestpointRow, lang: str) -> str:
    numbers: Sequence[int] = (row.planned, row.executed, row.judged, row.failed, row.checks)
    names = ("planned", "executed", "judged", "failed", "checks")
    return text("export_counts", lang, **dict(zip(names, map(count, numbers), strict=True)))
