"""The nightly regression: one run for each registered design, with seeds of its own and the design's whole seed bank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pipeline.domain.canonical import canonical_json
from pipeline.domain.finding import Finding
from pipeline.domain.isolated import Isolated
from pipeline.domain.night import Design, Failure, Night, NightResult, Signature
from pipeline.domain.outcome import Outcome, Verdict
from pipeline.domain.policy import POLICIES
from pipeline.domain.run import Run, StageResult, Step, Submission
from pipeline.domain.seed_bank import BankedSeed
from pipeline.domain.verdict import TestpointRow, contradicted, decide
from pipeline.engine.designs import registered
from pipeline.engine.dossier import isolated_of, reproduce_lines
from pipeline.engine.finish import known_of
from pipeline.engine.nights import NightPlan
from pipeline.engine.services import Services
from pipeline.engine.submit import FIRST, try_publish
from pipeline.engine.windows import Schedule, deadline, due, epoch_of

UNLISTED = "N-001"
"""The rule of a failure that is counted, but of which no finding was kept."""


def keep_nights(services: Services, schedule: Schedule) -> int:
    """What a clock does whenever it looks: start what is due, collect what is decided. How many nights it started.

    Any number of clocks may look at any time: the database lets one of them start a night, and one settle a run.
    """
    nights, started = services.store.nights, 0
    window = due(schedule, datetime.fromisoformat(services.clock.now()))
    for tenant in nights.tenants():
        if window and nights.night(tenant, schedule.name, window) is None:
            started += start_night(services, tenant, schedule, window)
        settle(services, tenant, schedule.name)
    return started


def start_night(services: Services, tenant: str, schedule: Schedule, window: str) -> bool:
    """Start the night for every registered design; False when it was started already, or there is nothing to test."""
    designs, now = registered(services, tenant), services.clock.now()
    if not designs:
        return False
    last = deadline(schedule, window, datetime.fromisoformat(now)).isoformat(timespec="seconds")
    night = Night(tenant, schedule.name, window, epoch_of(window), now, last)
    plans = [_plan(services, design, night) for design in designs]
    started = services.store.nights.start(night, plans, FIRST)
    if started:
        try_publish(services)
    return started


def _plan(services: Services, design: Design, night: Night) -> NightPlan:
    """A run of the design's bytes. Its bank is a blob, named by the run, so that messages go on carrying ids only."""
    jobs = [
        [item.testpoint, item.seed] for item in services.store.nights.bank(design.tenant, design.name) if not item.reason
    ]
    bank = services.blobs(design.tenant).put(canonical_json(jobs)) if jobs else ""
    new, now = services.new_id, night.started_at
    submission = Submission(new(), design.tenant, design.name, design.archive, design.manifest, now)
    run = Run(new(), design.tenant, submission.id, design.policy, night.epoch, now, bank=bank)
    return NightPlan(design, submission, run, len(jobs))


def settle(services: Services, tenant: str, schedule: str) -> int:
    """Write down what runs found that have their verdict by now, and bank their failed seeds; how many runs."""
    count = 0
    for night in services.store.nights.unsettled(tenant, schedule):
        run = services.store.run(tenant, night.run_id)
        if run.verdict is not None:
            steps = services.store.steps(tenant, run.id)
            result, failed = result_of(services, run, run.verdict, steps), _failed_seeds(run.verdict, steps, night.window)
            count += services.store.nights.settle(tenant, schedule, night, result, failed, services.clock.now())
    return count


def result_of(services: Services, run: Run, verdict: Verdict, steps: Sequence[Step]) -> NightResult:
    """What a decided run found. A rejected one has at least one failure, also when no finding of it was kept."""
    blobs = services.blobs(run.tenant)
    results = {step.spec.name: step.result for step in steps if step.result}
    rows = decide(known_of(blobs, results).plan, results, POLICIES[run.policy]).rows
    show = f"assay show {run.number}"
    failures = _failures(_faults(verdict, steps), isolated_of(blobs, steps), str(run.number))
    if verdict is Verdict.REJECTED:
        told = {failure.place for failure in failures}
        failures += [Failure(row.id, UNLISTED, None, row.failed, show) for row in rows if row.failed and row.id not in told]
        failures = failures or [Failure("run", UNLISTED, None, 1, show)]
    return NightResult(verdict, tuple(failures), (*_passed_stages(steps), *_passed(rows)), _troubles(results))


def _faults(verdict: Verdict, steps: Sequence[Step]) -> list[tuple[str, Finding]]:
    """(stage, finding) of everything that speaks against the design; nothing does unless the run rejected it.

    What judges found counts for nothing once the same stimulus gave two results.
    """
    results = [(step.spec.stage, step.result) for step in steps if step.result]
    doubted = any(contradicted(result) for _, result in results)
    return [
        (stage, finding)
        for stage, result in results
        for finding in result.findings
        if finding.severity == "error" and finding.outcome is Outcome.FAILED
        if verdict is Verdict.REJECTED and not (doubted and stage == "judge")
    ]


def _failures(faults: Sequence[tuple[str, Finding]], isolated: Isolated | None, target: str) -> list[Failure]:
    """One for each place and rule; the finding that was isolated stands for its kind, for its line is the smallest."""
    grouped: dict[Signature, list[Finding]] = {}
    for stage, finding in faults:
        grouped.setdefault((finding.testpoint or stage, finding.rule), []).append(finding)
    lines = reproduce_lines(target, [finding for _, finding in faults], isolated)
    chosen = {signature: _smallest(found, isolated) for signature, found in grouped.items()}
    return [
        Failure(place, rule, one.seed, len(grouped[place, rule]), lines.get(one.id, f"assay show {target}"), dict(one.args))
        for (place, rule), one in chosen.items()
    ]


def _smallest(found: Sequence[Finding], isolated: Isolated | None) -> Finding:
    return next((finding for finding in found if isolated and finding.id == isolated.finding), found[0])


def _failed_seeds(verdict: Verdict, steps: Sequence[Step], window: str) -> list[BankedSeed]:
    return [
        BankedSeed(finding.testpoint, finding.seed, window, finding.rule)
        for _, finding in _faults(verdict, steps)
        if finding.testpoint and finding.seed is not None
    ]


def _passed(rows: Sequence[TestpointRow]) -> list[str]:
    return [row.id for row in rows if row.outcome is Outcome.PASSED]


def _passed_stages(steps: Sequence[Step]) -> list[str]:
    """Stages of which every step passed; a failure that names no testpoint is fixed when its stage passes."""
    outcomes: dict[str, set[Outcome | None]] = {}
    for step in steps:
        outcomes.setdefault(step.spec.stage, set()).add(step.result.outcome if step.result else None)
    return [stage for stage, found in outcomes.items() if found == {Outcome.PASSED}]


def _troubles(results: Mapping[str, StageResult]) -> tuple[tuple[str, str], ...]:
    broken = {name: result for name, result in results.items() if result.outcome is Outcome.BROKEN}
    return tuple((name, result.findings[0].rule if result.findings else "") for name, result in broken.items())
