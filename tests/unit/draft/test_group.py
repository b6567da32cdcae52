"""Naming styles of handshakes, straight from pins."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verif.contract.read import read_manifest
from verif.draft.group import group
from verif.draft.model import Dir, DraftError, Pin, Reset, Rtl, Sources
from verif.draft.page import Line
from verif.draft.write import write


def rtl(*pins: Pin) -> Rtl:
    every = (Pin("clk", "clk", "in", 1), Pin("rst", "rst", "in", 1), *pins)
    reset = Reset("rst", 1, asynchronous=False)
    return Rtl("dut", ("dut",), Sources(("dut.sv",), top="dut"), every, {}, (), ("clk",), (reset,))


def pins(text: str) -> list[Pin]:
    """`>name:width` goes in, `<name:width` comes out; width 1 when it is left out."""
    sides: dict[str, Dir] = {">": "in", "<": "out"}
    made = []
    for word in text.split():
        name, _, width = word[1:].partition(":")
        made.append(Pin(name, name, sides[word[0]], int(width or 1)))
    return made


STYLES = {
    ">in_valid <in_ready >in_data:8": ("in", "in_valid", "in_ready", {"data": "in_data"}),
    ">valid_in <ready_out >data_in:8": ("in", "valid_in", "ready_out", {"data": "data_in"}),
    ">i_valid <o_ready >i_data:8": ("in", "i_valid", "o_ready", {"data": "i_data"}),
    ">w_valid_i <w_ready_o >w_data_i:8 >w_last_i": (
        "in", "w_valid_i", "w_ready_o", {"data": "w_data_i", "last": "w_last_i"},
    ),
    "<o_vld >i_rdy <o_data:8": ("out", "o_vld", "i_rdy", {"data": "o_data"}),
    ">a_vld <a_rdy >a:16": ("in", "a_vld", "a_rdy", {"data": "a"}),
    ">inValid <inReady >inData:8": ("in", "inValid", "inReady", {"data": "inData"}),
    ">io_in_valid <io_in_ready >io_in_bits_x:8 >io_in_bits_y:8": (
        "in", "io_in_valid", "io_in_ready", {"x": "io_in_bits_x", "y": "io_in_bits_y"},
    ),
    ">valid_a <ready_a >data_a:8": ("in", "valid_a", "ready_a", {"data": "data_a"}),
    "<M_AXIS_TVALID >M_AXIS_TREADY <M_AXIS_TDATA:8 <M_AXIS_TLAST": (
        "out", "M_AXIS_TVALID", "M_AXIS_TREADY", {"data": "M_AXIS_TDATA", "last": "M_AXIS_TLAST"},
    ),
    "<mem_req_o >mem_gnt_i <mem_addr_o:32": ("out", "mem_req_o", "mem_gnt_i", {"addr": "mem_addr_o"}),
    ">req_valid <req_ready >req_op:3 >req_a:8": ("in", "req_valid", "req_ready", {"op": "req_op", "a": "req_a"}),
    ">in_valid <in_ready >a:8 >b:8": ("in", "in_valid", "in_ready", {"a": "a", "b": "b"}),
    "<pix_vld <pix:24": ("out", "pix_vld", "", {"data": "pix"}),
}  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
def test_one_channel_in_every_style(style: str) -> None:
    (channel,) = group(rtl(*pins(style))).channels
    found = {name: pin.signal for name, pin in channel.fields.items()}
    assert (channel.dir, channel.valid, channel.ready, found) == STYLES[style]


def test_two_channels_that_differ_only_in_direction() -> None:
    found = group(rtl(*pins(">i_valid <o_ready >i_data:8 <o_valid >i_ready <o_data:8"))).channels
    assert [(c.dir, c.valid, c.ready, [p.signal for p in c.fields.values()]) for c in found] == [
        ("in", "i_valid", "o_ready", ["i_data"]),
        ("out", "o_valid", "i_ready", ["o_data"]),
    ]


def test_a_ready_goes_the_other_way() -> None:
    (channel,) = group(rtl(*pins(">in_valid >in_ready >in_data:8"))).channels
    assert (channel.handshake, channel.valid, channel.ready) == ("valid", "in_valid", "")


def test_the_longest_stem_takes_the_pin() -> None:
    found = group(rtl(*pins(">x_valid <x_ready >x_data:8 >x_w_valid <x_w_ready >x_w_data:4"))).channels
    assert [(c.id, [p.signal for p in c.fields.values()]) for c in found] == [("x", ["x_data"]), ("x_w", ["x_w_data"])]


def test_a_bus_that_lacks_a_signal_is_no_bus() -> None:
    whole = "s_psel s_penable s_paddr:8 s_pwrite s_pwdata:32".replace("s_", ">s_") + " <s_prdata:32 <s_pready"
    (bus,) = group(rtl(*pins(whole))).buses
    assert (bus.kind, bus.role, len(bus.pins)) == ("apb", "slave", 7)
    assert group(rtl(*pins(whole.replace(">s_pwrite ", "")))).buses == ()


def test_every_pin_is_in_one_place() -> None:
    text = ">in_valid <in_ready >in_data:8 >start <done <busy >scan_en >cfg_n:8 <dout:8 <debug:3 >orphan_valid"
    found = group(rtl(*pins(text)))
    places = [
        pin.signal for name in ("events", "ties", "starts", "configuration", "unobserved") for pin in getattr(found, name)
    ]
    for channel in found.channels:
        places += [name for name in (channel.valid, channel.ready) if name]
        places += [pin.signal for pin in channel.fields.values()]
    assert sorted(places) == sorted(pin.signal for pin in pins(text))
    assert (found.events[0].signal, found.ties[0].signal, found.starts[0].signal) == ("done", "scan_en", "start")


WORDS = st.sampled_from([
    "valid", "ready", "data", "last", "in", "out", "i", "o", "a", "K", "k", "for", "sum", "min", "param", "tvalid", "tready",
    "tdata", "tkeep", "req", "gnt", "start", "done", "cfg", "scan", "irq", "x", "0", "ap", "vld", "_", "if", "pack", "True",
    "awvalid", "psel", "payload", "N$1", "rvalid", "rdata",
])  # fmt: skip
NAMES = st.lists(WORDS, min_size=1, max_size=4).map("_".join).filter(lambda name: name[0].isalpha() or name[0] == "_")
PINS = st.builds(
    lambda name, side, width, lane, signed, array: Pin(
        f"{name}[*]" if array else name, name, side, width * (lane or 1), signed=signed, lane=lane
    ),
    NAMES,
    st.sampled_from(["in", "out", "in", "out", "inout"]),
    st.sampled_from([1, 1, 1, 3, 8, 33, 64, 100, 257]),
    st.sampled_from([0, 0, 1, 7, 8, 90]),
    st.booleans(),
    st.booleans(),
)


def accepted(page: tuple[Line, ...]) -> str:
    return "".join(f"{line.text}\n" for line in page if line.kind in {"text", "propose"})


@settings(max_examples=100, deadline=None)
@given(st.lists(PINS, max_size=14, unique_by=lambda pin: pin.name))
def test_what_is_written_always_parses_once_the_proposals_are_taken(found: list[Pin]) -> None:
    design = rtl(*found)
    grouped = group(design)
    if not grouped.channels:
        with pytest.raises(DraftError, match="N-113"):
            write(design, grouped)
        return
    contract, wrong = read_manifest(accepted(write(design, grouped)))
    assert wrong == []
    assert contract is not None
