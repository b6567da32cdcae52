"""The `intake` stage: a submission's bytes become a tree of files, its manifest a contract, and the contract a plan."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.domain.canonical import canonical_json, sha256
from pipeline.domain.finding import Finding
from pipeline.domain.outcome import Outcome
from pipeline.domain.policy import POLICIES
from pipeline.domain.run import StageResult, StepSpec
from pipeline.errors import InfrastructureError
from pipeline.ports import SandboxJob, SandboxResult, StageContext
from pipeline.stages.archive import ArchiveError, pack_tree, read_archive
from pipeline.stages.build import CAPS
from pipeline.stages.outputs import plain, unpack_tree
from pipeline.stages.planned import read_planned
from pipeline.stages.verilate import TREE
from verif.jobs.plan import BANK
from verif.testplan.plan import Plan

OUT = "planned"
WALL_S = 120.0
_SHOWN = 5


class IntakeStage:
    """Takes a submission in. Malformed packages and manifests are FAILED, everything wrong with them at once."""

    name = "intake"

    def run(self, context: StageContext) -> StageResult:
        """PASSED with evidence `tree`, `plan` and `contract` and the steps of the run, or FAILED.

        Raises:
            InfrastructureError: P-501 the manifest could not be examined, P-502 what the examination left makes no sense.
        """
        manifest = context.submission.manifest
        try:
            files = read_archive(context.blobs.get(context.submission.archive), manifest)
        except ArchiveError as error:
            return StageResult(Outcome.FAILED, error.findings)
        packed = pack_tree(files)
        tree = context.write("tree", packed, "application/x-tar")
        metrics = {"submitted_files": float(len(files)), "submitted_bytes": float(sum(map(len, files.values())))}
        if manifest not in files:
            return StageResult(Outcome.FAILED, (_no_manifest(manifest, files),), (tree,), metrics=metrics)
        folder = _examine(context, packed)
        if folder is None:
            finding = Finding("I-024", Outcome.FAILED, args={"limit_s": f"{WALL_S:.0f}", "manifest": manifest})
            return StageResult(Outcome.FAILED, (finding,), (tree,), metrics=metrics)
        found = read_planned(context, folder, files[manifest])
        if found.plan is None:
            return StageResult(Outcome.FAILED, found.findings, (tree,), metrics=metrics)
        contract = dict(found.contract) | {"manifest_sha256": sha256(files[manifest])}
        evidence = (
            tree,
            context.write("plan", found.plan.to_json(), "application/json"),
            context.write("contract", canonical_json(contract), "application/json"),
        )
        steps = next_steps(found.plan, found.contract)
        return StageResult(Outcome.PASSED, found.findings, evidence, metrics=metrics, next_steps=steps)


def _examine(context: StageContext, packed: bytes) -> Path | None:
    """Run the plan job in the sandbox, and once more when a cap ended it. What it wrote to; None when a cap ended it twice.

    Raises:
        InfrastructureError: P-501 every other end without success.
    """
    for attempt in range(2):
        work = context.work / f"attempt-{attempt}"
        result = _plan_job(context, packed, work)
        if result.ok:
            return work / OUT
        if result.cause not in CAPS:
            raise InfrastructureError("P-501", cause=result.cause, code=result.code, log=plain(result.log))
    return None


def _plan_job(context: StageContext, packed: bytes, work: Path) -> SandboxResult:
    unpack_tree(packed, work / TREE)
    if context.run.bank:
        (work / BANK).write_bytes(context.blobs.get(context.run.bank))
    policy, tools = POLICIES[context.run.policy], context.toolchain
    asked = (policy.name, str(policy.random_seeds), str(context.run.epoch), *policy.milestones)
    argv = (tools.python, "-m", "verif.jobs.plan", TREE, context.submission.manifest, OUT, *asked)
    job = SandboxJob(argv, work, tools.reads, tools.env, wall_s=WALL_S, cpu_s=int(WALL_S) + 1)
    return context.sandbox.run(job, context.cancel)


def _no_manifest(manifest: str, files: Mapping[str, bytes]) -> Finding:
    """What was looked for, and what stands nearby: manifests by suffix first, else whatever is called alike."""
    others = [name for name in files if PurePosixPath(name).suffix == ".toml"]
    near = get_close_matches(manifest, others, len(others), 0.0) if others else sorted(files)
    args = {"manifest": plain(manifest.encode()), "found": ", ".join(near[:_SHOWN])}
    return Finding("I-020" if others else "I-022", Outcome.FAILED, args=args)


def next_steps(plan: Plan, contract: Mapping[str, Any]) -> tuple[StepSpec, ...]:
    """The steps of a run: gate, lint, build, and for every batch simulate and judge; coverage when all are simulated.

    Isolate comes last, whatever the judges said. The submitter's own tests are a step beside all that, or, of an opaque
    design, instead of it.
    """
    checks = (StepSpec("gate", needs=("intake",)), StepSpec("lint", needs=("gate",)))
    own = (StepSpec("selftest", needs=("gate",)),) if contract["selftest"] else ()
    if contract["profile"] == "opaque":
        return (*checks, *own, StepSpec("coverage", needs=("selftest",)))
    simulations = [StepSpec("simulate", batch.index, ("build",)) for batch in plan.batches]
    judges = [StepSpec("judge", spec.index, (spec.name,)) for spec in simulations]
    judged = tuple(spec.name for spec in judges)
    return (
        *checks,
        StepSpec("build", needs=("gate",)),
        *simulations,
        *judges,
        StepSpec("coverage", needs=tuple(spec.name for spec in simulations) or ("build",)),
        StepSpec("isolate", needs=("build",), after=judged),
        *own,
    )
