"""The verdict in a word, why in a sentence or two, and the figures that it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.domain.dossier import Dossier
from pipeline.domain.outcome import Outcome, Verdict
from pipeline.domain.run import Step
from pipeline.domain.verdict import Criterion, own_oracle
from pipeline.messages import message, text
from pipeline.reports.units import count, percent
from pipeline.reports.visible import short
from pipeline.reports.words import Mark, states, verdict_mark

_NAMED = 6
_STEPS_NAMED = 3


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A figure with its label; `rest` is what it is measured against."""

    label: str
    value: str
    rest: str


@dataclass(frozen=True, slots=True)
class Banner:
    """What a reader must know who reads nothing else."""

    mark: Mark
    sentences: tuple[str, ...]
    figures: tuple[KeyFigure, ...]
    certifiable: bool


def banner(dossier: Dossier, lang: str) -> Banner:
    """The banner. The verdict is the decision's, which is recomputed from committed results."""
    verdict = dossier.decision.verdict
    reasons = {Verdict.ACCEPTED: _accepted, Verdict.REJECTED: _rejected, Verdict.INCONCLUSIVE: _open}[verdict]
    return Banner(
        verdict_mark(dossier, lang),
        (*reasons(dossier, lang), *_fitted(dossier, lang)),
        _figures(dossier, lang),
        dossier.environment.sandbox_level > 0,
    )


def _fitted(dossier: Dossier, lang: str) -> Iterator[str]:
    if dossier.fitted:
        more = len(dossier.fitted) - _NAMED
        names = ", ".join(short(fact, 80) for fact in dossier.fitted[:_NAMED]) + (", .." if more > 0 else "")
        yield text("report_fitted_less", lang, facts=names)


def _figures(dossier: Dossier, lang: str) -> tuple[KeyFigure, ...]:
    rows, known = dossier.decision.rows, states(dossier)
    planned = sum(row.state == "planned" for row in rows)
    seeds, judged = sum(row.planned for row in rows), sum(row.judged for row in rows)
    return (
        KeyFigure(text("report_fig_testpoints", lang), count(known.count("passed")), f"/ {count(planned)}"),
        KeyFigure(text("report_fig_seeds", lang), count(judged), f"/ {count(seeds)}"),
        KeyFigure(text("report_fig_checks", lang), count(sum(row.checks for row in rows)), ""),
        *(_criterion(item, lang) for item in dossier.decision.criteria),
    )


def _criterion(item: Criterion, lang: str) -> KeyFigure:
    label, required = criterion_name(item, lang), f"≥ {percent(item.required)}"
    measured = text("report_not_measured", lang) if item.measured is None else percent(item.measured, item.required)
    return KeyFigure(label, measured, required)


def criterion_name(item: Criterion, lang: str) -> str:
    """The criterion in words; its id when there are none for it."""
    return text("report_line_coverage", lang) if item.id == "line_coverage" else short(item.id, 60)


def _accepted(dossier: Dossier, lang: str) -> Iterator[str]:
    rows = [row for row in dossier.decision.rows if row.state == "planned"]
    yield text(
        "report_why_accepted_own" if own_oracle(dossier.decision.rows) else "report_why_accepted",
        lang,
        policy=dossier.run.policy,
        planned=count(len(rows)),
        seeds=count(sum(row.judged for row in rows)),
        checks=count(sum(row.checks for row in rows)),
    )


def _rejected(dossier: Dossier, lang: str) -> Iterator[str]:
    rows, known = dossier.decision.rows, states(dossier)
    failed = [short(row.id, 20) for row, state in zip(rows, known, strict=True) if state == "failed"]
    planned = count(sum(row.state == "planned" for row in rows))
    if failed:
        more = len(failed) - _NAMED
        key = "report_why_failed_more" if more > 0 else "report_why_failed"
        names = ", ".join(failed[:_NAMED])
        yield text(key, lang, failed=count(len(failed)), planned=planned, names=names, more=count(max(0, more)))
    else:
        yield from (_stage_failed(step, lang) for step in _steps(dossier, Outcome.FAILED))
    yield from _unjudged(dossier, lang)


def _open(dossier: Dossier, lang: str) -> Iterator[str]:
    for step in _steps(dossier, Outcome.BROKEN):
        yield text("report_why_broken", lang, stage=step.spec.name)
    yield from _unjudged(dossier, lang)
    for item in dossier.decision.criteria:
        if not item.met:
            yield _missed(item, dossier.run.policy, lang)
    if not dossier.decision.rows:
        yield text("report_why_no_plan", lang)
    elif not any(row.state == "planned" for row in dossier.decision.rows):
        yield text("report_why_nothing_planned", lang, policy=dossier.run.policy)
    elif not states(dossier).count("skipped"):
        for step in _steps(dossier, Outcome.SKIPPED):
            yield text("report_why_skipped", lang, stage=step.spec.name)


def _unjudged(dossier: Dossier, lang: str) -> Iterator[str]:
    known, planned = states(dossier), count(sum(row.state == "planned" for row in dossier.decision.rows))
    if broken := known.count("broken"):
        yield text("report_why_unjudged", lang, count=count(broken), planned=planned)
    if skipped := known.count("skipped"):
        yield text("report_why_not_run", lang, count=count(skipped), planned=planned)


def _missed(item: Criterion, policy: str, lang: str) -> str:
    name, required = criterion_name(item, lang), percent(item.required)
    if item.measured is None:
        return text("report_why_unmeasured", lang, criterion=name, policy=policy, required=required)
    measured = percent(item.measured, item.required)
    return text("report_why_below", lang, criterion=name, policy=policy, required=required, measured=measured)


def _steps(dossier: Dossier, outcome: Outcome) -> list[Step]:
    return [step for step in dossier.steps if step.result and step.result.outcome is outcome][:_STEPS_NAMED]


def _stage_failed(step: Step, lang: str) -> str:
    findings = step.result.findings if step.result else ()
    first = next((item for item in findings if item.severity == "error"), None)
    if first is None:
        return text("report_why_stage", lang, stage=step.spec.name)
    title = short(message(first.rule, first.args, lang).title, 120)
    return text("report_why_stage_finding", lang, stage=step.spec.name, title=title)
