"""Selection: from manifest and policy to the plan, by computation. Nothing applicable is ever silently absent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from verif.contract.model import Contract
from verif.stimulus.registry import FAMILIES
from verif.testplan.features import features, reason_without
from verif.testplan.plan import SELF_TEST, Batch, Job, Plan, PlannedTestpoint, development_seed
from verif.testplan.reader import Testpoint, standard_testplan

BATCHES = 2  # of ordinary jobs, each a simulator process; power-up jobs have a batch of their own
POWER_UP = "RST-01"
ELSEWHERE = ("LINT-01", SELF_TEST)  # counted by another stage than judge
NOT_IMPLEMENTED = "not implemented in this release"
_State = Literal["planned", "not_applicable", "later"]


def make_plan(
    contract: Contract,
    policy_name: str,
    milestones: Sequence[str],
    random_seeds: int,
    epoch: int,
    banked: Sequence[Job] = (),
    self_tests: int = 0,
) -> Plan:
    """The plan of `contract` under a policy that asks for `milestones` with `random_seeds` per random testpoint.

    A row that the policy asks for and that applies, but that has no generator, stays planned without any job: planned and
    executed then differ, so the verdict cannot be ACCEPTED, and the row's reason says why.

    `banked` are jobs that once failed. Each is one more seed of its testpoint, in a batch that is marked; power-up seeds
    join the power-up batch. A job whose testpoint is not planned by now, or that the plan has anyway, adds nothing.

    `self_tests`: how many tests of the submitter's own count; each is one seed of its row.
    """
    testplan, present = standard_testplan(), features(contract)
    rows = tuple(_row(point, contract.profile, present, milestones, random_seeds, epoch) for point in testplan.testpoints)
    if self_tests:
        own = tuple(development_seed(SELF_TEST, index, epoch) for index in range(self_tests))
        rows = tuple(replace(row, seeds=own) if row.id == SELF_TEST and row.state == "planned" else row for row in rows)
    replayed = _replayed(rows, banked)
    whole = tuple(replace(row, seeds=row.seeds + tuple(j.seed for j in replayed if j.testpoint == row.id)) for row in rows)
    return Plan(testplan.version, policy_name, contract.design.name, epoch, whole, _batches(rows, replayed, epoch))


def _replayed(rows: Sequence[PlannedTestpoint], banked: Sequence[Job]) -> tuple[Job, ...]:
    """The jobs of the bank that this plan can run and does not run anyway, each once, in their order."""
    fresh = {row.id: row.seeds for row in rows if row.state == "planned" and row.id in FAMILIES}
    return tuple(job for job in dict.fromkeys(banked) if job.testpoint in fresh and job.seed not in fresh[job.testpoint])


def _row(
    point: Testpoint, profile: str, present: frozenset[str], milestones: Sequence[str], random_seeds: int, epoch: int
) -> PlannedTestpoint:
    state, reason = _state(point, profile, present, milestones)
    seeds = _seeds(point, random_seeds, epoch) if state == "planned" else ()
    return PlannedTestpoint(point.id, point.title, point.milestone, point.kind, state, reason, seeds)


def _state(point: Testpoint, profile: str, present: frozenset[str], milestones: Sequence[str]) -> tuple[_State, str]:
    if profile not in point.profiles:
        return "not_applicable", f"not for profile {profile}"
    missing = [need for need in point.needs if need not in present]
    if missing:
        return "not_applicable", reason_without(missing[0], profile)
    if not {point.milestone, point.milestone.removesuffix("S")} & set(milestones):
        return "later", f"milestone {point.milestone} is not asked by the policy"
    implemented = point.id in FAMILIES or point.id in ELSEWHERE
    return "planned", "" if implemented else NOT_IMPLEMENTED


def _seeds(point: Testpoint, random_seeds: int, epoch: int) -> tuple[int, ...]:
    if point.kind == "static":
        return (0,)
    if point.id == SELF_TEST:
        return ()
    if point.id == POWER_UP:
        return powerup_seeds(point.id, point.seeds, epoch)
    count = random_seeds if point.kind == "random" else point.seeds
    return tuple(development_seed(point.id, index, epoch) for index in range(count))


def powerup_seeds(testpoint: str, count: int, epoch: int) -> tuple[int, ...]:
    """Distinct seeds in 1..2**31-1, the range that the simulator's power-up randomisation takes."""
    seeds: dict[int, None] = {}
    index = 0
    while len(seeds) < count:
        seed = development_seed(testpoint, index, epoch) & 0x7FFFFFFF
        if seed:
            seeds[seed] = None
        index += 1
    return tuple(seeds)


def _batches(rows: Sequence[PlannedTestpoint], replayed: Sequence[Job], epoch: int) -> tuple[Batch, ...]:
    planned = [row for row in rows if row.id in FAMILIES and row.state == "planned"]
    jobs = [Job(row.id, seed) for row in planned if row.id != POWER_UP for seed in row.seeds]
    dealt = [tuple(jobs[start::BATCHES]) for start in range(BATCHES)]
    single = powerup_seeds("power-up", 1, epoch)
    batches = [Batch(i, part, single) for i, part in enumerate(part for part in dealt if part)]
    for row in planned:
        if row.id == POWER_UP:
            again = tuple(job.seed for job in replayed if job.testpoint == POWER_UP)
            batches.append(Batch(len(batches), (Job(row.id, development_seed(row.id, 0, epoch)),), row.seeds + again))
    if others := tuple(job for job in replayed if job.testpoint != POWER_UP):
        batches.append(Batch(len(batches), others, single, banked=True))
    return tuple(batches)
