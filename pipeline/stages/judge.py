"""The `judge` stage: one batch, judged in a sandbox where no code of the design runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.domain.finding import Finding
from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StageResult, TestpointCount
from pipeline.errors import InfrastructureError
from pipeline.ports import SandboxJob, StageContext
from pipeline.stages.outputs import plain, read_output, unpack_tree
from pipeline.stages.verilate import TREE
from verif.jobs.judge import READINGS
from verif.testplan.plan import Batch, Plan

OUT = "judgement.json"
WALL_S = 600.0
_MAX_JUDGEMENT = 16 << 20
_REFUSED = ("P-402", "P-403", "P-404")


@dataclass(frozen=True, slots=True)
class Judged:
    """One judgement: its JSON, findings, counts, and the rules that each job of the batch broke."""

    data: bytes
    findings: tuple[Finding, ...]
    counts: tuple[TestpointCount, ...]
    rules: tuple[tuple[str, ...], ...]
    metrics: Mapping[str, float]


class JudgeStage:
    """Judges batch number `step.spec.index` of the plan."""

    name = "judge"

    def run(self, context: StageContext) -> StageResult:
        """PASSED or FAILED with counts by testpoint and evidence `judgement`.

        Raises:
            InfrastructureError: P-401 no judgement was made; P-402, P-403, P-404 a record that cannot be believed.
        """
        plan = Plan.from_json(context.read("intake", "plan"))
        batch = plan.batches[context.step.spec.index]
        simulated = f"simulate.{batch.index}"
        records = {seed: context.read(simulated, f"record-{seed}") for seed in batch.powerup_seeds}
        return judge_batch(context, plan, batch, context.read(simulated, "stimulus"), records)


def judge_batch(
    context: StageContext, plan: Plan, batch: Batch, stimulus: bytes, records: Mapping[int, bytes]
) -> StageResult:
    """Judge the records (power-up seed -> file) of one batch in the sandbox; raises what the stage raises."""
    judged = judge_again(context, plan, batch, stimulus, records, readings=True)
    outcome = Outcome.FAILED if any(count.failed for count in judged.counts) else Outcome.PASSED
    evidence = (context.write("judgement", judged.data, "application/json"),)
    return StageResult(outcome, judged.findings, evidence, judged.counts, judged.metrics)


def judge_again(
    context: StageContext,
    plan: Plan,
    batch: Batch,
    stimulus: bytes,
    records: Mapping[int, bytes],
    *,
    readings: bool = False,
) -> Judged:
    """What `judge_batch` does, without leaving evidence; writes below `context.work`.

    `readings`: the judgement of a batch without a fault says which near-miss readings of the contract it could tell apart.
    """
    work = context.work / "judge"
    unpack_tree(context.read("intake", "tree"), work / TREE)
    (work / "plan.json").write_bytes(plan.to_json())
    (work / "stimulus.bin").write_bytes(stimulus)
    for seed, record in records.items():
        (work / f"record-{seed}.bin").write_bytes(record)
    tools = context.toolchain
    named = tuple(f"{seed}=record-{seed}.bin" for seed in records)
    files = (f"{TREE}/{context.submission.manifest}", "plan.json", str(batch.index), "stimulus.bin", OUT)
    argv = (tools.python, "-m", "verif.jobs.judge", *files, *named, *([READINGS] if readings else []))
    result = context.sandbox.run(SandboxJob(argv, work, tools.reads, tools.env, wall_s=WALL_S), context.cancel)
    data = read_output(work, OUT, _MAX_JUDGEMENT)
    if not result.ok or data is None:
        raise InfrastructureError("P-401", cause=result.cause, code=result.code, log=plain(result.log))
    return read_judgement(data, {"judge_wall_s": result.wall_s, "judge_cpu_s": result.cpu_s})


def read_judgement(data: bytes, metrics: Mapping[str, float]) -> Judged:
    """A judgement's JSON. Raises P-401 when it is none, and the rule it names when it refuses the records."""
    try:
        raw: dict[str, Any] = json.loads(data)
        refused = raw.get("refused")
        findings = tuple(Finding.from_json(entry) for entry in raw.get("findings", ()))
        counts = tuple(_count(entry) for entry in raw.get("testpoints", ()))
        rules = tuple(tuple(map(str, broken)) for broken in raw.get("rules", ()))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InfrastructureError("P-401", cause="exited", code=0, log=str(error)[:200]) from error
    if refused:
        rule = refused.get("rule")
        raise InfrastructureError(rule if rule in _REFUSED else "P-402", reason=str(refused.get("reason", ""))[:300])
    return Judged(data, findings, counts, rules, metrics)


def _count(entry: Mapping[str, Any]) -> TestpointCount:
    numbers = (int(entry[name]) for name in ("executed", "judged", "failed", "checks"))
    return TestpointCount(str(entry["testpoint"]), *numbers)
