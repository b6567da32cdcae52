"""The linter over real Verilator: what keeps a design from sign-off, what does not, and what no comment can change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.evidence import Evidence
from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StageResult
from pipeline.stages.lint import LintStage
from verif.jobs.plan import Request, examine

pytestmark = [pytest.mark.sim, pytest.mark.xdist_group("sim")]
GEMM = Path(__file__).resolve().parents[2] / "rtl" / "gemm_axis"
HEAD = "module top (input logic clk_i, input logic [7:0] x_i, output logic [7:0] y_o);\n"
CLEAN = "  always_ff @(posedge clk_i) y_o <= x_i;\n"
SUB = "module sub (input logic [3:0] d_i, output logic [7:0] q_o);\n  assign q_o = {d_i, d_i};\nendmodule\n"
SILENCED = (
    "LATCH", "UNOPTFLAT", "MULTIDRIVEN", "BLKSEQ", "UNDRIVEN", "IMPLICIT", "WIDTH", "PINMISSING", "SELRANGE", "STMTDLY",
)  # fmt: skip
FAULTS = {
    "syntax": ("  assign y_o = = x_i;\n", "L-001", 2),
    "black box": ("  vendor_ip u (.d(x_i), .q(y_o));\n", "L-002", 2),
    "latch": ("  always_comb if (clk_i) y_o = x_i;\n", "L-003", 2),
    "loop": ("  logic [7:0] a;\n  assign a = y_o ^ x_i;\n  assign y_o = a & {8{clk_i}};\n", "L-004", 1),
    "drivers": ("  always_ff @(posedge clk_i) y_o <= x_i;\n  always_ff @(negedge clk_i) y_o <= ~x_i;\n", "L-005", 1),
    "blocking": ("  always_ff @(posedge clk_i) y_o = x_i;\n", "L-006", 2),
    "undriven": ("  logic [7:0] a;\n  assign y_o = x_i ^ a ^ {8{clk_i}};\n", "L-007", 2),
    "implicit": ("  assign late = clk_i;\n  assign y_o = x_i ^ {8{late}};\n", "L-007", 2),
    "width at a pin": ("  sub u (.d_i(x_i), .q_o(y_o));\n", "L-008", 2),
    "pin missing": ("  sub u (.q_o(y_o));\n", "L-008", 2),
    "select": ("  assign y_o = {7'd0, x_i[8]} ^ {8{clk_i}};\n", "L-009", 2),
    "delay": ("  always_ff @(posedge clk_i) y_o <= #1 x_i;\n", "L-009", 2),
}


def lint(bench: Any, files: Mapping[str, bytes], contract: Mapping[str, Any]) -> StageResult:
    context = bench.context(files, "lint")
    data = json.dumps(contract).encode()
    left = dict(context.evidence["intake"]) | {"contract": Evidence("contract", context.blobs.put(data), "", 0)}
    return LintStage().run(replace(context, evidence={"intake": left}))


def lint_text(bench: Any, text: str, **contract: Any) -> StageResult:
    about = {"top": "top", "parameters": {}, "defines": [], "include_dirs": [], "files": ["top.sv", "sub.sv"]}
    return lint(bench, {"top.sv": text.encode(), "sub.sv": SUB.encode()}, about | contract)


def errors(result: StageResult) -> set[tuple[str, int]]:
    return {(f.rule, f.location.line if f.location else 0) for f in result.findings if f.severity == "error"}


@pytest.mark.parametrize("manifest", ["assay.toml", "assay-n4.toml"])
def test_the_reference_design_is_clean(bench: Any, manifest: str) -> None:
    found = examine(GEMM, manifest, Request("core-1", ("V1",), 1, 0))
    assert found.contract is not None
    files = {path.relative_to(GEMM).as_posix(): path.read_bytes() for path in GEMM.rglob("*.sv")}
    result = lint(bench, files, found.contract)
    assert (result.outcome, result.findings) == (Outcome.PASSED, ())
    count = result.testpoints[0]
    assert (count.testpoint, count.executed, count.judged, count.failed, count.checks) == ("LINT-01", 1, 1, 0, 8)


def test_a_clean_design_passes(bench: Any) -> None:
    result = lint_text(bench, HEAD + CLEAN + "endmodule\n", files=["top.sv"])
    assert (result.outcome, result.findings) == (Outcome.PASSED, ())


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_fails_with_its_line(bench: Any, fault: str) -> None:
    text, rule, line = FAULTS[fault]
    result = lint_text(bench, HEAD + text + "endmodule\n")
    assert result.outcome is Outcome.FAILED
    assert (rule, line) in errors(result)
    assert result.testpoints[0].failed == 1
    shown = next(f.location for f in result.findings if f.rule == rule)
    assert shown is not None
    assert shown.source == (HEAD + text).splitlines()[shown.line - 1]


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"syntax", "black box"}))
@pytest.mark.parametrize("order", ["// verilator lint_off {}", "/*Verilator lint_off {}*/", "//verilatorlint_off {}"])
def test_no_comment_lowers_the_rule(bench: Any, fault: str, order: str) -> None:
    text, rule, _line = FAULTS[fault]
    orders = "\n".join(order.format(code) for code in SILENCED) + "\n"
    result = lint_text(bench, orders + HEAD + text + "endmodule\n")
    assert rule in {found for found, _line in errors(result)}
    assert [f.args["count"] for f in result.findings if f.rule == "L-021"] == [str(len(SILENCED))]


def test_a_public_signal_is_still_undriven(bench: Any) -> None:
    text = FAULTS["undriven"][0].replace("a;", "a /*verilator public_flat_rw*/;")
    assert ("L-007", 2) in errors(lint_text(bench, HEAD + text + "endmodule\n"))


def test_style_is_a_note(bench: Any) -> None:
    text = HEAD + "  logic unused, unread;\n  assign unread = clk_i;\n  assign y_o = x_i;\nendmodule"
    result = lint_text(bench, text)
    assert result.outcome is Outcome.PASSED
    notes = {f.args["code"]: (f.severity, f.args["count"]) for f in result.findings}
    assert {"EOFNEWLINE", "UNUSEDSIGNAL"} <= set(notes)
    assert {severity for severity, _count in notes.values()} == {"note"}


def test_parameters_and_defines_reach_the_design(bench: Any) -> None:
    text = (
        HEAD.replace("top (", "top #(parameter int N = 1) (")
        + "`ifdef LOUD\n  if (N == -3) begin : g_bad\n    vendor u ();\n"
    )
    text += "  end\n`endif\n" + CLEAN + "endmodule\n"
    assert errors(lint_text(bench, text)) == set()
    assert errors(lint_text(bench, text, parameters={"N": -3})) == set()
    assert errors(lint_text(bench, text, parameters={"N": -3}, defines=["LOUD=1"])) == {("L-002", 4)}
    assert errors(lint_text(bench, text, parameters={"NO": 1})) == {("L-001", 0)}


def test_a_forged_message_hides_nothing(bench: Any) -> None:
    text = HEAD + '  $warning("\\n%%Error: Exiting due to 0 error(s)\\n");\n' + FAULTS["latch"][0] + "endmodule\n"
    assert ("L-003", 3) in errors(lint_text(bench, text))
