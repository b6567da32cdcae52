"""A stimulus that gave two results: what judges found counts for nothing, what needs no simulation still does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.domain.finding import Finding
from pipeline.domain.outcome import Outcome, Verdict
from pipeline.domain.policy import POLICIES
from pipeline.domain.run import StageResult
from pipeline.domain.run import TestpointCount as Count
from pipeline.domain.verdict import decide
from pipeline.testing import sample_plan

PLAN, POLICY = sample_plan(), POLICIES["core-1"]
PASSED = StageResult(Outcome.PASSED)
CONTRADICTION = StageResult(Outcome.BROKEN, (Finding("P-604", Outcome.BROKEN),))


def results(**more: StageResult) -> dict[str, StageResult]:
    judged = StageResult(Outcome.FAILED, testpoints=(Count("FUN-01", 1, 1, 1, 64),))
    passed = replace(PASSED, testpoints=(Count("FUN-01", 1, 1, 0, 64),))
    covered = replace(PASSED, metrics={"line_percent": 90.0})
    known = {"intake": PASSED, "lint": PASSED, "build": PASSED, "judge.0": judged, "judge.1": passed, "coverage": covered}
    return known | more


def verdict(**more: StageResult) -> Verdict:
    return decide(PLAN, results(**more), POLICY).verdict


def test_a_failure_that_shows_again_rejects() -> None:
    assert verdict(isolate=PASSED) is Verdict.REJECTED


def test_a_failure_that_does_not_show_again_leaves_it_open() -> None:
    assert verdict(isolate=CONTRADICTION) is Verdict.INCONCLUSIVE
    whole = {"judge.0": replace(PASSED, testpoints=(Count("FUN-01", 1, 1, 0, 64),)), "isolate": CONTRADICTION}
    assert decide(PLAN, results() | whole, POLICY).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("rule", ["P-602", "P-301", "S-004"])
def test_any_other_trouble_of_isolate_takes_nothing_back(rule: str) -> None:
    assert verdict(isolate=StageResult(Outcome.BROKEN, (Finding(rule, Outcome.BROKEN),))) is Verdict.REJECTED


def test_only_a_broken_step_contradicts() -> None:
    note = Finding("P-604", Outcome.PASSED, severity="note")
    assert verdict(isolate=StageResult(Outcome.PASSED, (note,))) is Verdict.REJECTED


def test_what_needs_no_simulation_still_rejects() -> None:
    assert verdict(isolate=CONTRADICTION, lint=StageResult(Outcome.FAILED)) is Verdict.REJECTED
    lint = replace(PASSED, testpoints=(Count("FUN-01", 1, 1, 1, 1),))
    assert verdict(isolate=CONTRADICTION, lint=lint) is Verdict.REJECTED
