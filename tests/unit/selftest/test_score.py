"""What one test's process is taken for."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.ports import SandboxResult
from pipeline.stages.selftest_run import Ran
from pipeline.stages.selftest_score import Score, score

TEST = {"module": "m", "name": "one", "drift": False}
AGED = TEST | {"drift": True}


def case(state: str = "passed", name: str = "one", kind: str = "", message: str = "", module: str = "m") -> dict[str, str]:
    return {"module": module, "name": name, "state": state, "kind": kind, "message": message, "trace": ""}


def scored(
    *cases: dict[str, str],
    test: dict[str, Any] = TEST,
    sealed: bool = True,
    cause: str = "exited",
    log: bytes = b"",
    silent: bool = False,
) -> Score:
    ran = Ran(SandboxResult(cause, 0, log, 0.0, 0.0), sealed, b"", None)  # type: ignore[arg-type]  # one of the causes
    return score(test, ran, {"cases": list(cases)}, silent=silent)


def state(found: Score) -> tuple[str, str]:
    return found.state, found.rule


def test_a_pass_needs_the_seal_and_a_result_of_this_test() -> None:
    assert scored(case()) == Score("passed", cases=1)
    assert scored(case(name="one/a=1"), case(name="one/a=2")) == Score("passed", cases=2)
    assert scored(case(name="one_001")) == Score("passed", cases=1)
    assert state(scored(case(), sealed=False)) == ("failed", "O-004")
    assert state(scored()) == ("failed", "O-004")


@pytest.mark.parametrize("other", [case(name="two"), case(name="one_more"), case(module="n"), case(name="one\n/x")])
def test_results_of_other_tests_are_not_believed(other: dict[str, str]) -> None:
    assert state(scored(case(), other)) == ("failed", "O-004")


def test_one_bad_case_fails_the_test() -> None:
    found = scored(case(), case("failed", "one/a=2", "AssertionError", "1 == 2"))
    assert state(found) == ("failed", "O-002")
    assert found.args == {"case": "one/a=2", "kind": "AssertionError", "text": "1 == 2", "count": "1"}
    assert state(scored(case(), case("error"))) == ("failed", "O-002")


def test_a_refused_file_is_no_pass() -> None:
    ran = Ran(SandboxResult("exited", 0, b"", 0.0, 0.0), sealed=True, results=None, coverage=None)
    found = score(TEST, ran, {"refused": "not XML"}, silent=False)
    assert (state(found), found.args["reason"]) == (("failed", "O-004"), "not XML")


def test_a_skip_says_nothing() -> None:
    assert state(scored(case(), case("skipped"))) == ("unjudged", "O-008")


@pytest.mark.parametrize(("cause", "rule"), [("wall", "O-005"), ("log", "O-006"), ("signalled", "O-004")])
def test_caps_have_their_rules(cause: str, rule: str) -> None:
    assert state(scored(case(), sealed=False, cause=cause)) == ("failed", rule)


@pytest.mark.parametrize("kind", ["AttributeError", "TypeError", "ImportError"])
def test_only_a_test_written_for_cocotb_1_may_fall_over_it(kind: str) -> None:
    broken = case("failed", kind=kind, message="'X' object has no attribute 'y'")
    assert state(scored(broken, test=AGED)) == ("unjudged", "O-021")
    assert state(scored(broken)) == ("failed", "O-002")


def test_a_failed_assertion_is_the_designs_also_in_an_old_test() -> None:
    wrong = case("failed", kind="AssertionError")
    assert state(scored(wrong, test=AGED)) == ("failed", "O-002")
    assert state(scored(wrong, test=AGED, silent=True)) == ("unjudged", "O-021")
    assert state(scored(wrong, silent=True)) == ("failed", "O-002")


def test_what_cocotb_lacks_is_known_by_its_name() -> None:
    gone = case("failed", kind="AttributeError", message="module 'cocotb' has no attribute 'fork'")
    assert state(scored(gone)) == ("unjudged", "O-021")
    log = b"ModuleNotFoundError: No module named 'cocotb.binary'"
    assert state(scored(log=log)) == ("unjudged", "O-021")
    log = b"ModuleNotFoundError: No module named 'cocotbext'"
    assert scored(log=log, sealed=False) == Score("failed", "O-022", {"package": "cocotbext"})
