"""Reproduce one failing seed: the same stages over one job, with waves when asked. Writes nothing to the store."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.domain.evidence import Evidence
from pipeline.domain.finding import Finding
from pipeline.domain.outcome import Outcome
from pipeline.domain.run import Run, Step, StepSpec, StepState, Submission
from pipeline.engine.services import Services
from pipeline.errors import UsageError
from pipeline.ports import StageContext
from pipeline.stages.judge import judge_batch
from pipeline.stages.simulate import simulate_batch
from verif.testplan.plan import Batch, Job, Plan
from verif.testplan.select import POWER_UP

PREPARED = ("intake", "gate")
_Found = Mapping[str, Mapping[str, Evidence]]


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What one job did when run alone. `cycles` simulated; `waves` the VCD file in the output folder, if asked for."""

    outcome: Outcome
    findings: tuple[Finding, ...]
    cycles: int
    waves: Path | None


def reproduce(
    services: Services,
    tenant: str,
    *,
    run_id: str | None = None,
    archive: bytes | None = None,
    manifest: str = "assay.toml",
    testpoint: str,
    seed: int,
    waves: bool = False,
    out: Path,
) -> Reproduction:
    """Run one job of a stored run (`run_id`), or of an archive that intake and gate accept, and judge it.

    A power-up testpoint (RST-01) is run under `seed` and under the plan's first other power-up seed, because its fault is a
    difference. Raises UsageError U-930 when the plan has no such job, U-931 when intake or gate refuse the archive.
    """
    services.work.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=services.work, prefix="repro-", ignore_cleanup_errors=True) as work:
        if run_id is not None:
            run = services.store.run(tenant, run_id)
            context = _context(services, run, services.store.submission(tenant, run.submission_id), Path(work))
            context = replace(context, evidence=_stored(services, run))
        else:
            context = _prepared(services, tenant, archive or b"", manifest, Path(work))
        return _reproduce(context, testpoint, seed, waves=waves, out=out)


def _stored(services: Services, run: Run) -> _Found:
    steps = services.store.steps(run.tenant, run.id)
    results = {step.spec.name: step.result for step in steps if step.result is not None}
    return {name: {item.role: item for item in result.evidence} for name, result in results.items()}


def _context(services: Services, run: Run, submission: Submission, work: Path) -> StageContext:
    workshop, cache = services.workshop(), services.cache / run.tenant
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    return StageContext(
        run=run,
        submission=submission,
        step=Step("repro", run.id, run.tenant, 0, StepSpec("repro"), StepState.RUNNING, 1, 1),
        evidence={},
        blobs=services.blobs(run.tenant),
        sandbox=workshop.sandbox,
        toolchain=workshop.toolchain,
        work=work,
        cache=cache,
        cancel=threading.Event(),
        progress=lambda _done, _total: None,
    )


def _prepared(services: Services, tenant: str, archive: bytes, manifest: str, work: Path) -> StageContext:
    """The context after intake and gate have passed over the archive."""
    digest, now = services.blobs(tenant).put(archive), services.clock.now()
    submission = Submission("repro", tenant, "repro", digest, manifest, now)
    context = _context(services, Run("repro", tenant, "repro", "core-1", 0, now), submission, work)
    stages = services.workshop().stages
    for name in PREPARED:
        (work / name).mkdir()
        result = stages[name].run(replace(context, work=work / name))
        if result.outcome is not Outcome.PASSED:
            raise UsageError("U-931", stage=name, rule=next((f.rule for f in result.findings if f.severity == "error"), ""))
        context = replace(context, evidence={**context.evidence, name: {item.role: item for item in result.evidence}})
    return context


def _reproduce(context: StageContext, testpoint: str, seed: int, *, waves: bool, out: Path) -> Reproduction:
    if "plan" not in context.evidence.get("intake", {}) or "ports" not in context.evidence.get("gate", {}):
        raise UsageError("U-930", testpoint=testpoint, seed=f"0x{seed:016x}")
    plan = single_job(Plan.from_json(context.read("intake", "plan")), testpoint, seed)
    batch = plan.batches[0]
    records: dict[int, bytes] = {}
    stimulus, file = b"", None
    for number, powerup in enumerate(batch.powerup_seeds):
        one = replace(batch, powerup_seeds=(powerup,))
        folder = context.work / f"seed{number}"
        folder.mkdir()
        replay = simulate_batch(replace(context, work=folder), plan, one, waves=waves)
        records[powerup], stimulus = replay.record, replay.stimulus
        file = file or replay.waves
    result = judge_batch(context, plan, batch, stimulus, records)
    return Reproduction(result.outcome, result.findings, _cycles(records), _kept(file, out, testpoint, seed))


def single_job(plan: Plan, testpoint: str, seed: int) -> Plan:
    """The plan cut down to one job of its own; raises UsageError U-930 when it has no such job."""
    for batch in plan.batches:
        for job in batch.jobs:
            if job.testpoint == testpoint == POWER_UP and seed in batch.powerup_seeds:
                other = next(known for known in batch.powerup_seeds if known != seed)
                return replace(plan, batches=(Batch(0, (job,), (seed, other)),))
            if job == Job(testpoint, seed):
                return replace(plan, batches=(Batch(0, (job,), batch.powerup_seeds[:1]),))
    raise UsageError("U-930", testpoint=testpoint, seed=f"0x{seed:016x}")


def _cycles(records: Mapping[int, bytes]) -> int:
    from verif.records.record import Record

    return sum(int(Record.unpack(data).job["end"].max()) for data in records.values())


def _kept(file: Path | None, out: Path, testpoint: str, seed: int) -> Path | None:
    if file is None:
        return None
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{testpoint}-{seed:016x}.vcd"
    shutil.copyfile(file, target)
    return target
