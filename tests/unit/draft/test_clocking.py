from __future__ import annotations

from pathlib import Path

import pytest

from verif.draft.elaborate import elaborate
from verif.draft.model import Reset, Rtl, Sources

# Ports besides `input logic r`, what is inside -> the reset that it is, whatever its name.
USES = {
    "always_ff @(posedge c or negedge r) if (!r) q <= 0; else q <= 1;": Reset("r", 0, asynchronous=True),
    "always @(posedge c, posedge r) if (r) q <= 0; else q <= 1;": Reset("r", 1, asynchronous=True),
    "always @(posedge r or posedge c) begin if (r == 1'b1) q <= 0; else q <= 1; end": Reset("r", 1, asynchronous=True),
    "always_ff @(posedge c or negedge r) if (r == 1'b0) q <= 0; else q <= 1;": Reset("r", 0, asynchronous=True),
    "logic n; assign n = ~r; always_ff @(posedge c or posedge n) if (n) q <= 0; else q <= 1;": Reset(
        "r", 0, asynchronous=True
    ),
    "wire n = !r; always_ff @(posedge c or negedge n) if (~n) q <= 0; else q <= 1;": Reset("r", 1, asynchronous=True),
    "leaf u (.ck(c), .clr(~r), .q(q));": Reset("r", 0, asynchronous=True),
    "if (1) begin : g leaf u [1:0] (.ck(c), .clr(r), .q()); end": Reset("r", 1, asynchronous=True),
}
LEAF = """module leaf (input logic ck, clr, output logic q);
  always_ff @(posedge ck or posedge clr) if (clr) q <= 0; else q <= 1;
endmodule"""


def look(folder: Path, ports: str, body: str) -> Rtl:
    (folder / "m.sv").write_text(f"module m ({ports}, output logic q); {body} endmodule\n{LEAF}\n")
    return elaborate(folder, Sources(("m.sv",), top="m"), ("m",))


@pytest.mark.parametrize("body", USES)
def test_an_asynchronous_reset_is_known_by_its_use(body: str, tmp_path: Path) -> None:
    rtl = look(tmp_path, "input logic r, input logic c", body)
    assert rtl.clocks == ("c",)
    assert rtl.resets == (USES[body],)


NAMED = {
    ("srst", "always_ff @(posedge c) if (srst) q <= 0; else q <= 1;"): Reset("srst", 1, asynchronous=False),
    ("resetn", "always @(posedge c) begin q <= 1; if (!resetn) q <= 0; end"): Reset("resetn", 0, asynchronous=False),
    ("rst", "always_ff @(posedge c) q <= rst ? 0 : 1;"): Reset("rst", 1, asynchronous=False, sure=False),
    ("ap_rst_n", "always_ff @(posedge c) q <= ap_rst_n;"): Reset("ap_rst_n", 0, asynchronous=False, sure=False),
    ("nreset", "always_ff @(posedge c) q <= nreset;"): Reset("nreset", 0, asynchronous=False, sure=False),
    ("i_rst_b", "always_ff @(posedge c) q <= i_rst_b;"): Reset("i_rst_b", 0, asynchronous=False, sure=False),
}


@pytest.mark.parametrize("case", NAMED, ids=lambda case: case[0])
def test_a_synchronous_reset_needs_a_name_and_its_polarity_comes_from_use(case: tuple[str, str], tmp_path: Path) -> None:
    rtl = look(tmp_path, f"input logic {case[0]}, input logic c", case[1])
    assert rtl.resets == (NAMED[case],)


@pytest.mark.parametrize("name", ["first", "burst", "en", "restart", "preset_val", "clear_counter"])
def test_an_enable_is_no_reset(name: str, tmp_path: Path) -> None:
    rtl = look(tmp_path, f"input logic {name}, input logic c", f"always_ff @(posedge c) if ({name}) q <= 0; else q <= 1;")
    assert rtl.resets == ()


def test_a_reset_inside_an_interface(tmp_path: Path) -> None:
    (tmp_path / "m.sv").write_text(
        """interface bus_if (input logic clk, input logic rst_n);
          logic valid; modport sink (input clk, rst_n, valid);
        endinterface
        module inner (bus_if.sink i, output logic q);
          always_ff @(posedge i.clk) if (!i.rst_n) q <= 0; else q <= i.valid;
        endmodule
        module m (bus_if.sink b, output logic q); inner u (.i(b), .q(q)); endmodule"""
    )
    rtl = elaborate(tmp_path, Sources(("m.sv",), top="m"), ("m",))
    assert (rtl.clocks, rtl.resets) == (("b.clk",), (Reset("b.rst_n", 0, asynchronous=False),))


def test_several_clocks_by_how_much_they_drive(tmp_path: Path) -> None:
    body = "logic a, b; always @(posedge fast) a <= 1; always @(posedge slow) b <= a; always @(negedge slow) q <= b;"
    assert look(tmp_path, "input logic fast, slow, rst", body).clocks == ("slow", "fast")


def test_a_clock_that_nothing_waits_for_is_one_by_name(tmp_path: Path) -> None:
    rtl = look(tmp_path, "input logic clk_i, clk_en_i, clock_gate, ref_clk", "assign q = clk_i;")
    assert rtl.clocks == ("clk_i", "ref_clk")
