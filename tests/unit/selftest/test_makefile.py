"""A cocotb Makefile is read against a list, and nothing in it is run."""

from __future__ import annotations

import pytest

from verif.selftest.makefile import MakefileError, read_makefile

USUAL = """# the usual
SIM ?= verilator
TOPLEVEL_LANG ?= verilog
RTL = $(PWD)/../rtl
VERILOG_SOURCES += $(RTL)/a.sv \\
                   ${RTL}/b.sv   # both
VERILOG_SOURCES += $(wildcard $(CURDIR)/more/*.sv)
export EXTRA_ARGS += --trace -DWIDTH=8
TOPLEVEL := top
MODULE = test_a,test_b
SIM ?= icarus
include $(shell cocotb-config --makefiles)/Makefile.sim
"""
REFUSED = {
    "shell": ("X = $(shell rm -rf /)", 1, "$(shell rm -rf /)"),
    "backtick": ("X = `id`", 1, "`id`"),
    "semicolon": ("A = 1\nX = a; id", 2, "a; id"),
    "rule": ("all:\n\techo", 1, "all:"),
    "recipe": ("\techo = x", 1, "echo = x"),
    "condition": ("A = 1\n\nifeq ($(SIM),x)", 3, "ifeq ($(SIM),x)"),
    "include": ("include other.mk", 1, "include other.mk"),
    "unknown": ("X = $(HOME)/x", 1, "$(HOME)"),
    "function": ("X = $(eval y)", 1, "$(eval y)"),
    "single dollar": ("X = $@", 1, "$@"),
    "itself": ("X = $(X)", 1, "$(X)"),
    "quote": ("X = 'a", 1, "'a"),
}


def test_the_usual_makefile_is_read() -> None:
    found = read_makefile(USUAL)
    assert found.get("SIM") == ("verilator",)
    assert found.get("VERILOG_SOURCES") == ("./../rtl/a.sv", "./../rtl/b.sv", "./more/*.sv")
    assert found.get("EXTRA_ARGS") == ("--trace", "-DWIDTH=8")
    assert found.get("COCOTB_TOPLEVEL", "TOPLEVEL") == ("top",)
    assert found.get("MODULE") == ("test_a,test_b",)
    assert (found.line("TOPLEVEL"), found.line("VERILOG_SOURCES"), found.line("NONE")) == (9, 7, 1)


@pytest.mark.parametrize(("text", "line", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_on_the_list_is_refused_with_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(MakefileError) as refused:
        read_makefile(text)
    assert (refused.value.line, refused.value.text) == (line, said)


def test_a_variable_that_doubles_itself_stays_small() -> None:
    lines = ["A = " + "x" * 100, *["A += $(A) $(A)"] * 40]
    assert sum(map(len, read_makefile("\n".join(lines)).get("A"))) <= 8000
