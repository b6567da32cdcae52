"""One job of a plan again: alone, with some of its operations only, or after the jobs that ran before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.domain.finding import Finding
from pipeline.domain.outcome import Outcome
from pipeline.errors import UsageError
from verif.testplan.plan import Batch, Job, Plan
from verif.testplan.select import POWER_UP


@dataclass(frozen=True, slots=True)
class Failing:
    """A finding, and where its job stands: number `number` of batch `batch`."""

    finding: Finding
    batch: Batch
    number: int


def first_failing(plan: Plan, findings: Mapping[int, Sequence[Finding]]) -> Failing | None:
    """The first failing seed of the first failing testpoint, in the plan's order; `findings` by index of their batch."""
    found: dict[tuple[str, int], tuple[int, Finding]] = {}
    for index, some in findings.items():
        for finding in some:
            if finding.outcome is Outcome.FAILED and finding.seed is not None:
                found.setdefault((finding.testpoint, finding.seed), (index, finding))
    for point in plan.testpoints:
        for seed in point.seeds:
            if (point.id, seed) in found:
                index, finding = found[point.id, seed]
                batch = plan.batches[index]
                return Failing(finding, batch, _numbers(batch, point.id, seed)[0])
    return None


def rerun(plan: Plan, testpoint: str, seed: int, ops: tuple[int, ...] = (), *, prefix: bool = False) -> Plan:
    """The plan cut down to one batch, whose last job is the one asked for; with `prefix` after those before it in its batch.

    `ops` are the operations that the job keeps, all when empty. A power-up testpoint runs under `seed` and under the first
    other power-up seed, because its fault is a difference. Raises UsageError U-930 when the plan has no such job.
    """
    for batch in plan.batches:
        for number in _numbers(batch, testpoint, seed):
            jobs = (*(batch.jobs[:number] if prefix else ()), replace(batch.jobs[number], ops=ops))
            return replace(plan, batches=(Batch(0, jobs, _powerups(batch, testpoint, seed)),))
    raise UsageError("U-930", testpoint=testpoint, seed=f"0x{seed:016x}")


def _numbers(batch: Batch, testpoint: str, seed: int) -> list[int]:
    """Where the job stands in the batch; power-up testpoints are known by their power-up seeds."""
    if testpoint == POWER_UP:
        return [
            number for number, job in enumerate(batch.jobs) if job.testpoint == testpoint and seed in batch.powerup_seeds
        ]
    return [number for number, job in enumerate(batch.jobs) if job == Job(testpoint, seed)]


def _powerups(batch: Batch, testpoint: str, seed: int) -> tuple[int, ...]:
    if testpoint != POWER_UP:
        return batch.powerup_seeds[:1]
    return (seed, next(other for other in batch.powerup_seeds if other != seed))
