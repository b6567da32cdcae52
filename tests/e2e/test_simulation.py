"""Designs that never answer, told apart from a design that does: the design's fault, named, in bounded time."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.domain.outcome import Outcome, Verdict
from pipeline.stages import STAGES
from pipeline.stages.simulate import SimulateStage

pytestmark = [pytest.mark.sim, pytest.mark.slow, pytest.mark.xdist_group("e2e")]

WALL_S = 2.0


def test_the_design_as_it_should_be_is_accepted(accepted: Any) -> None:
    assert (accepted.verdict, accepted.code) == (Verdict.ACCEPTED, 0), accepted.text
    assert set(accepted.outcomes.values()) == {Outcome.PASSED}


def test_a_design_that_never_answers(check: Any, kit: Any, accepted: Any) -> None:
    answer = check(kit.three_manifests(), "--manifest", "hang.toml")
    assert (answer.verdict, answer.code) == (Verdict.REJECTED, 1)
    assert (answer.outcomes["simulate"], answer.outcomes["judge"]) == (Outcome.PASSED, Outcome.FAILED)
    assert {finding.outcome for finding in answer.findings()} == {Outcome.FAILED}
    hangs = [finding for finding in answer.findings() if finding.rule == "J-001"]
    assert hangs
    assert all(finding.args["missing"].startswith("c 0/") for finding in hangs)  # the channel that waits comes first
    assert "still missing: c 0/3, a 1/3" in answer.out
    assert f"--testpoint {hangs[0].testpoint} --seed 0x{hangs[0].seed:016x}" in answer.out
    cycles = sum(answer.result(f"simulate.{number}").metrics["cycles"] for number in range(3))
    assert cycles < 10 * sum(accepted.result(f"simulate.{number}").metrics["cycles"] for number in range(3))


def test_a_design_in_which_time_stands_still(korean: Any, kit: Any) -> None:
    stages = [SimulateStage(WALL_S) if stage.name == "simulate" else stage for stage in STAGES]
    answer = korean(kit.three_manifests(), "--manifest", "spin.toml", stages=stages)
    assert (answer.verdict, answer.code) == (Verdict.REJECTED, 1)
    assert (answer.outcomes["simulate"], answer.outcomes["judge"]) == (Outcome.FAILED, Outcome.SKIPPED)
    assert answer.rules() == {"S-001"}
    assert answer.first("S-001").args["wall_s"] == "2"
    assert {answer.steps[f"simulate.{number}"].attempt for number in range(3)} == {1}  # the design's fault is not retried
    assert "시뮬레이션이 끝나지 않음" in answer.out
