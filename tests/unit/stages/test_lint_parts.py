from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.outcome import Outcome
from pipeline.errors import InfrastructureError
from pipeline.stages.lint import LintStage, arguments, read_messages
from pipeline.stages.lint_rules import REMARKS, rule_of
from pipeline.stages.waivers import without_waivers

SOURCES = {"a.sv": b"module a;\n  logic q;\nendmodule\n"}
CONTRACT = {"top": "a", "parameters": {}, "defines": [], "include_dirs": [], "files": ["a.sv"]}
PIECES = st.sampled_from(
    [
        b"//",
        b"/*",
        b"*/",
        b" ",
        b"\n",
        b"\t",
        b"verilator",
        b"Verilator",
        b"lint_off",
        b"lint_on",
        b"public",
        b"X",
        b'"',
        b"\xff",
    ]
)


def test_waivers_are_found_in_every_spelling_and_taken_out() -> None:
    text = (
        b"// verilator lint_off UNUSEDSIGNAL\n"
        b"/*verilator lint_off WIDTH*/ logic a; /* Verilator\tlint_off LATCH */\n"
        b"  //verilatorlint_off UNDRIVEN\n"
        b"logic b /*verilator public_flat_rw*/, c /* verilator forceable */;\n"
        b"// verilator lint_on UNUSEDSIGNAL\n"
        b"// verilator timing_off\n"
        b"// verily not\n"
    )
    copy, found = without_waivers({"a.sv": text, "b.sv": b"module b; endmodule\n"})
    assert [(w.line, w.column, w.text) for w in found] == [
        (1, 1, "lint_off UNUSEDSIGNAL"),
        (2, 1, "lint_off WIDTH"),
        (2, 39, "lint_off LATCH"),
        (3, 3, "lint_off UNDRIVEN"),
        (4, 9, "public_flat_rw"),
        (4, 41, "forceable"),
        (6, 1, "timing_off"),
    ]
    assert {waiver.file for waiver in found} == {"a.sv"}
    assert len(copy["a.sv"]) == len(text)
    assert b"verilator" not in copy["a.sv"].lower()
    assert b"lint_on" in copy["a.sv"]
    assert copy["b.sv"] == b"module b; endmodule\n"


@given(st.lists(PIECES, max_size=30).map(b"".join))
def test_taking_waivers_out_keeps_every_place(text: bytes) -> None:
    copy, _found = without_waivers({"a.sv": text})
    again, left = without_waivers(copy)
    assert [len(line) for line in copy["a.sv"].split(b"\n")] == [len(line) for line in text.split(b"\n")]
    assert (again, left) == (copy, ())


@pytest.mark.parametrize(
    ("code", "text", "rule"),
    [
        ("", "syntax error", "L-001"),
        ("MODMISSING", "Cannot find file containing module: 'x'", "L-002"),
        ("LATCH", "", "L-003"),
        ("UNOPTFLAT", "", "L-004"),
        ("MULTIDRIVEN", "", "L-005"),
        ("BLKSEQ", "", "L-006"),
        ("COMBDLY", "", "L-006"),
        ("UNDRIVEN", "", "L-007"),
        ("IMPLICIT", "", "L-007"),
        ("PINMISSING", "", "L-008"),
        ("WIDTHTRUNC", "Input port connection 'd' expects 4 bits", "L-008"),
        ("WIDTHTRUNC", "Operator ADD expects 8 bits", "L-020"),
        ("SELRANGE", "", "L-009"),
        ("BRANDNEW", "", "L-009"),
        ("DECLFILENAME", "", "L-020"),
    ],
)
def test_rules_of_messages(code: str, text: str, rule: str) -> None:
    assert rule_of(code, text, error=not code) == rule


def test_an_error_is_never_a_remark() -> None:
    assert {rule_of(code, "", error=True) for code in REMARKS} == {"L-001"}


def test_messages_are_read_once_each_with_their_places() -> None:
    log = (
        b"%Warning-LATCH: tree/a.sv:2:9: Latch inferred for signal 'q'\n"
        b"                ... note: In instance 'a'\n"
        b"%Warning-LATCH: tree/a.sv:2:9: Latch inferred for signal 'q'\n"
        b"  %Error: tree/a.sv:1:1: not at the beginning of a line\n"
        b"%Error: tree/gone.sv:99999:1: beyond the end\n"
        b"%Error: tree/../../etc/passwd:1:1: \x1b[31mred\n"
        b"%Error: Specified --top-module 'a' was not found in design.\n"
        b"%Error: Exiting due to 3 error(s)\n"
    )
    found = list(read_messages(log, SOURCES))
    assert [(item.rule, item.code) for item in found] == [("L-003", "LATCH"), ("L-001", ""), ("L-001", ""), ("L-001", "")]
    place = found[0].location
    assert place is not None
    assert (place.line, place.column, place.length, place.source) == (2, 9, 1, "  logic q;")
    assert found[2].text == "?[31mred"
    assert found[2].location is not None
    assert found[2].location.source == ""
    assert found[3].location is None


def test_parameters_and_folders_of_the_contract_are_arguments() -> None:
    contract = CONTRACT | {"parameters": {"N": -3, "L": 1 << 40, "M": -(1 << 40)}, "defines": ["A=1"], "include_dirs": ["i"]}
    words = arguments(contract)
    assert words[-6:] == ("-GN=-3", "-GL=64'sh10000000000", "-GM=64'shffffff0000000000", "-DA=1", "-Itree/i", "tree/a.sv")
    assert words[words.index("--top-module") + 1] == "a"
    assert "-Wall" in words


@pytest.mark.parametrize("end", [("signalled", 11), ("exited", 1), ("cancelled", 0), ("exited", 127)])
def test_a_tool_that_falls_over_is_ours(make_context: Any, kit: ModuleType, end: tuple[str, int]) -> None:
    context = make_context.lint(SOURCES, json.dumps(CONTRACT).encode(), lambda _job: kit.ended(*end))
    with pytest.raises(InfrastructureError, match="P-505"):
        LintStage().run(context)


def test_an_internal_error_is_ours_also_beside_others(make_context: Any, kit: ModuleType) -> None:
    log = b"%Error: Internal Error: tree/a.sv:1:1: ../V3Ast.cpp:99: oops\n%Error: tree/a.sv:1:1: x\n"
    context = make_context.lint(SOURCES, json.dumps(CONTRACT).encode(), lambda _job: kit.ended("exited", 1, log))
    with pytest.raises(InfrastructureError, match="P-505"):
        LintStage().run(context)


def test_only_a_cap_that_repeats_is_held_against_the_design(make_context: Any, kit: ModuleType) -> None:
    ends = [("log", 0), ("exited", 0)]
    context = make_context.lint(SOURCES, json.dumps(CONTRACT).encode(), lambda _job: kit.ended(*ends.pop(0)))
    assert LintStage().run(context).outcome is Outcome.PASSED
    ends = [("wall", 0), ("wall", 0)]
    context = make_context.lint(SOURCES, json.dumps(CONTRACT).encode(), lambda _job: kit.ended(*ends.pop(0)))
    result = LintStage().run(context)
    assert [(f.rule, f.args["cause"]) for f in result.findings] == [("L-010", "wall")]
    assert (result.testpoints[0].executed, result.testpoints[0].judged, result.testpoints[0].failed) == (1, 1, 1)


def test_a_flood_of_findings_is_cut_and_counted(make_context: Any, kit: ModuleType) -> None:
    log = b"".join(b"%%Warning-LATCH: tree/a.sv:2:9: signal %d\n" % number for number in range(250))
    context = make_context.lint(SOURCES, json.dumps(CONTRACT).encode(), lambda _job: kit.ended("exited", 0, log))
    result = LintStage().run(context)
    assert result.outcome is Outcome.FAILED
    assert [f.rule for f in result.findings] == ["L-003"] * 100 + ["L-022"]
    assert result.findings[-1].args["count"] == "150"


def test_the_linted_copy_holds_no_waiver(make_context: Any, kit: ModuleType) -> None:
    seen: list[bytes] = []

    def script(job: Any) -> Any:
        seen.append((Path(job.work) / "tree" / "a.sv").read_bytes())
        return kit.ended("exited", 0)

    files = {"a.sv": b"// verilator lint_off LATCH\n" + SOURCES["a.sv"]}
    result = LintStage().run(make_context.lint(files, json.dumps(CONTRACT).encode(), script))
    assert seen == [files["a.sv"].replace(b"verilator", b"-assay---")]
    assert [(f.rule, f.severity, f.args["count"], f.args["places"]) for f in result.findings] == [
        ("L-021", "note", "1", "a.sv:1 (lint_off LATCH)")
    ]
    assert result.outcome is Outcome.PASSED
