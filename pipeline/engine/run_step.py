"""Run one step: claim, work under a lease, commit with the fence, advance. Commit first, dispatch after."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StageResult
from pipeline.domain.verdict import contradicted
from pipeline.engine.advance import check_specs
from pipeline.engine.finish import proceed
from pipeline.engine.heartbeat import Heartbeat
from pipeline.engine.outcome import broken, broken_by, checked
from pipeline.engine.services import ATTEMPTS, Claim, Services, StepEnvironment, Workshop
from pipeline.engine.submit import try_publish
from pipeline.errors import AssayError, InfrastructureError, LeaseLost
from pipeline.ports import StageContext


class Done(StrEnum):
    """What became of one delivery of a step."""

    DROPPED = "dropped"  # not claimed: somebody else had it, it is done (a repeated message), or this process is stopping
    COMMITTED = "committed"
    RETRIED = "retried"  # broken, and it will be tried again
    LOST = "lost"  # the lease was lost meanwhile; the work was thrown away
    GIVEN_BACK = "given back"  # this process is stopping; the attempt does not count


def run_step(services: Services, run_id: str, step_id: str) -> Done:
    """Run the step if it is still to be run. Never raises for what a stage does; the store's own faults do raise."""
    workshop = services.workshop()
    if services.stop.is_set():
        services.maintenance.unpublish([step_id])  # somebody else may have it at once
        return Done.DROPPED
    environment = _environment(services, workshop)
    claim = services.maintenance.claim(run_id, step_id, services.limits.lease_s, environment, services.clock.now())
    if claim is None:
        return Done.DROPPED
    heartbeat = Heartbeat(services, claim.step.tenant, claim.step.id, claim.step.fence)
    try:
        with heartbeat:
            result = _attempt(services, workshop, claim, heartbeat)
    except BaseException:  # an interrupt: the next worker should not have to wait for the lease
        _give_back(services, claim)
        raise
    if heartbeat.stopped:
        _give_back(services, claim)
        return Done.GIVEN_BACK
    if heartbeat.expired:
        result = broken("P-005", {"limit_s": f"{services.limits.step_limit_s:g}"})
    done = Done.LOST if heartbeat.lost else _commit(services, workshop, claim, result)
    try_publish(services)
    return done


def _environment(services: Services, workshop: Workshop) -> StepEnvironment:
    tools = workshop.toolchain
    return StepEnvironment(services.worker, tools.digest, workshop.sandbox.level, tools.versions)


def _attempt(services: Services, workshop: Workshop, claim: Claim, heartbeat: Heartbeat) -> StageResult:
    prefix = f"{claim.step.id}-{claim.step.fence}-"
    try:
        services.work.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(prefix=prefix, dir=services.work, ignore_cleanup_errors=True) as work:
            context = _context(services, workshop, claim, Path(work), heartbeat)
            return checked(workshop.stages[claim.step.spec.stage].run(context))
    except Exception as error:  # noqa: BLE001 - whatever a stage raises is ours: BROKEN, tried again, kept for operators
        return broken_by(error, services.blobs(claim.step.tenant))


def _context(services: Services, workshop: Workshop, claim: Claim, work: Path, heartbeat: Heartbeat) -> StageContext:
    step = claim.step
    cache = services.cache / step.tenant
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    run = services.store.run(step.tenant, step.run_id)
    return StageContext(
        run=run,
        submission=services.store.submission(step.tenant, run.submission_id),
        step=step,
        evidence=claim.evidence,
        blobs=services.blobs(step.tenant),
        sandbox=workshop.sandbox,
        toolchain=workshop.toolchain,
        work=work,
        cache=cache,
        cancel=heartbeat.cancel,
        progress=heartbeat.progress,
    )


def _commit(services: Services, workshop: Workshop, claim: Claim, result: StageResult) -> Done:
    step, now = claim.step, services.clock.now()
    try:
        with services.store.transaction(step.tenant, step.run_id) as run:
            if result.outcome is Outcome.BROKEN and step.attempt < ATTEMPTS and not contradicted(result):
                run.retry(step.id, step.fence, result.reason, now, delay_s=services.limits.retry_delay_s)
                return Done.RETRIED
            check_specs(run.nodes(), result.next_steps, workshop.stages)
            run.finish(step.id, step.fence, result, now)
            run.add(result.next_steps)
            proceed(services, run, now)
    except LeaseLost:
        return Done.LOST
    except InfrastructureError as error:
        if error.rule != "P-004":
            raise  # the store's own trouble; only a plan that could never end is the stage's
        return _commit(services, workshop, claim, broken(error.rule, error.values))
    return Done.COMMITTED


def _give_back(services: Services, claim: Claim) -> None:
    step, now = claim.step, services.clock.now()
    with suppress(AssayError), services.store.transaction(step.tenant, step.run_id) as run:
        run.retry(step.id, step.fence, "worker stopped", now, delay_s=0.0, counted=False)
