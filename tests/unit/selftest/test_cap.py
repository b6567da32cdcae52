"""How far the submitter's own oracle reaches: the lowest milestone, and no further; and the steps that lead there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.domain import run
from pipeline.domain.outcome import Outcome, Verdict
from pipeline.domain.policy import Policy
from pipeline.domain.run import StageResult
from pipeline.domain.verdict import decide, own_oracle
from pipeline.stages.archive import pack_tree, tree_files
from pipeline.stages.intake import next_steps
from pipeline.stages.selftest_hollow import FILE, hollow
from verif.testplan.plan import SELF_TEST, Plan, PlannedTestpoint

POINT = PlannedTestpoint(SELF_TEST, "own", "V1", "directed", "planned", "", (1, 2))
PLAN = Plan("1.0", "p", "mac", 0, (POINT,), ())
V1 = Policy("p", ("V1",), 10, 80.0)
RUN = {"profile": "opaque", "selftest": {"tests": []}}


def results(judged: int = 2, failed: int = 0) -> dict[str, StageResult]:
    count = run.TestpointCount(SELF_TEST, 2, judged, failed, judged)
    coverage = StageResult(Outcome.PASSED, metrics={"line_percent": 90.0})
    return {"selftest": StageResult(Outcome.PASSED, testpoints=(count,)), "coverage": coverage}


def test_the_lowest_milestone_can_be_reached() -> None:
    assert decide(PLAN, results(), V1).verdict is Verdict.ACCEPTED
    assert own_oracle(decide(PLAN, results(), V1).rows)


@pytest.mark.parametrize("milestones", [("V1", "V2"), ("V2",), ("V1", "V3")])
def test_no_other_milestone_can_be_reached(milestones: tuple[str, ...]) -> None:
    assert decide(PLAN, results(), Policy("p", milestones, 10, 80.0)).verdict is Verdict.INCONCLUSIVE


def test_a_test_that_was_not_judged_leaves_it_open_and_a_failure_rejects() -> None:
    assert decide(PLAN, results(judged=1), V1).verdict is Verdict.INCONCLUSIVE
    assert decide(PLAN, results(failed=1), V1).verdict is Verdict.REJECTED


def test_the_steps_of_an_opaque_run() -> None:
    needs = {spec.name: spec.needs for spec in next_steps(PLAN, RUN)}
    assert needs == {"gate": ("intake",), "lint": ("gate",), "selftest": ("gate",), "coverage": ("selftest",)}


def test_beside_a_contract_nothing_waits_for_the_self_test() -> None:
    beside = {spec.name: spec for spec in next_steps(PLAN, RUN | {"profile": "axis"})}
    assert beside["selftest"].needs == ("gate",)
    assert all("selftest" not in (*spec.needs, *spec.after) for spec in beside.values())
    assert "selftest" not in {spec.name for spec in next_steps(PLAN, {"profile": "axis", "selftest": {}})}


def contract(**parameters: int) -> dict[str, Any]:
    return {"top": "mac", "files": ["mac.sv"], "parameters": parameters, "selftest": {"timeout_s": 60}}


def test_the_hollow_design_has_the_ports_and_nothing_else() -> None:
    ports = {"clk_i": {"dir": "in", "width": 1}, "q_o": {"dir": "out", "width": 9}}
    found = hollow(contract(Width=8), pack_tree({"mac.sv": b"", "t.py": b""}), ports)
    assert found is not None
    about, tree = found
    assert (about["files"], about["selftest"]["timeout_s"]) == ([FILE], 20)
    files = tree_files(tree)
    assert set(files) == {"mac.sv", "t.py", FILE}
    said = "module mac #( parameter longint Width = 8 ) ( input logic [0:0] clk_i, output logic [8:0] q_o );"
    assert " ".join(files[FILE].decode().split()) == f"{said} assign q_o = '0; endmodule"


@pytest.mark.parametrize(
    "port", [{"dir": "inout", "width": 1}, {"dir": "in", "width": 0}, {"dir": "in", "width": 8, "dims": [[0, 1]]}]
)
def test_where_ports_are_no_plain_vectors_there_is_no_hollow_design(port: dict[str, Any]) -> None:
    assert hollow(contract(), pack_tree({"mac.sv": b""}), {"x": port}) is None
    assert Path(FILE).suffix == ".sv"
