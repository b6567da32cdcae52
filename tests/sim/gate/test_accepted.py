from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.domain.outcome import Outcome

pytestmark = pytest.mark.sim

PACKAGE = """package types;
  typedef enum logic [1:0] {Idle, Busy, Done} state_e;
  typedef struct packed { logic [3:0] high; state_e state; } word_t;
  function automatic int twice(int x); return 2 * x; endfunction
  localparam int Depth = twice(2);
endpackage
"""
INTERFACE = """interface bus #(parameter int W = 8) (input logic clk);
  logic [W-1:0] data; logic valid;
  modport source (output data, valid); modport sink (input data, valid, clk);
endinterface
module user (bus.sink b, output logic seen); always_ff @(posedge b.clk) seen <= b.valid; endmodule
"""
CLEAN: dict[str, tuple[str, str, str]] = {
    "package": ("types::word_t w; assign w = '{high: 4'd1, state: types::Busy};", PACKAGE, ""),
    "interface": ("bus #(4) b (clk_i); logic seen; user u (.b(b), .seen(seen));", "", INTERFACE),
    "generate": ("for (genvar i = 0; i < 3; i++) begin : g if (i == 1) begin : h wire x = a_data_i[i]; end end", "", ""),
    "assertions": (
        ("property p; @(posedge clk_i) disable iff (!rst_ni) a_valid_i && !a_ready_o |=> a_valid_i; endproperty\n"
        'assert property (p) else $error("dropped at %0t", $time);\n'
        "assume property (@(posedge clk_i) $stable(c_ready_i) || $past(c_valid_o) || $rose(a_valid_i));\n"
        "cover property (@(posedge clk_i) $fell(c_valid_o)); always_comb assert (!$isunknown(rst_ni));"),
        "", "",
    ),
    "display": ('initial begin $display("%m $system `line %0d", $bits(a_data_i)); $write("x\\n"); end', "", ""),
    "functions of the language": (
        ("localparam int A = $clog2(17) + $countones(4'b101) + $signed(3) + int'($onehot(2)) + $size(a_data_i);\n"
        "localparam real R = $sqrt(2.0); localparam int I = $rtoi(R * 4.0); wire [A+I:0] x = '0;"),
        "", "",
    ),
    "initial and checks": ('initial if (1 > 2) $fatal(1, "never"); if ($bits(a_data_i) != 16) $error("w");', "", ""),
    "tasks and loops": (
        ("function automatic logic [3:0] f(input logic [3:0] x); for (int i = 0; i < 4; i++) f[i] = x[3-i]; endfunction\n"
        "logic [3:0] y; always_comb begin : b y = f(a_data_i[3:0]); unique case (y) 4'd0: y = 4'd1; default: ; endcase\n"
        "end"),
        "", "",
    ),
    "macros": (("`define NAME(x) x``_q\n`define MAX(a, b) ((a) > (b) ? (a) : (b))\nlogic [`MAX(3, 4):0] `NAME(k); "
               '`define SHOW(x) $display(`"x`")\n initial `SHOW(k);'), "", ""),
    "memory and arrays": (("logic [7:0] m [16]; logic [1:0][3:0] p; always_ff @(posedge clk_i) begin "
                           "m[a_data_i[3:0]] <= 8'd1; p[0] <= 4'd2; end"), "", ""),
    "comments": ("// $system `line $fopen assay_sink force \uac00\ub098 'VERILATOR'\n/* bind \n $finish */ wire x;", "", ""),
    "hierarchy inside": ("wire x = u.q; inner u ();", "", "module inner; logic q; initial q = 1; endmodule\n"),
    "directives": ("wire x;", "`timescale 1ns/1ps\n`default_nettype none\n", "`default_nettype wire\n`resetall\n"),
    "guards": ("wire x;", "`ifndef GUARD\n`define GUARD\nlocalparam int G = 1;\n`endif\n", ""),
    "escaped identifiers": ("wire \\a$(touch,x) ; wire \\<b>hi</b> = \\a$(touch,x) ; wire \\;rm = 1;", "", ""),
    "class": ("", "", "class c; int x; function new(); x = 1; endfunction endclass\n"),
    "a known instance name": ("wire x = sink1.q; inner sink1 ();", "", "module inner; logic q; initial q = 1; endmodule\n"),
}  # fmt: skip


@pytest.mark.parametrize("case", CLEAN)
def test_clean_text_passes(gate: Any, case: str) -> None:
    body, before, after = CLEAN[case]
    result = gate.run(gate.design(body, before=before, after=after))
    assert result.findings == ()
    assert result.outcome is Outcome.PASSED


def test_an_own_table_passes(gate: Any) -> None:
    files = gate.design('logic [7:0] m[2]; initial $readmemh("tables/t.hex", m);') | {"tables/t.hex": b"00\n01\n"}
    assert gate.run(files).findings == ()


def test_an_include_inside_the_submission_passes(gate: Any) -> None:
    files = gate.design('`include "sub/h.svh"\n`include "../other/k.svh"\nwire y = `K;')
    files |= {"inc/sub/h.svh": b"wire x;\n", "other/k.svh": b"`define K 1'b1\n"}
    assert gate.run(files, include_dirs=["inc"]).findings == ()


def test_files_that_are_not_part_of_the_design_are_not_judged(gate: Any) -> None:
    files = gate.design("") | {"tb/tb.sv": b"module tb; initial $finish; endmodule\n", "notes.bin": b"\0\xff"}
    assert gate.run(files, include_dirs=["."]).findings == ()


SIMULATION_ONLY = """`ifndef SYNTHESIS
  initial begin : check if ($bits(a_data_i) < 2) $fatal(1, "width"); end
  a_keep: assert property (@(posedge clk_i) disable iff (!rst_ni) a_valid_i && !a_ready_o |=> $stable(a_data_i))
    else $error("changed");
  cover property (@(posedge clk_i) c_valid_o <= a_valid_i);
`endif
  assert property (@(posedge clk_i) c_valid_o || !c_valid_o);
"""


def test_assertions_that_synthesis_does_not_see_are_a_note(gate: Any) -> None:
    result = gate.run(gate.design(SIMULATION_ONLY))
    assert [(finding.rule, finding.severity) for finding in result.findings] == [("G-032", "note")]
    assert result.outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "line",
    [
        "assign c_extra = 1;",
        "always_ff @(posedge clk_i) c_extra <= 1;",
        "initial c_extra = 1;",
        "assert property (@(posedge clk_i) change(a_valid_i));",
        'initial $display("%d", c_extra++);',
        "assert property (@(posedge clk_i) a_valid_i) c_extra = 1;",
    ],
)  # fmt: skip
def test_anything_else_that_synthesis_does_not_see_is_refused(gate: Any, line: str) -> None:
    body = "logic c_extra; function automatic logic change(input logic x); return x; endfunction\n"
    assert gate.rules(gate.design(f"{body}`ifndef SYNTHESIS\n{line}\n`endif\n")) == {"G-031"}


@pytest.mark.parametrize("manifest", ["assay.toml", "assay-n4.toml"])
def test_the_reference_design_passes_quickly(gate: Any, gemm: Callable[[str], Any], manifest: str) -> None:
    files, contract = gemm(manifest)
    result = gate.run(files, **contract)
    assert result.outcome is Outcome.PASSED
    assert {finding.rule for finding in result.findings} == {"E-MAN-090"}
    assert result.metrics["gate_cpu_s"] < 3.0
