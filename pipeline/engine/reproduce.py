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
from pipeline.stages.judge import judge_again
from pipeline.stages.rerun import rerun
from pipeline.stages.simulate import simulate_batch
from pipeline.stages.verilate import Waves
from verif.records.record import Record
from verif.testplan.plan import Plan
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
    ops: tuple[int, ...] = (),
    prefix: bool = False,
    waves: bool = False,
    out: Path,
) -> Reproduction:
    """Run one job of a stored run (`run_id`), or of an archive that intake and gate accept, and judge it.

    `ops`: only these of its operations, all when empty. `prefix`: after the jobs that run before it in its batch, of which
    nothing is told. See `rerun` for power-up testpoints. Raises UsageError U-930 when the plan has no such job, U-931 when
    intake or gate refuse the archive, U-932 when the job has no such operations.
    """
    services.work.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=services.work, prefix="repro-", ignore_cleanup_errors=True) as work:
        if run_id is not None:
            run = services.store.run(tenant, run_id)
            context = _context(services, run, services.store.submission(tenant, run.submission_id), Path(work))
            context = replace(context, evidence=_stored(services, run))
        else:
            context = prepared(services, tenant, archive or b"", manifest, Path(work))
        if "plan" not in context.evidence.get("intake", {}) or "ports" not in context.evidence.get("gate", {}):
            raise UsageError("U-930", testpoint=testpoint, seed=f"0x{seed:016x}")
        plan = rerun(Plan.from_json(context.read("intake", "plan")), testpoint, seed, ops, prefix=prefix)
        return _reproduce(context, plan, f"{testpoint}-{seed:016x}", waves=waves, out=out)


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


def prepared(services: Services, tenant: str, archive: bytes, manifest: str, work: Path) -> StageContext:
    """A context in the empty folder `work`, after intake and gate have passed over the archive; UsageError U-931."""
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


def _reproduce(context: StageContext, plan: Plan, name: str, *, waves: bool, out: Path) -> Reproduction:
    batch = plan.batches[0]
    again = simulate_batch(context, plan, batch, Waves.ALL if waves else Waves.NONE)
    judged = judge_again(context, plan, batch, again.stimulus, again.records)
    job, failed = batch.jobs[-1], bool(judged.rules[-1])
    seeds = {job.seed, *batch.powerup_seeds} if job.testpoint == POWER_UP else {job.seed}
    findings = tuple(one for one in judged.findings if one.testpoint == job.testpoint and one.seed in seeds)
    outcome = Outcome.FAILED if failed else Outcome.PASSED
    return Reproduction(outcome, findings, _cycles(again.records), _kept(again.waves, out, name))


def _cycles(records: Mapping[int, bytes]) -> int:
    return sum(int(Record.unpack(data).job["end"].max()) for data in records.values())


def _kept(file: Path | None, out: Path, name: str) -> Path | None:
    if file is None:
        return None
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{name}.vcd"
    shutil.copyfile(file, target)
    return target
