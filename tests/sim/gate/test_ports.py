from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.domain.outcome import Outcome
from pipeline.errors import InfrastructureError
from pipeline.ports import SandboxJob, SandboxResult
from pipeline.stages import design_ports, tree
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
GOOD_PORTS = b"""{"clk_i": {"dir": "in", "width": 1}, "rst_ni": {"dir": "in", "width": 1},
"a_data_i": {"dir": "in", "width": 16}, "a_valid_i": {"dir": "in", "width": 1}, "a_ready_o": {"dir": "out", "width": 1},
"c_data_o": {"dir": "out", "width": 16}, "c_valid_o": {"dir": "out", "width": 1}, "c_ready_i": {"dir": "in", "width": 1}}"""
WIDTHS = {
    "clk": 1, "a": 6, "s": 6, "e": 2, "m": 8, "t": 3, "g": 8, "i": 32, "b": 1, "r": 8, "up": 7, "ea": 4, "u": 5, "sa": 36,
    "ii": 32, "by": 8, "li": 64, "plain": 1, "io": 1, "a__DOT__b": 1,
}  # fmt: skip


def elaborator(gate: Any, files: dict[str, bytes], **contract: Any) -> tuple[Elaborator, Any]:
    context = gate.context(files, contract)
    unpack_tree(context.read("intake", "tree"), context.work / TREE)
    return Elaborator(context, Design.from_json(context.read("intake", "contract"))), context


def found_ports(gate: Any, text: str, **contract: Any) -> list[design_ports.FoundPort]:
    tool, context = elaborator(gate, {"dut.sv": text.encode()}, top="t", **contract)
    alone = tool.alone(context.work)
    module = tree.top_module(alone, "t")
    assert module is not None
    return design_ports.ports(alone, module)


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
        ("input logic x [4097]", "x", "unpacked array of more than 4096 elements"),
        ("input real x [4]", "x", "real"),
        ("input real x", "x", "real"),
        ("input string x", "x", "string"),
        ("bus x [2]", "x", "interface"),
        ("interface x", "x", "generic interface"),
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
    widths = []
    for manifest in ("assay.toml", "assay-n4.toml"):
        files, contract = gemm(manifest)
        widths.append(gate.ports(files, **contract)["s_axis_a_tdata"]["width"])
    assert widths == [64, 32]


def test_a_contract_that_does_not_fit_is_shown_in_the_manifest(gate: Any) -> None:
    files = gate.design("")
    files["assay.toml"] = files["assay.toml"].replace(b'valid = "c_valid_o"', b'valid = "c_valid"')
    found = gate.errors(files)
    assert found[0].rule == "E-MAN-080"
    where = found[0].location
    assert (where.file, where.column, where.length, where.source) == ("assay.toml", 10, 7, 'valid = "c_valid"')


def test_an_input_that_nobody_drives_is_refused_and_an_unused_output_noted(gate: Any) -> None:
    files = gate.design("")
    more = b"input logic c_ready_i,\n  input logic extra_i,\n  output logic extra_o\n"
    files["dut.sv"] = files["dut.sv"].replace(b"input  logic        c_ready_i\n", more)
    result = gate.run(files)
    assert {(finding.rule, finding.severity) for finding in result.findings} == {
        ("E-MAN-089", "error"),
        ("E-MAN-090", "note"),
    }


NODES = {
    "system": ('initial $system("id");', "G-010"),
    "system as a function": ('int x; initial x = $system("id");', "G-010"),
    "inline c": ('initial $c("foo();");', "G-010"),
    "inline c as an expression": ('wire [31:0] x = $c32("1");', "G-010"),
    "open": ('int f; initial f = $fopen("x");', "G-011"),
    "write": ('initial $fdisplay(1, "x");', "G-011"),
    "write a memory": ('logic [7:0] m[2]; final $writememh("x", m);', "G-011"),
    "waves": ("initial $dumpvars;", "G-012"),
    "command line": ('int x; initial if ($test$plusargs("x")) x = 1;', "G-014"),
    "finish": ("initial $finish;", "G-015"),
    "random": ("int x; initial x = $random;", "G-016"),
    "random case": ("int x; initial randcase 1: x = 1; 2: x = 2; endcase", "G-016"),
    "table of the host": ('logic [7:0] m[2]; initial $readmemh("/etc/passwd", m);', "G-018"),
    "dpi import": ('import "DPI-C" function int getpid(); int x; initial x = getpid();', "G-020"),
    "dpi export": ('export "DPI-C" function f; function void f(); endfunction', "G-020"),
    "force": ("logic k; initial force k = 1;", "G-021"),
    "release": ("logic k; initial release k;", "G-021"),
    "procedural assign": ("logic k; initial assign k = 1;", "G-021"),
    "deassign": ("logic k; initial deassign k;", "G-021"),
}


@pytest.mark.parametrize("case", NODES)
def test_the_tree_shows_what_text_could_hide(gate: Any, case: str) -> None:
    body, rule = NODES[case]
    tool, context = elaborator(gate, gate.design(body))
    sights = list(tree.refused_nodes(tool.alone(context.work), frozenset({"dut.sv"})))
    assert {(sight.rule, sight.file) for sight in sights} == {(rule, "tree/dut.sv")}


def test_the_tree_of_the_tools_own_library_is_not_held_against_a_design(gate: Any) -> None:
    tool, context = elaborator(gate, gate.design("mailbox #(int) m; initial m = new;"))
    alone = tool.alone(context.work)
    assert any(node["type"] == "CSTMTUSER" for node in tree.walk(alone.tree))
    assert list(tree.refused_nodes(alone, frozenset())) == []


def test_our_own_names_are_refused_in_the_tree(gate: Any) -> None:
    tool, context = elaborator(gate, gate.design("assay_sink u ();", after="module assay_sink; endmodule\n"))
    assert {sight.rule for sight in tree.refused_nodes(tool.alone(context.work), frozenset())} == {"G-024"}


REACHES_OUT = {
    "read": "wire x = sink1.valid_i;",
    "write": "initial stepper.cycle_o = 7;",
    "force": "initial force sink1.valid_i = 1;",
    "instance": "assay_sink u (.clk_i(clk_i), .valid_i(1'b1), .ready_o());",
}


@pytest.mark.parametrize("case", REACHES_OUT)
def test_names_that_end_in_the_harness_are_found_below_it(gate: Any, case: str) -> None:
    good, context = elaborator(gate, gate.design(""))
    (context.work / "ports.json").write_bytes(GOOD_PORTS)
    assert good.module("verif.jobs.harness", TREE, "assay.toml", "ports.json", "harness").ok
    names = sorted(path.name for path in (context.work / "harness").glob("*.sv"))
    (context.work / TREE / "dut.sv").write_bytes(gate.design(REACHES_OUT[case])["dut.sv"])
    sights = list(tree.foreign(good.harnessed(context.work, names)))
    assert {(sight.rule, sight.file) for sight in sights} == {("G-025", "tree/dut.sv")}


class Swapping:
    """The real sandbox, but the design changes just before it is elaborated below the harness."""

    level = 2

    def __init__(self, real: Any, hostile: bytes) -> None:
        self.real, self.hostile = real, hostile

    def run(self, job: SandboxJob, cancel: Any = None) -> SandboxResult:
        if "assay_harness" in job.argv:
            (job.work / TREE / "dut.sv").write_bytes(self.hostile)
        result: SandboxResult = self.real.run(job, cancel)
        return result


def test_what_only_the_harness_reveals_is_refused_by_the_stage(gate: Any) -> None:
    hostile = gate.design(REACHES_OUT["write"])["dut.sv"]
    sandbox = Swapping(gate.bench.sandbox, hostile)
    result = GateStage().run(gate.context(gate.design(""), {}, sandbox))
    assert [(finding.rule, finding.args["module"]) for finding in result.findings] == [("G-025", "assay_stepper")]


class Answers:
    """A sandbox in which every job ends the same way."""

    level = 2

    def __init__(self, result: SandboxResult, leaves: str = "") -> None:
        self.result, self.leaves, self.jobs = result, leaves, list[SandboxJob]()

    def run(self, job: SandboxJob, cancel: Any = None) -> SandboxResult:
        assert cancel is not None
        self.jobs.append(job)
        (job.work / "text.sv").write_text(self.leaves)
        return self.result


@pytest.mark.parametrize(
    ("cause", "code", "log"),
    [("signalled", 11, b""), ("exited", 1, b"%Error: Internal Error: V3Ast.h"), ("exited", 127, b"no such program")],
)
def test_a_tool_that_falls_over_is_our_fault(gate: Any, cause: Any, code: int, log: bytes) -> None:
    sandbox = Answers(SandboxResult(cause, code, log + b"\nsecret of the host", 0.0, 0.0))
    with pytest.raises(InfrastructureError) as caught:
        GateStage().run(gate.context(gate.design(""), {}, sandbox))
    assert caught.value.rule == "P-511"
    assert "secret" not in caught.value.values["log"]


@pytest.mark.parametrize("cause", ["wall", "log"])
def test_a_cap_counts_against_the_design_only_when_it_repeats(gate: Any, cause: Any) -> None:
    sandbox = Answers(SandboxResult(cause, 0, b"", 0.0, 0.0))
    result = GateStage().run(gate.context(gate.design(""), {}, sandbox))
    assert [(finding.rule, finding.args["cause"]) for finding in result.findings] == [("G-060", cause)]
    assert result.outcome is Outcome.FAILED
    assert len(sandbox.jobs) == 2


def test_damaged_evidence_is_our_fault(gate: Any) -> None:
    with pytest.raises(InfrastructureError) as caught:
        gate.run(gate.design(""), files=None)
    assert caught.value.rule == "P-514"


def test_a_manifest_that_cannot_be_read_any_more_is_our_fault(gate: Any) -> None:
    with pytest.raises(InfrastructureError) as caught:
        gate.run(gate.design("") | {"assay.toml": b"["})
    assert caught.value.rule == "P-510"
