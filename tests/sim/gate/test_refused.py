from __future__ import annotations

from typing import Any

import pytest

from pipeline.domain.outcome import Outcome
from pipeline.messages import rules

pytestmark = pytest.mark.sim

# Lines of a design -> the one rule that refuses them.
BODIES = {
    "system": ('initial $system("id");', "G-010"),
    "system as a function": ('int x; initial x = $system("id");', "G-010"),
    "system in a pruned branch": ('if (0) begin : g initial $system("id"); end', "G-010"),
    "system that is switched off": ('`ifdef NEVER\ninitial $system("id");\n`endif', "G-010"),
    "inline c": ('initial $c("exit(0);");', "G-010"),
    "inline c as an expression": ('wire [31:0] x = $c32("1");', "G-010"),
    "final block that rewrites a result": (
        'int f; final begin f = $fopen("record.bin", "w"); $fwrite(f, "pass"); end', "G-011",
    ),
    "write a memory": ('logic [7:0] m[2]; final $writememh("record.bin", m);', "G-011"),
    "waves elsewhere": ('initial begin $dumpfile("/tmp/x"); $dumpvars; end', "G-012"),
    "assertions off": ("initial $assertoff;", "G-013"),
    "assertion control": ("initial $assertcontrol(4);", "G-013"),
    "command line": ('int x; initial if ($test$plusargs("assay")) x = 1;', "G-014"),
    "value from the command line": ('int x; initial if ($value$plusargs("s=%d", x)) x = 1;', "G-014"),
    "finish": ("initial $finish;", "G-015"),
    "stop": ("initial $stop;", "G-015"),
    "random": ("int x; initial x = $urandom;", "G-016"),
    "table named by a parameter": ('parameter F = "t.hex"; logic [7:0] m[2]; initial $readmemh(F, m);', "G-017"),
    "table of the host": ('logic [7:0] m[2]; initial $readmemh("/etc/passwd", m);', "G-018"),
    "table above the submission": ('logic [7:0] m[2]; initial $readmemh("../dut.sv", m);', "G-018"),
    "unknown task": ("initial $printtimescale;", "G-019"),
    "dpi import": ('import "DPI-C" function int getpid(); int x; initial x = getpid();', "G-020"),
    "dpi export": ('export "DPI-C" function f; function void f(); endfunction', "G-020"),
    "force on our sink": ("initial force sink1.ready_o = 1;", "G-021"),
    "release": ("logic k; initial release k;", "G-021"),
    "procedural assign": ("logic k; initial assign k = 1;", "G-021"),
    "deassign": ("logic k; initial deassign k;", "G-021"),
    "root": ("wire x = $root.dut.clk_i;", "G-023"),
    "our counter by its path": ("initial assay_harness.sink1.cycle_i = 0;", "G-024"),
    "a sink of ours by an escaped name": ("wire x = \\assay_harness .clk_i;", "G-024"),
    "upward name": ("wire x = sink1.ready_o;", "G-045"),
    "upward write": ("initial dut_parent.y = 1;", "G-045"),
    "forged line": ('`line 1 "other.sv" 0', "G-004"),
    "control file": ("`verilator_config", "G-004"),
    "systemc section": ("`systemc_header\n#include <cstdlib>\n`verilog", "G-004"),
    "assembled directive": ('`define P(x) `x\n`P(line) 1 "other.sv" 0', "G-005"),
    "glued directive": ('`define U `li``ne 1 "other.sv" 0\n`U', "G-004"),
    "lone back-quote": ("`define T `\n", "G-005"),
    "coverage off": ("/*verilator coverage_off*/ wire x;", "G-007"),
    "coverage off without a blank": ("//verilatorcoverage_off\nwire x;", "G-007"),
    "public C name": ("/*verilator sc_bv*/ wire x;", "G-007"),
    "null byte": ("wire x;\0", "G-002"),
    "escape sequence": ('initial $display("\x1b[2J all tests passed");', "G-002"),
    "text from right to left": ("wire x; // \u202e hidden", "G-003"),
    "text hidden between three quotes": ('string s = """ " """; initial $assertoff; // "', "G-009"),
    "text hidden behind an escaped quote": ('wire \\"x ; initial $assertoff; // "', "G-013"),
    "vertical tab": ('wire \\a\x0b"x ; initial $assertoff; // "', "G-002"),
    "absolute include": ('`include "/etc/passwd"', "G-047"),
    "include of the parent": ('`include "../../../../../../etc/passwd"', "G-047"),
    "absolute include by a macro": ('`define F "/etc/passwd"\n`include `F', "G-047"),
    "file of the host by a macro": ('`define F "/usr/include/stdio.h"\n`include `F', "G-047"),
    "behaviour for the tool": ("`ifdef VERILATOR\nwire x;\n`endif", "G-030"),
    "behaviour for the old tool": ("`ifdef verilator3\nwire x;\n`endif", "G-030"),
    "behaviour for cocotb": ("`ifndef COCOTB_SIM\nwire x;\n`endif", "G-030"),
    "behaviour for synthesis": ("`ifdef SYNTHESIS\nwire x = 0;\n`else\nwire x = 1;\n`endif", "G-031"),
    "translate off": ("// synopsys translate_off\nwire x = 1;\n// synopsys translate_on", "G-031"),
    "syntax": ("wire [3:0 x;", "G-040"),
    "include that is missing": ('`include "nope.svh"', "G-042"),
    "package that is missing": ("import nope::*;", "G-043"),
    "module that is missing": ("nope u();", "G-044"),
    "module twice": ("sub u();", "G-049"),
    "file found by search": ("found u();", "G-048"),
}  # fmt: skip
AFTER = {"module twice": "module sub; endmodule\nmodule sub; wire y; endmodule\n"}


@pytest.mark.parametrize("case", BODIES)
def test_one_hostile_line_is_refused_by_its_rule(gate: Any, case: str) -> None:
    body, rule = BODIES[case]
    files = gate.design(body, after=AFTER.get(case, "")) | {"lib/found.sv": b"module found; endmodule\n"}
    found = gate.errors(files, include_dirs=["lib"])
    assert {finding.rule for finding in found} == {rule}
    assert all(finding.outcome is Outcome.FAILED and finding.rule in rules() for finding in found)


PASTED = "`define J(a, b) a``b\n"
ASSEMBLED = {
    "system": ('initial `J($,system)("id");', "G-010"),
    "inline c": ('initial `J($,c)("exit(0);");', "G-010"),
    "force": ("logic k; initial `J(for,ce) k = 1;", "G-021"),
    "assertions off": ("initial `J($,assertoff);", "G-013"),
    "dpi": ('`J(imp,ort) "DPI-C" function int getpid();', "G-020"),
    "bind": ("`J(bi,nd) dut sub s();", "G-022"),
    "our module": ("`J(assay,_sink) u();", "G-024"),
    "table": ('`define T "/etc/passwd"\nlogic [7:0] m[2]; initial $readmemh(`T, m);', "G-018"),
    "comment": ("`define D /``/\nwire x = 1 `D hidden ;\n;", "G-005"),
    "comment for the tool": ("`define D /``*verilator coverage_``off*``/\n`D wire x;", "G-007"),
}  # fmt: skip


@pytest.mark.parametrize("case", ASSEMBLED)
def test_words_that_macros_assemble_are_seen_after_preprocessing(gate: Any, case: str) -> None:
    body, rule = ASSEMBLED[case]
    assert gate.rules(gate.design(body, before=PASTED)) == {rule}


def test_a_finding_shows_the_place(gate: Any) -> None:
    (found,) = gate.errors(gate.design("  initial $finish; // <script>"))
    assert found.args == {"name": "$finish"}
    where = found.location
    assert (where.file, where.column, where.length, where.source) == ("dut.sv", 11, 7, "  initial $finish; // <script>")
    lines = gate.design("  initial $finish; // <script>")["dut.sv"].decode().split("\n")
    assert lines[where.line - 1] == where.source


def test_a_finding_behind_includes_and_macros_shows_the_place(gate: Any) -> None:
    files = gate.design('`include "h.svh"\n\n  wire q; initial `J($,system)("id");') | {"inc/h.svh": PASTED.encode()}
    (found,) = gate.errors(files, include_dirs=["inc"])
    assert found.rule == "G-010"
    assert found.location.file == "dut.sv"
    assert found.location.source == '  wire q; initial `J($,system)("id");'


def test_a_module_that_shadows_ours_is_refused(gate: Any) -> None:
    files = gate.design("", after="module assay_sink; endmodule\n")
    assert gate.rules(files) == {"G-024"}


def test_bind_is_refused(gate: Any) -> None:
    files = gate.design("", after="module spy; endmodule\nbind assay_sink spy s();\n")
    assert "G-022" in gate.rules(files)


def test_text_that_is_not_utf8_is_refused(gate: Any) -> None:
    files = gate.design("")
    files["dut.sv"] += b"// \xb0\xa1 \n"
    (found,) = gate.errors(files)
    assert (found.rule, found.args["byte"], found.location.column) == ("G-001", "0xB0", 4)


def test_an_included_file_is_looked_at_too(gate: Any) -> None:
    files = gate.design('`include "h.svh"') | {"inc/h.svh": b'initial $system("id");\n'}
    (found,) = gate.errors(files, include_dirs=["inc"])
    assert (found.rule, found.location.file, found.location.line) == ("G-010", "inc/h.svh", 1)


def test_an_include_that_only_a_macro_names_is_looked_at_too(gate: Any) -> None:
    hidden = b'`ifdef NEVER\ninitial $system("id");\n`endif\n'
    files = gate.design('`define F "h.svh"\n`include `F') | {"inc/h.svh": hidden}
    (found,) = gate.errors(files, include_dirs=["inc"])
    assert (found.rule, found.location.file, found.location.line) == ("G-010", "inc/h.svh", 2)


@pytest.mark.parametrize(
    ("contract", "name"),
    [
        ({"files": ["dut.sv", "-f.sv"]}, "-f.sv"),
        ({"files": ["dut.sv", "${HOME}.sv"]}, "${HOME}.sv"),
        ({"include_dirs": ["../x"]}, "../x"),
        ({"defines": ["A=1 --exe"]}, "A=1 --exe"),
        ({"top": "dut;"}, "dut;"),
        ({"parameters": {"W -f": 1}}, "W -f"),
    ],
)
def test_names_that_could_be_options_are_refused(gate: Any, contract: dict[str, Any], name: str) -> None:
    (found,) = gate.errors(gate.design(""), **contract)
    assert (found.rule, found.args) == ("G-006", {"name": name})


def test_a_missing_top_names_the_modules_that_exist(gate: Any) -> None:
    (found,) = gate.errors(gate.design("", after="module other; endmodule\n"), top="dot")
    assert (found.rule, found.args) == ("G-041", {"top": "dot", "modules": "dut, other"})


def test_a_package_is_no_top(gate: Any) -> None:
    (found,) = gate.errors(gate.design("", before="package pkg; endpackage\n"), top="pkg")
    assert (found.rule, found.args["top"]) == ("G-041", "pkg")


def test_a_missing_parameter_is_named(gate: Any) -> None:
    (found,) = gate.errors(gate.design(""), parameters={"W": 3})
    assert (found.rule, found.args) == ("G-046", {"names": "W"})


def test_findings_are_bounded(gate: Any) -> None:
    found = gate.errors(gate.design("initial $finish;\n" * 300))
    assert len(found) == 50


def test_a_macro_bomb_is_the_designs_fault(gate: Any) -> None:
    doubled = "".join(f"`define A{n} `A{n - 1} `A{n - 1}\n" for n in range(1, 40))
    found = gate.errors(gate.design("wire x;\n`A39", before=f"`define A0 x\n{doubled}"))
    assert {finding.rule for finding in found} <= {"G-040", "G-060", "G-061"}
    assert found


def test_an_include_of_itself_is_shown_by_its_plain_path(gate: Any) -> None:
    (found,) = gate.errors(gate.design('`include "dut.sv"'), include_dirs=["."])
    assert (found.rule, found.location.file) == ("G-040", "dut.sv")


def test_a_module_that_contains_itself_is_the_designs_fault(gate: Any) -> None:
    again = "module again (input x); again u (.x(x)); endmodule\n"
    assert gate.rules(gate.design("again u (.x(clk_i));", after=again)) == {"G-040"}
