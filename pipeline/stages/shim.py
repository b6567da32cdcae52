"""A module around a design whose ports are interfaces: Verilator elaborates no such design by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

SHIM = "assay_shim"
SHIM_FILE = "assay_shim.sv"
INTERFACED = re.compile(r"Unsupported: Interfaced port on top level module")
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,199}")


def interface_ports(parsed: Mapping[str, Any], top: str) -> dict[str, str]:
    """Interface port -> its type, from the tree as the tool parsed it; empty when one of them has no plain names."""
    kinds = {str(node["name"]) for node in parsed["modulesp"] if node["type"] == "IFACE"}
    modules = (node for node in parsed["modulesp"] if node["type"] == "MODULE" and node["name"] == top)
    found = dict(pair for module in modules for pair in _declared(module, kinds))
    plain = all(_PLAIN_NAME.fullmatch(name) for pair in found.items() for name in pair)
    return found if plain else {}


def _declared(module: Mapping[str, Any], kinds: set[str]) -> Iterator[tuple[str, str]]:
    ports = {str(node["name"]) for node in module["stmtsp"] if node["type"] == "PORT"}
    for node in module["stmtsp"]:
        if node["type"] != "VAR" or str(node["name"]) not in ports:
            continue
        for kind in node.get("childDTypep", ()):
            named = kind.get("ifaceName") if kind["type"] == "IFACEREFDTYPE" else kind.get("name")
            if kind["type"] in {"IFACEREFDTYPE", "REFDTYPE"} and str(named) in kinds:
                yield str(node["name"]), str(named)


def shim(top: str, parameters: Mapping[str, int], interfaces: Mapping[str, str]) -> str:
    """The module's text. Only names that `interface_ports` found plain reach it; every other port stays open."""
    lines = [f"  {kind} i_{name} ();" for name, kind in interfaces.items()]
    given = ", ".join(f".{name}({value})" for name, value in parameters.items())
    bound = ", ".join(f".{name}(i_{name})" for name in interfaces)
    lines.append(f"  {top} {f'#({given}) ' if given else ''}dut ({bound});")
    return "\n".join((f"module {SHIM};", *lines, "endmodule", ""))
