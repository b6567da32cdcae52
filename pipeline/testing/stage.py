"""Stages that do as told, and a small run made of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StageResult, StepSpec, TestpointCount
from pipeline.ports import Stage, StageContext
from verif.testplan.plan import Batch, Job, Plan, PlannedTestpoint

Script = Callable[[StageContext], StageResult]


class ScriptedStage:
    """Runs `script`; by default everything passes. `attempts` remembers (step name, attempt) of every call."""

    def __init__(self, name: str, script: Script = lambda _context: StageResult(Outcome.PASSED)) -> None:
        self.name = name
        self.attempts: list[tuple[str, int]] = []
        self._script = script

    def run(self, context: StageContext) -> StageResult:
        """Do as told."""
        self.attempts.append((context.step.spec.name, context.step.attempt))
        return self._script(context)


def sample_plan(batches: int = 2, epoch: int = 0) -> Plan:
    """A plan of one testpoint with a seed in every batch."""
    point = PlannedTestpoint("FUN-01", "scripted", "V1", "random", "planned", "", tuple(range(batches)))
    jobs = tuple(Batch(index, (Job("FUN-01", index),), (1,)) for index in range(batches))
    return Plan("1", "core-1", "scripted", epoch, (point,), jobs)


def scripted_intake(plan: Plan | None = None) -> Script:
    """An intake that plans build, then simulate and judge for every batch, then coverage, as the real one does."""
    known = plan or sample_plan()

    def script(context: StageContext) -> StageResult:
        archive = context.blobs.get(context.submission.archive)
        summary = {"design": known.design, "profile": "axis", "parameters": {"N": 8}, "manifest_sha256": "1" * 64}
        evidence = (
            context.write("tree", b"tree of " + archive),
            context.write("plan", known.to_json(), "application/json"),
            context.write("contract", json.dumps(summary).encode(), "application/json"),
        )
        return StageResult(Outcome.PASSED, evidence=evidence, next_steps=tuple(_specs(known)))

    return script


def _specs(plan: Plan) -> Sequence[StepSpec]:
    simulations = [StepSpec("simulate", batch.index, ("build",)) for batch in plan.batches]
    judges = [StepSpec("judge", spec.index, (spec.name,)) for spec in simulations]
    after = tuple(spec.name for spec in simulations)
    return [StepSpec("build", needs=("intake",)), *simulations, *judges, StepSpec("coverage", needs=after)]


def _judged(context: StageContext) -> StageResult:
    plan = Plan.from_json(context.read("intake", "plan"))
    jobs = plan.batches[context.step.spec.index].jobs
    counts = tuple(TestpointCount(job.testpoint, 1, 1, 0, 64) for job in jobs)
    return StageResult(Outcome.PASSED, testpoints=counts)


def _covered(context: StageContext) -> StageResult:
    files = [{"file": "top.sv", "hit": 9, "total": 10, "lines": {str(line): line % 10 for line in range(1, 11)}}]
    proof = context.write("coverage", json.dumps({"files": files}).encode(), "application/json")
    return StageResult(Outcome.PASSED, evidence=(proof,), metrics={"line_percent": 90.0})


def scripted_stages(**replaced: Script) -> dict[str, Stage]:
    """A whole pipeline that ends ACCEPTED; keyword arguments replace single stages' scripts."""
    scripts: dict[str, Script] = {
        "intake": scripted_intake(),
        "build": lambda context: StageResult(Outcome.PASSED, evidence=(context.write("model", b"model"),)),
        "simulate": lambda _context: StageResult(Outcome.PASSED, metrics={"cycles": 100.0}),
        "judge": _judged,
        "coverage": _covered,
    }
    return {name: ScriptedStage(name, script) for name, script in (scripts | replaced).items()}
