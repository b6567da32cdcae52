"""Register and memory buses by the set of their signals: AXI4-Lite, AXI4, APB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from verif.draft.model import Bus, Pin

_AXI = {
    *("awvalid", "awready", "awaddr", "wvalid", "wready", "wdata", "bvalid", "bready"),
    *("arvalid", "arready", "araddr", "rvalid", "rready", "rdata"),
}
_AXI_MORE = {
    *("awprot", "wstrb", "bresp", "arprot", "rresp", "awlen", "awsize", "awburst", "awid", "awcache", "awlock", "awqos"),
    *(
        "awregion",
        "awuser",
        "awatop",
        "wlast",
        "wuser",
        "wid",
        "bid",
        "buser",
        "arlen",
        "arsize",
        "arburst",
        "arid",
        "arcache",
    ),
    *("arlock", "arqos", "arregion", "aruser", "rlast", "rid", "ruser"),
}
_APB = {"psel", "penable", "paddr", "pwrite", "pwdata", "prdata"}
_APB_MORE = {"pready", "pslverr", "pstrb", "pprot", "pselx"}
_FIRST = {"awvalid": (_AXI, _AXI_MORE), "psel": (_APB, _APB_MORE)}
_TAILS = ("", "_i", "_o", "_in", "_out")


def find_buses(pins: Sequence[Pin]) -> tuple[Bus, ...]:
    """Every whole set of signals around one prefix, whatever its case; a set that lacks a signal is no bus."""
    return tuple(_buses(pins))


def _buses(pins: Sequence[Pin]) -> Iterator[Bus]:
    for first, (needed, more) in _FIRST.items():
        for pin in pins:
            at = pin.name.lower().rfind(first)
            if at >= 0 and pin.name.lower()[at:] in {first + tail for tail in _TAILS}:
                found = _members(pins, pin.name[:at], needed | more)
                if needed <= found.keys():
                    yield _bus(found, pin.name[:at], pin)


def _members(pins: Sequence[Pin], prefix: str, known: set[str]) -> Mapping[str, Pin]:
    wanted = {name + tail: name for name in known for tail in _TAILS}
    named = ((pin, wanted.get(pin.name.removeprefix(prefix).lower())) for pin in pins if pin.name.startswith(prefix))
    return {name: pin for pin, name in named if name}


def _bus(found: Mapping[str, Pin], prefix: str, first: Pin) -> Bus:
    role: Literal["slave", "master"] = "slave" if first.dir == "in" else "master"
    kind = "apb" if "psel" in found else "axi4" if {"awlen", "arlen"} & found.keys() else "axi4lite"
    return Bus(kind, role, prefix, tuple(found.values()))
