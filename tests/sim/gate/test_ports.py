from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.domain.outcome import Outcome
from pipeline.errors import InfrastructureError
from pipeline.ports import SandboxJob, SandboxResult
from pipeline.stages import tree
from pipeline.stages.elaborate import Design, Elaborator
from pipeline.stages.gate import GateStage
from pipeline.stages.outputs import unpack_tree
from pipeline.stages.verilate import TREE

pytestmark = pytest.mark.sim

TYPES = """package p;
  typedef enum logic [1:0] {A, B} e_t;
  typedef struct packed {logic [3:0] a; e_t b;} s_t;
  typedef union packed {logic [4:0] a; logic [4:0] b;} u_t;
endpackage
module t #(parameter int W = 4, parameter type T = logic [2:0]) (
  input clk, input wire [W-1:0] a, input p::s_t s, output p::e_t e, output logic [1:0][3:0] m, output T t,
  output logic signed [7:0] g, input int i, input bit b, output reg [7:0] r, input [0:6] up, input p::e_t [1:0] ea,
  input p::u_t u, input p::s_t [W-1:0] sa, input integer ii, input byte by, input longint li, output var logic \\plain ,
  inout wire io, input logic a__DOT__b);
endmodule
"""
WIDTHS = {
    "clk": 1, "a": 6, "s": 6, "e": 2, "m": 8, "t": 3, "g": 8, "i": 32, "b": 1, "r": 8, "up": 7, "ea": 4, "u": 5, "sa": 36,
    "ii": 32, "by": 8, "li": 64, "plain": 1, "io": 1, "a__DOT__b": 1,
}  # fmt: skip


def elaborator(gate: Any, files: dict[str, bytes], **contract: Any) -> tuple[Elaborator, Any]:
    context = gate.context(files, contract)
    unpack_tree(context.read("intake", "tree"), context.work / TREE)
    return Elaborator(context, Design.from_json(context.read("intake", "contract"))), context


def found_ports(gate: Any, text: str, **contract: Any) -> list[tree.FoundPort]:
    tool, context = elaborator(gate, {"dut.sv": text.encode()}, top="t", **contract)
    alone = tool.alone(context.work)
    module = tree.top_module(alone, "t")
    assert module is not None
    return tree.ports(alone, module)


def test_widths_and_directions_of_all_packed_types(gate: Any) -> None:
    ports = found_ports(gate, TYPES, parameters={"W": 6})
    assert {port.name: port.width for port in ports} == WIDTHS
    assert [port.name for port in ports] == list(WIDTHS)
    outputs = {"e", "m", "t", "g", "r", "plain"}
    assert {port.name: port.dir for port in ports} == {
        name: "out" if name in outputs else "inout" if name == "io" else "in" for name in WIDTHS
    }


def test_ports_declared_below_the_header(gate: Any) -> None:
    ports = found_ports(gate, "module t(b, a); input [3:0] a; output b; reg b; endmodule\n")
    assert {(port.name, port.dir, port.width) for port in ports} == {("a", "in", 4), ("b", "out", 1)}


@pytest.mark.parametrize(
    ("port", "name", "construct"),
    [
        ("input logic x [4]", "x", "unpacked array"),
        ("input real x", "x", "real"),
        ("input string x", "x", "string"),
        ("input chandle x", "x", "chandle"),
        ("bus x", "x", "interface"),
        ("ref logic x", "x", "ref"),
        ("input logic \\x$(id) ", "\\x$(id) ", "escaped identifier"),
    ],
)
def test_ports_that_cannot_be_bound_are_named(gate: Any, port: str, name: str, construct: str) -> None:
    files = gate.design("")
    files["dut.sv"] = f"interface bus; logic y; endinterface\nmodule dut ({port}); endmodule\n".encode()
    (found,) = gate.errors(files)
    assert (found.rule, found.args) == ("G-050", {"name": name, "text": construct})
    assert found.location.line == 2


def test_the_evidence_lists_the_ports_in_order(gate: Any) -> None:
    ports = gate.ports(gate.design(""))
    assert list(ports) == [
        "clk_i", "rst_ni", "a_data_i", "a_valid_i", "a_ready_o", "c_data_o", "c_valid_o", "c_ready_i",
    ]  # fmt: skip
    assert ports["a_data_i"] == {"dir": "in", "width": 16}
    assert ports["c_valid_o"] == {"dir": "out", "width": 1}


def test_parameters_of_the_contract_are_applied(gate: Any, gemm: Callable[[str], Any]) -> None:
    wide, narrow = (gate.ports(*_call(gemm(name))) for name in ("assay.toml", "assay-n4.toml"))
    assert (wide["s_axis_a_tdata"]["width"], narrow["s_axis_a_tdata"]["width"]) == (64, 32)


def _call(loaded: Any) -> Any:
    raise NotImplementedError(loaded)
