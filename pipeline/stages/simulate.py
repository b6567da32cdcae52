"""The `simulate` stage: stimulus in one sandbox, the model in others, once per power-up seed. It judges nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.domain.evidence import Evidence
from pipeline.domain.finding import Finding
from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StageResult
from pipeline.errors import InfrastructureError, UsageError
from pipeline.ports import SandboxJob, SandboxResult, StageContext
from pipeline.stages.build import build_model
from pipeline.stages.outputs import plain, read_output, unpack_tree
from pipeline.stages.simulator import MODEL_STOPPED, WAVES, Execution, Inputs, execute
from pipeline.stages.verilate import TREE, Waves
from verif.jobs.stimulus import NO_SUCH_OPERATION
from verif.testplan.plan import Batch, Plan

WALL_S = 300.0
_MAX_STIMULUS = 1 << 30
_STIMULUS_WALL_S = 300.0


@dataclass(frozen=True, slots=True)
class Replay:
    """One batch simulated again: stimulus, record by power-up seed, and the waves (VCD) of the first seed when asked for."""

    stimulus: bytes
    records: Mapping[int, bytes]
    waves: Path | None


@dataclass(frozen=True, slots=True)
class _Done:
    """A process that left a whole record and its coverage in `folder`."""

    folder: Path
    record: bytes
    coverage: bytes
    execution: Execution


class _StoppedError(Exception):
    """The design kept the simulator from finishing, twice."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.rule)
        self.finding = finding


class SimulateStage:
    """Runs batch number `step.spec.index` of the plan; `wall_s` is the most one simulator process may take."""

    name = "simulate"

    def __init__(self, wall_s: float = WALL_S) -> None:
        self.wall_s = wall_s

    def run(self, context: StageContext) -> StageResult:
        """PASSED with evidence `stimulus`, and per power-up seed `record-<seed>` and `coverage-<seed>`; FAILED on a hang.

        Raises:
            InfrastructureError: P-301 no record was left, P-302 no shared libpython, P-303 the stimulus could not be made.
        """
        plan = Plan.from_json(context.read("intake", "plan"))
        batch = plan.batches[context.step.spec.index]
        inputs = _inputs(context, plan, batch, context.read("build", "model"), context.work)
        evidence = [context.write("stimulus", (inputs.folder / inputs.stimulus).read_bytes())]
        metrics = {"cycles": 0.0, "sim_wall_s": 0.0, "sim_cpu_s": 0.0}
        for number, seed in enumerate(batch.powerup_seeds):
            context.progress(number, len(batch.powerup_seeds))
            try:
                done = _run_twice(context, inputs, seed, wall_s=self.wall_s)
            except _StoppedError as stop:
                return StageResult(Outcome.FAILED, (stop.finding,), tuple(evidence), metrics=metrics)
            evidence += _evidence(context, seed, done)
            metrics["cycles"] += done.execution.cycles
            metrics["sim_wall_s"] += done.execution.result.wall_s
            metrics["sim_cpu_s"] += done.execution.result.cpu_s
        return StageResult(Outcome.PASSED, evidence=tuple(evidence), metrics=metrics)


def simulate_batch(context: StageContext, plan: Plan, batch: Batch, waves: Waves = Waves.NONE) -> Replay:
    """Build (with waves under a cache key of their own) and `replay`. Needs the evidence of intake and gate."""
    built = build_model(context, context.work / "build", waves)
    if built.findings:
        raise InfrastructureError("P-304", rule=built.findings[0].rule)
    return replay(context, plan, batch, built.model, waves=bool(waves))


def replay(
    context: StageContext, plan: Plan, batch: Batch, model: bytes, *, waves: bool = False, wall_s: float = WALL_S
) -> Replay:
    """Run one batch under all its power-up seeds on a model. For failures: `batch` need not be one of the plan's own.

    Writes below `context.work`, which must be new. Raises `InfrastructureError` as the stage does, and P-304 when the design
    keeps the simulator from finishing.
    """
    inputs = _inputs(context, plan, batch, model, context.work)
    done: dict[int, _Done] = {}
    for seed in batch.powerup_seeds:
        try:
            done[seed] = _run_twice(context, inputs, seed, wall_s=wall_s, waves=waves and not done)
        except _StoppedError as stop:
            raise InfrastructureError("P-304", rule=stop.finding.rule) from None
    file = done[batch.powerup_seeds[0]].folder / WAVES
    records = {seed: one.record for seed, one in done.items()}
    return Replay((inputs.folder / inputs.stimulus).read_bytes(), records, file if waves and file.is_file() else None)


def _inputs(context: StageContext, plan: Plan, batch: Batch, model: bytes, work: Path) -> Inputs:
    """The simulator's read-only folder: the model and the stimulus of `batch`."""
    inputs = Inputs(work / "inputs")
    inputs.folder.mkdir()
    (inputs.folder / inputs.model).write_bytes(model)
    (inputs.folder / inputs.model).chmod(0o555)
    (inputs.folder / inputs.stimulus).write_bytes(_stimulus(context, plan, batch, work / "stimulus"))
    return inputs


def _stimulus(context: StageContext, plan: Plan, batch: Batch, work: Path) -> bytes:
    """Make the stimulus file in a sandbox of its own, where no code of the design runs."""
    unpack_tree(context.read("intake", "tree"), work / TREE)
    (work / "plan.json").write_bytes(plan.to_json())
    tools = context.toolchain
    manifest = f"{TREE}/{context.submission.manifest}"
    argv = (tools.python, "-m", "verif.jobs.stimulus", manifest, "plan.json", str(batch.index), "stimulus.bin")
    result = context.sandbox.run(SandboxJob(argv, work, tools.reads, tools.env, wall_s=_STIMULUS_WALL_S), context.cancel)
    data = read_output(work, "stimulus.bin", _MAX_STIMULUS)
    if result.cause == "exited" and result.code == NO_SUCH_OPERATION:
        raise UsageError("U-932", reason=plain(result.log, 300))
    if not result.ok or data is None:
        raise InfrastructureError("P-303", cause=result.cause, code=result.code, log=plain(result.log))
    return data


def _run_twice(context: StageContext, inputs: Inputs, seed: int, *, wall_s: float, waves: bool = False) -> _Done:
    """Run the model, and once more when it left no record. Only the record file counts, however the process ended.

    Raises:
        _StoppedError: both runs ended in the same cap, or in a model that stopped itself: the design's fault.
        InfrastructureError: P-301 for every other end without a record.
    """
    ends = []
    for attempt in range(2):
        folder = context.work / f"run-{seed}-{attempt}"
        done = execute(context, inputs, folder, seed, wall_s=wall_s, waves=waves)
        if done.record is not None and done.coverage is not None:
            return _Done(folder, done.record, done.coverage, done)
        ends.append(done.result)
    rules = [_rule(end) for end in ends]
    if rules[0] and rules[0] == rules[1]:
        args = {"wall_s": f"{wall_s:.0f}", "log": plain(ends[1].log, 1000)}
        raise _StoppedError(Finding(rules[0], Outcome.FAILED, args=args))
    raise InfrastructureError("P-301", cause=ends[1].cause, code=ends[1].code, log=plain(ends[1].log))


def _rule(end: SandboxResult) -> str:
    """The rule that an end without a record breaks when it repeats; empty when it says nothing of the design."""
    if end.cause == "exited" and end.code == MODEL_STOPPED:
        return "S-003"
    return {"wall": "S-001", "log": "S-002"}.get(end.cause, "")


def _evidence(context: StageContext, seed: int, done: _Done) -> list[Evidence]:
    return [context.write(f"record-{seed}", done.record), context.write(f"coverage-{seed}", done.coverage, "text/plain")]
