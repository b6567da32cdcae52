"""The page as one frozen value: everything computed, nothing left for templates but loops and conditions."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.domain.canonical import sha256
from pipeline.domain.dossier import Dossier
from pipeline.domain.outcome import Verdict
from pipeline.messages import text
from pipeline.reports.banner import Banner, banner
from pipeline.reports.coverage import CoverageView, coverage_view
from pipeline.reports.decision import Rule, rule
from pipeline.reports.facts import Fact, environment_facts, item_facts, metric_facts, versions
from pipeline.reports.figures import Timeline
from pipeline.reports.findings import Findings, findings_view
from pipeline.reports.progress import StageCell, run_timeline, stage_cells
from pipeline.reports.readings import ReadingsView, readings_view
from pipeline.reports.testpoints import Matrix, matrix
from pipeline.reports.units import Moment, count, moment
from pipeline.reports.visible import short

_STATEMENTS = {
    Verdict.ACCEPTED: "report_statement_accepted",
    Verdict.REJECTED: "report_statement_rejected",
    Verdict.INCONCLUSIVE: "report_statement_inconclusive",
}


@dataclass(frozen=True, slots=True)
class Page:
    """One report in one language."""

    lang: str
    design: str
    submission: str
    policy: str
    number: str
    run_id: str
    finished: Moment
    banner: Banner
    stages: tuple[StageCell, ...]
    findings: Findings
    no_failures: str
    matrix: Matrix | None
    rule: Rule
    coverage: CoverageView | None
    readings: ReadingsView | None
    item: tuple[Fact, ...]
    environment: tuple[Fact, ...]
    versions: tuple[Fact, ...]
    metrics: tuple[Fact, ...]
    timeline: Timeline | None
    verdict_digest: str
    dossier_digest: str
    statement: str


def page_view(dossier: Dossier, data: bytes, lang: str) -> Page:
    """The page of `dossier`; `data` is report.json, whose digest the page prints."""
    policy = short(dossier.run.policy, 40)
    judged = sum(row.judged for row in dossier.decision.rows)
    return Page(
        lang=lang,
        design=short(dossier.design, 120),
        submission=short(dossier.submission.name),
        policy=policy,
        number=str(dossier.run.number),
        run_id=short(dossier.run.id, 64),
        finished=moment(dossier.run.finished_at),
        banner=banner(dossier, lang),
        stages=stage_cells(dossier, lang),
        findings=findings_view(dossier, lang),
        no_failures=text("report_no_failures" if judged else "report_nothing_judged", lang, seeds=count(judged)),
        matrix=matrix(dossier, lang),
        rule=rule(dossier, lang),
        coverage=coverage_view(dossier, lang),
        readings=readings_view(dossier.readings, lang),
        item=item_facts(dossier, lang),
        environment=environment_facts(dossier, lang),
        versions=versions(dossier),
        metrics=metric_facts(dossier.metrics, lang),
        timeline=run_timeline(dossier, lang),
        verdict_digest=dossier.verdict_digest,
        dossier_digest=sha256(data),
        statement=text(_STATEMENTS[dossier.decision.verdict], lang, policy=policy, design=short(dossier.design, 120)),
    )
