"""A design with the ports of another and nothing behind them: what a self-test that checks anything must mind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.stages.archive import pack_tree, tree_files
from pipeline.stages.lint import parameter_text

FILE = "assay_hollow.sv"
LONGEST_S = 20  # a test that waits for what never comes has noticed


def hollow(contract: Mapping[str, Any], tree: bytes, ports: Mapping[str, Any]) -> tuple[Mapping[str, Any], bytes] | None:
    """(contract, tree) of the hollow design: every output is 0 for ever. None where ports are no plain vectors."""
    plain = all(set(port) == {"dir", "width"} and port["dir"] != "inout" and port["width"] for port in ports.values())
    if not plain or FILE in (files := tree_files(tree)):
        return None
    selftest = contract["selftest"]
    limited = {**selftest, "timeout_s": min(int(selftest["timeout_s"]), LONGEST_S)}
    text = _module(contract, ports)
    return {**contract, "files": [FILE], "selftest": limited}, pack_tree({**files, FILE: text.encode()})


def _module(contract: Mapping[str, Any], ports: Mapping[str, Any]) -> str:
    """The module. Its parameters are those of the manifest, for tests that read them."""
    named = [f"  parameter longint {name} = {parameter_text(value)}" for name, value in contract["parameters"].items()]
    pins = [f"  {port['dir']}put logic [{int(port['width']) - 1}:0] {name}" for name, port in ports.items()]
    dead = [f"  assign {name} = '0;" for name, port in ports.items() if port["dir"] == "out"]
    parameters = f" #(\n{_listed(named)}\n)" if named else ""
    return f"module {contract['top']}{parameters} (\n{_listed(pins)}\n);\n" + "\n".join([*dead, "endmodule", ""])


def _listed(lines: list[str]) -> str:
    return ",\n".join(lines)
