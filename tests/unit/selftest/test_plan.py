"""[selftest] against the submission: everything wrong at once, and the plan of what will run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from verif.jobs.plan import Examined, Request, examine
from verif.selftest.plan import MAX_TESTS
from verif.testplan.plan import SELF_TEST, development_seed

DATA = Path(__file__).resolve().parents[2] / "data" / "opaque" / "mac"
MAKE = """TOPLEVEL_LANG = verilog
VERILOG_SOURCES = $(PWD)/../mac.sv
TOPLEVEL = mac
MODULE = mac_tests
EXTRA_ARGS = --trace -GWidth=8
PLUSARGS = +words=3
include $(shell cocotb-config --makefiles)/Makefile.sim
"""
BY_MAKE = ('modules = ["tests/mac_tests.py"]', 'makefile = "tests/Makefile"')


def examined(root: Path, *edits: tuple[str, str], make: str = MAKE) -> Examined:
    tree = root / "tree"
    shutil.copytree(DATA, tree)
    text = (tree / "assay.toml").read_text()
    for find, put in edits:
        assert text.count(find) == 1
        text = text.replace(find, put)
    (tree / "assay.toml").write_text(text)
    (tree / "tests" / "Makefile").write_text(make)
    return examine(tree, "assay.toml", Request("core-1", ("V1",), 10, 0))


def said(found: Examined) -> list[tuple[str, int]]:
    return [(one.rule, one.span.line) for one in found.diagnostics]


def test_each_test_that_counts_is_one_seed(tmp_path: Path) -> None:
    found = examined(tmp_path)
    assert found.plan is not None
    rows = {row.id: row for row in found.plan.testpoints if row.state == "planned"}
    assert set(rows) == {"LINT-01", SELF_TEST}
    assert rows[SELF_TEST].seeds == tuple(development_seed(SELF_TEST, index) for index in range(3))
    assert found.plan.batches == ()
    assert found.contract is not None
    plan = found.contract["selftest"]
    assert [test["name"] for test in plan["tests"]] == ["accumulates", "corners", "clears"]
    assert (plan["toplevel"], plan["folder"], plan["path"], plan["timeout_s"]) == ("mac", ".", ["tests", "."], 60)


def test_a_makefile_names_the_same_tests(tmp_path: Path) -> None:
    found = examined(tmp_path, BY_MAKE)
    assert said(found) == []
    assert found.contract is not None
    plan = found.contract["selftest"]
    assert [test["name"] for test in plan["tests"]] == ["accumulates", "corners", "clears"]
    assert (plan["folder"], plan["plusargs"]) == ("tests", ["+words=3"])
    assert [(site["file"], site["line"], site["found"]) for site in plan["drift"]] == [
        ("tests/Makefile", 4, "MODULE"),
        ("tests/Makefile", 3, "TOPLEVEL"),
    ]


@pytest.mark.parametrize(
    ("find", "put", "text"),
    [
        ("TOPLEVEL = mac", "TOPLEVEL = other", "other"),
        ("../mac.sv", "../other.sv", "other.sv"),
        ("-GWidth=8", "-GWidth=4", "-GWidth=4"),
        ("-GWidth=8", "-DFAST", "-DFAST"),
        ("-GWidth=8", "-I../include", "-I../include"),
        ("--trace", "--pipe-filter ./x", "--pipe-filter"),
        ("--trace", "-CFLAGS -DX", "-CFLAGS"),
        ("= verilog", "= vhdl", "vhdl"),
        ("+words=3", "+verilator+debug", "+verilator+debug"),
        ("+words=3", "--help", "--help"),
    ],
)
def test_nothing_but_the_design_of_the_manifest_is_tested(tmp_path: Path, find: str, put: str, text: str) -> None:
    assert MAKE.count(find) == 1
    found = examined(tmp_path, BY_MAKE, make=MAKE.replace(find, put))
    assert "E-MAN-145" in {one.rule for one in found.diagnostics}
    assert text in {one.args["found"] for one in found.diagnostics}
    assert found.plan is None


@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        (('modules = ["tests/mac_tests.py"]\n', ""), "E-MAN-141"),
        (("tests/mac_tests.py", "tests/test_max.py"), "E-MAN-142"),
        (("tests/mac_tests.py", "mac.sv"), "E-MAN-142"),
        (('modules = ["tests/mac_tests.py"]', 'makefile = "Makefile"'), "E-MAN-143"),
        (("[selftest]\n", '[selftest]\ntoplevel = "bench"\n'), "E-MAN-145"),
        (("[selftest]\n", '[[event]]\nid = "done"\nport = "q_o[0]"\n[selftest]\n'), "E-MAN-140"),
        (('[selftest]\nmodules = ["tests/mac_tests.py"]\ntimeout_s = 60\n', ""), "E-MAN-011"),
    ],
)
def test_a_self_test_that_says_too_little_or_too_much(tmp_path: Path, edit: tuple[str, str], rule: str) -> None:
    found = examined(tmp_path, edit)
    assert {one.rule for one in found.diagnostics} == {rule}
    assert found.plan is None


def test_more_tests_than_anybody_waits_for(tmp_path: Path) -> None:
    one = "@cocotb.test()\nasync def t{}(dut):\n    assert dut.q_o.value == 0\n"
    tree = tmp_path / "tree"
    shutil.copytree(DATA, tree)
    source = "import cocotb\n" + "".join(one.format(number) for number in range(MAX_TESTS + 1))
    (tree / "tests" / "mac_tests.py").write_text(source)
    (found,) = examine(tree, "assay.toml", Request("core-1", ("V1",), 10, 0)).diagnostics
    assert (found.rule, found.args["count"], found.args["limit"]) == ("E-MAN-146", str(MAX_TESTS + 1), str(MAX_TESTS))


def test_a_makefile_line_is_named(tmp_path: Path) -> None:
    found = examined(tmp_path, BY_MAKE, make=MAKE + "all:\n\techo\n")
    (one,) = [one for one in found.diagnostics if one.rule == "E-MAN-144"]
    assert one.args == {"file": "tests/Makefile", "line": "8", "text": "all:"}


def test_other_profiles_still_need_their_channels(tmp_path: Path) -> None:
    found = examined(tmp_path, ('profile = "opaque"', 'profile = "vr"'))
    assert {one.args["key"] for one in found.diagnostics} == {"clock", "reset", "channel", "operation"}
