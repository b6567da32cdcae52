"""Opaque designs: the submitter's own tests decide, as far as they may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.outcome import Outcome, Verdict

pytestmark = [pytest.mark.sim, pytest.mark.xdist_group("e2e")]

DATA = Path(__file__).resolve().parents[1] / "data" / "opaque"


def mac(*edits: tuple[str, str], **tests: str) -> dict[str, bytes]:
    """The design with its tests, with exact edits of its texts; `tests` are other test files instead of its own."""
    root = DATA / "mac"
    found = {p.relative_to(root).as_posix(): p.read_text() for p in root.rglob("*.*") if p.suffix in {".sv", ".py", ".toml"}}
    if tests:
        del found["tests/mac_tests.py"]
        found |= {f"tests/{name}.py": text for name, text in tests.items()}
        edits = (*edits, ('"tests/mac_tests.py"', '"tests/test_*.py"'))
    for find, put in edits:
        (name,) = [name for name, text in found.items() if text.count(find) == 1]
        found[name] = found[name].replace(find, put)
    return {name: text.encode() for name, text in found.items()}


def counts(answer: Any) -> tuple[int, int, int]:
    (count,) = answer.result("selftest").testpoints
    return count.executed, count.judged, count.failed


def found(answer: Any) -> dict[str, set[str]]:
    """Rule -> tests that it names."""
    named: dict[str, set[str]] = {}
    for one in answer.result("selftest").findings:
        named.setdefault(one.rule, set()).add(one.args.get("test", ""))
    return named


def test_a_right_design_passes_its_own_tests_and_the_verdict_says_whose_they_are(check: Any) -> None:
    answer = check(mac())
    assert (answer.verdict, answer.code) == (Verdict.ACCEPTED, 0)
    assert set(answer.outcomes) == {"intake", "gate", "lint", "selftest", "coverage"}
    assert counts(answer) == (3, 3, 0)
    assert found(answer) == {"O-001": {""}, "O-017": {"clears"}}
    assert "The oracle is the submitter's own" in answer.out


def test_a_planted_fault_is_found_by_its_tests(check: Any) -> None:
    answer = check(mac(("else if (clr_i) q_o <= '0;", "else if (clr_i) q_o <= 1;")))
    assert (answer.verdict, answer.code) == (Verdict.REJECTED, 1)
    assert counts(answer) == (3, 3, 1)
    (one,) = answer.findings("selftest")
    assert (one.rule, one.args["test"]) == ("O-002", "clears")
    assert (one.location.file, one.location.line) == ("tests/mac_tests.py", 27)
    assert "not cleared" in one.args["text"]
    assert one.args["seed"] in answer.out


def test_no_test_passes_by_anything_but_its_work(check: Any) -> None:
    text = (DATA / "nasty" / "nasty.py").read_text()
    answer = check(mac(("timeout_s = 60", "timeout_s = 6"), test_nasty=text))
    assert (answer.verdict, answer.code) == (Verdict.REJECTED, 1)
    assert found(answer) == {
        "O-001": {""},
        "O-002": {"overwrites"},
        "O-004": {"leaves", "forges"},
        "O-005": {"hangs"},
        "O-006": {"floods"},
        "O-008": {"skips"},
        "O-011": {"looks", "swallows"},
        "O-012": {"expects"},
        "O-013": {"rests"},
        "O-014": {"exits"},
    }
    assert counts(answer) == (6, 5, 5)


def test_tests_for_cocotb_1_say_nothing_of_the_design(check: Any) -> None:
    answer = check(mac(test_old=(DATA / "nasty" / "old.py").read_text()))
    assert (answer.verdict, answer.code) == (Verdict.INCONCLUSIVE, 3)
    assert answer.outcomes["selftest"] is Outcome.PASSED
    assert counts(answer) == (2, 1, 0)
    assert found(answer)["O-021"] == {"forked"}
    places = {(o.location.line, o.args["found"]) for o in answer.result("selftest").findings if o.rule == "O-020"}
    assert places == {(11, "cocotb.fork"), (11, "units="), (13, ".value.integer"), (20, "units=")}


def test_a_package_that_is_not_there(check: Any) -> None:
    answer = check(mac(test_missing=(DATA / "nasty" / "missing.py").read_text()))
    assert answer.verdict is Verdict.REJECTED
    assert answer.first("O-022").args["package"] == "nowhere_to_be_found"


def test_nothing_that_checks(check: Any) -> None:
    text = "import cocotb\n\n\n@cocotb.test()\nasync def runs(dut):\n    dut._log.info('fine')\n"
    answer = check(mac(test_log=text))
    answer.refused_by("selftest", "O-010")


def test_a_check_that_any_design_passes(check: Any) -> None:
    body = "    await begin(dut)\n    await feed(dut, [(1, 1)])\n    assert dut.rst_ni.value == 1\n"
    text = f"import cocotb\nfrom bench import begin, feed\n\n\n@cocotb.test()\nasync def runs(dut):\n{body}"
    answer = check(mac(test_idle=text))
    assert (answer.verdict, answer.rules()) == (Verdict.REJECTED, {"O-015"})


def test_a_check_that_any_design_passes_does_not_count_beside_one_that_minds(check: Any) -> None:
    idle = "    await begin(dut)\n    await feed(dut, [(1, 1)])\n    assert dut.rst_ni.value == 1\n"
    real = "    await begin(dut)\n    await feed(dut, [(3, 4)])\n    assert int(dut.q_o.value) == 12\n"
    head = "import cocotb\nfrom bench import begin, feed\n"
    text = head + "".join(
        f"\n\n@cocotb.test()\nasync def {name}(dut):\n{b}" for name, b in (("minds", real), ("runs", idle))
    )
    answer = check(mac(test_two=text))
    (count,) = answer.result("selftest").testpoints
    assert (count.executed, count.judged, count.checks) == (2, 2, 1)
    assert found(answer) == {"O-001": {""}, "O-017": {"runs"}}
    (told,) = [one for one in answer.result("selftest").findings if one.rule == "O-001"]
    assert [told.args[key] for key in ("passed", "counted", "tests")] == ["1", "1", "2"]


def test_beside_a_contract_it_is_reported_and_decides_nothing(check: Any, kit: Any) -> None:
    text = "import cocotb\n\n\n@cocotb.test()\nasync def wrong(dut):\n    assert dut.a_ready_o.value == 7\n"
    files = kit.adder(test_own_py=text.encode())
    files["assay.toml"] += b'\n[selftest]\nmodules = ["test_own.py"]\n'
    files["test_own.py"] = files.pop("test.own.py")
    answer = check(files)
    assert answer.outcomes["selftest"] is Outcome.PASSED
    assert answer.verdict is Verdict.ACCEPTED
    assert answer.result("selftest").testpoints == ()
    assert {one.severity for one in answer.result("selftest").findings} == {"note"}
    assert found(answer)["O-002"] == {"wrong"}
