from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import combinations_with_replacement

import pytest

from pipeline.domain.outcome import EXIT_CODES, Outcome, Verdict
from pipeline.domain.policy import POLICIES, Policy
from pipeline.domain.run import StageResult
from pipeline.domain.run import TestpointCount as Count
from pipeline.domain.verdict import Decision, decide
from pipeline.testing import sample_plan
from verif.testplan.plan import PlannedTestpoint

POLICY = POLICIES["core-1"]
PLAN = sample_plan(batches=2)
Results = dict[str, StageResult]


def judged(executed: int = 1, judged: int = 1, failed: int = 0, checks: int = 64) -> StageResult:
    return StageResult(Outcome.PASSED, testpoints=(Count("FUN-01", executed, judged, failed, checks),))


@pytest.fixture
def whole() -> Results:
    passed = StageResult(Outcome.PASSED)
    names = ("intake", "build", "simulate.0", "simulate.1")
    coverage = StageResult(Outcome.PASSED, metrics={"line_percent": 80.0})
    return dict.fromkeys(names, passed) | {"judge.0": judged(), "judge.1": judged(), "coverage": coverage}


def verdict(results: Mapping[str, StageResult]) -> Verdict:
    return decide(PLAN, results, POLICY).verdict


def test_a_whole_judged_passed_plan_is_accepted(whole: Results) -> None:
    decision = decide(PLAN, whole, POLICY)
    (row,) = decision.rows
    assert decision.verdict is Verdict.ACCEPTED
    assert (row.planned, row.executed, row.judged, row.failed, row.checks, row.outcome) == (2, 2, 2, 0, 128, Outcome.PASSED)


def test_nothing_planned_is_never_accepted(whole: Results) -> None:
    later = PlannedTestpoint("FUN-02", "later", "V2", "random", "later", "of milestone V2", ())
    assert decide(None, whole, POLICY).verdict is Verdict.INCONCLUSIVE
    assert decide(replace(PLAN, testpoints=()), whole, POLICY).verdict is Verdict.INCONCLUSIVE
    assert decide(replace(PLAN, testpoints=(later,)), whole, POLICY).verdict is Verdict.INCONCLUSIVE
    assert decide(PLAN, {}, POLICY).verdict is Verdict.INCONCLUSIVE


def test_a_planned_testpoint_without_seeds_is_broken(whole: Results) -> None:
    empty = replace(PLAN, testpoints=(replace(PLAN.testpoints[0], seeds=()),))
    decision = decide(empty, whole | {"judge.0": judged(0, 0), "judge.1": judged(0, 0)}, POLICY)
    assert decision.rows[0].outcome is Outcome.BROKEN
    assert decision.verdict is Verdict.INCONCLUSIVE


def test_what_does_not_apply_neither_helps_nor_harms(whole: Results) -> None:
    absent = PlannedTestpoint("PAD-01", "padding", "V1", "directed", "not_applicable", "no padding", (1, 2))
    decision = decide(replace(PLAN, testpoints=(*PLAN.testpoints, absent)), whole, POLICY)
    assert decision.rows[1].outcome is None
    assert decision.rows[1].planned == 0
    assert decision.verdict is Verdict.ACCEPTED


SHORT: dict[str, Callable[[], StageResult]] = {
    "unexecuted": lambda: judged(0, 0),
    "unjudged": lambda: judged(1, 0),
    "judged, not executed": lambda: judged(0, 1),
    "executed twice": lambda: judged(2, 2),
    "no counts": lambda: StageResult(Outcome.PASSED),
    "broken": lambda: replace(judged(), outcome=Outcome.BROKEN),
    "skipped": lambda: replace(judged(), outcome=Outcome.SKIPPED, reason="r"),
}


@pytest.mark.parametrize("how", SHORT)
def test_planned_executed_and_judged_must_be_equal(whole: Results, how: str) -> None:
    assert verdict(whole | {"judge.1": SHORT[how]()}) is Verdict.INCONCLUSIVE


def test_a_judge_that_compared_nothing_is_not_believed(whole: Results) -> None:
    decision = decide(PLAN, whole | {"judge.0": judged(checks=0), "judge.1": judged(checks=0)}, POLICY)
    assert decision.rows[0].outcome is Outcome.BROKEN
    assert decision.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("outcome", [Outcome.BROKEN, Outcome.SKIPPED])
@pytest.mark.parametrize("step", ["intake", "build", "simulate.0", "coverage"])
def test_one_step_that_did_not_pass_is_enough(whole: Results, step: str, outcome: Outcome) -> None:
    assert verdict(whole | {step: replace(whole[step], outcome=outcome)}) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("metrics", [{}, {"line_percent": 79.999}, {"line_percent": float("nan")}, {"lines": 100.0}])
def test_a_criterion_must_be_measured_and_met(whole: Results, metrics: dict[str, float]) -> None:
    short = decide(PLAN, whole | {"coverage": StageResult(Outcome.PASSED, metrics=metrics)}, POLICY)
    assert [criterion.met for criterion in short.criteria] == [False]
    assert short.verdict is Verdict.INCONCLUSIVE
    assert verdict({name: result for name, result in whole.items() if name != "coverage"}) is Verdict.INCONCLUSIVE


def test_the_threshold_is_the_policys(whole: Results) -> None:
    strict = Policy("strict", ("V1",), 10, 80.5)
    assert decide(PLAN, whole, strict).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("other", [Outcome.BROKEN, Outcome.SKIPPED, Outcome.PASSED])
def test_failed_dominates_everything(whole: Results, other: Outcome) -> None:
    others = whole | {"simulate.0": StageResult(other), "coverage": StageResult(other)}
    assert verdict(others | {"build": StageResult(Outcome.FAILED)}) is Verdict.REJECTED
    assert verdict(others | {"judge.0": judged(failed=1)}) is Verdict.REJECTED
    assert decide(None, {"intake": StageResult(Outcome.FAILED)}, POLICY).verdict is Verdict.REJECTED


def test_every_mixture_of_outcomes(whole: Results) -> None:
    for mixture in combinations_with_replacement(Outcome, 3):
        results = whole | {f"extra.{i}": StageResult(outcome) for i, outcome in enumerate(mixture)}
        expected = Verdict.ACCEPTED if set(mixture) == {Outcome.PASSED} else Verdict.INCONCLUSIVE
        assert verdict(results) is (Verdict.REJECTED if Outcome.FAILED in mixture else expected)


def test_exit_codes_tell_the_verdicts_apart() -> None:
    assert EXIT_CODES == {Verdict.ACCEPTED: 0, Verdict.REJECTED: 1, Verdict.INCONCLUSIVE: 3}
    assert set(EXIT_CODES) == set(Verdict)


def test_a_decision_keeps_what_it_rests_on(whole: Results) -> None:
    decision = decide(PLAN, whole, POLICY)
    assert isinstance(decision, Decision)
    assert [(c.id, c.required, c.measured) for c in decision.criteria] == [("line_coverage", 80.0, 80.0)]
