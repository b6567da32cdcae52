from __future__ import annotations

import pytest

from pipeline.domain.finding import Finding
from pipeline.domain.outcome import Outcome
from pipeline.errors import UsageError
from pipeline.stages.rerun import first_failing, rerun
from verif.testplan.plan import Batch, Job, Plan, PlannedTestpoint


def point(name: str, *seeds: int) -> PlannedTestpoint:
    return PlannedTestpoint(name, "", "V1", "random", "planned", "", seeds)


PLAN = Plan(
    "1", "core-1", "d", 0,
    (point("PRO-01", 10, 11), point("RST-01", 5, 6, 7), point("FUN-01", 20, 21)),
    (
        Batch(0, (Job("PRO-01", 11), Job("FUN-01", 20)), (1,)),
        Batch(1, (Job("PRO-01", 10), Job("FUN-01", 21)), (1,)),
        Batch(2, (Job("RST-01", 99),), (5, 6, 7)),
    ),
)  # fmt: skip


def failed(testpoint: str, seed: int | None, rule: str = "J-002", outcome: Outcome = Outcome.FAILED) -> Finding:
    return Finding(rule, outcome, testpoint=testpoint, seed=seed)


def test_the_first_failure_is_that_of_the_plan_and_not_of_the_batches() -> None:
    findings = {0: [failed("FUN-01", 20), failed("PRO-01", 11)], 1: [failed("PRO-01", 10, "J-005"), failed("PRO-01", 10)]}
    found = first_failing(PLAN, findings)
    assert found is not None
    assert (found.finding, found.batch.index, found.number) == (failed("PRO-01", 10, "J-005"), 1, 0)
    later = first_failing(PLAN, {0: findings[0][:1], 2: [failed("RST-01", 7)]})
    assert later is not None
    assert (later.finding.testpoint, later.batch.index, later.number) == ("RST-01", 2, 0)


def test_what_is_ours_or_of_no_job_is_no_failure() -> None:
    assert first_failing(PLAN, {0: [failed("PRO-01", 11, outcome=Outcome.BROKEN), failed("LINT-01", None)]}) is None
    assert first_failing(PLAN, {}) is None


def test_one_job_alone_with_some_operations_or_after_the_others() -> None:
    assert rerun(PLAN, "FUN-01", 21).batches == (Batch(0, (Job("FUN-01", 21),), (1,)),)
    assert rerun(PLAN, "FUN-01", 21, (2, 4)).batches == (Batch(0, (Job("FUN-01", 21, (2, 4)),), (1,)),)
    assert rerun(PLAN, "FUN-01", 21, prefix=True).batches == (Batch(0, PLAN.batches[1].jobs, (1,)),)


@pytest.mark.parametrize(("seed", "seeds"), [(5, (5, 6)), (7, (7, 5))])
def test_a_power_up_job_runs_under_two_seeds(seed: int, seeds: tuple[int, ...]) -> None:
    assert rerun(PLAN, "RST-01", seed).batches == (Batch(0, (Job("RST-01", 99),), seeds),)


@pytest.mark.parametrize(("testpoint", "seed"), [("FUN-01", 10), ("FUN-99", 20), ("RST-01", 99), ("PRO-01", 5)])
def test_a_job_that_the_plan_does_not_have(testpoint: str, seed: int) -> None:
    with pytest.raises(UsageError) as caught:
        rerun(PLAN, testpoint, seed)
    assert caught.value.rule == "U-930"
