"""The elaborated design, node by node: what macros and parameters hid, the top module, foreign names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.stages.elaborate import Elaborated
from pipeline.stages.scan import RESERVED, own_table
from pipeline.stages.shim import SHIM
from pipeline.stages.verilate import HARNESS
from pipeline.stages.views import inside

Node = Mapping[str, Any]
# Node types that only refused text makes. CSTMT and CEXPR are not among them: assertions are lowered to these.
_REFUSED_NODES: Mapping[str, str] = {
    **dict.fromkeys(("SYSTEMT", "SYSTEMF", "CSTMTUSER", "CEXPRUSER"), "G-010"),
    **dict.fromkeys(("FOPEN", "FOPENMCD", "FCLOSE", "FFLUSH", "FSCANF", "FGETS", "FGETC", "FUNGETC", "FREAD"), "G-011"),
    **dict.fromkeys(("FEOF", "FSEEK", "FTELL", "FERROR", "WRITEMEM"), "G-011"),
    "DUMPCTL": "G-012",
    **dict.fromkeys(("TESTPLUSARGS", "VALUEPLUSARGS"), "G-014"),
    "FINISH": "G-015",
    **dict.fromkeys(("RAND", "RANDRNG", "URANDOMRANGE", "GETINITIALRANDOMSEED"), "G-016"),
    **dict.fromkeys(("ASSIGNFORCE", "RELEASE", "ASSIGNCONT", "DEASSIGN"), "G-021"),
}
_WRITTEN: Mapping[str, str] = {"ASSIGNFORCE": "force", "RELEASE": "release", "ASSIGNCONT": "assign", "DEASSIGN": "deassign"}
# How `$assertoff` and its family are lowered; reading the switch is what assertions do.
_SWITCHED = re.compile(r"->assertOn(?:Clear|Set)\b")
_LOCATION = re.compile(r"([a-z]+),(\d+):(\d+)")
_TARGETS = ("varp", "taskp", "modp", "classOrPackagep")


@dataclass(frozen=True, slots=True)
class Sight:
    """A rule that a node breaks; `file` as the tool named it, `line` and `column` from 1."""

    rule: str
    file: str
    line: int
    column: int
    args: Mapping[str, str]


def walk(node: Node) -> Iterator[Node]:
    """All nodes below and with `node`, in the order of the text."""
    stack: list[Any] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack += reversed(item)
        elif isinstance(item, dict):
            if "type" in item:
                yield item
            stack += [value for value in reversed(item.values()) if isinstance(value, list)]


def refused_nodes(design: Elaborated, tables: frozenset[str]) -> Iterator[Sight]:
    """Nodes of the submission's files that it may not have; the tool's own library is not looked at."""
    for node in walk(design.tree):
        rule, args = _refused(node, tables)
        file, line, column = place(design, node)
        if rule and inside(file) is not None:
            yield Sight(rule, file, line, column, args)


def _refused(node: Node, tables: frozenset[str]) -> tuple[str, Mapping[str, str]]:
    kind = str(node["type"])
    if kind in _REFUSED_NODES:
        return _REFUSED_NODES[kind], {"name": _WRITTEN.get(kind, kind)}
    if kind == "DISPLAY" and node.get("filep"):
        return "G-011", {"name": "DISPLAY"}
    if kind in {"FUNC", "TASK"} and any(key.startswith("dpi") for key in node):
        return "G-020", {"name": _name(node)}
    if kind == "READMEM":
        return _table(node, tables)
    return _named(node, kind), {"name": _name(node)}


def _named(node: Node, kind: str) -> str:
    if kind == "TEXT" and _SWITCHED.search(str(node.get("text"))):
        return "G-013"
    mine = kind in {"MODULE", "IFACE", "PACKAGE", "CLASS"} and str(node["name"]).startswith(RESERVED)
    return "G-024" if mine else ""


def _table(node: Node, tables: frozenset[str]) -> tuple[str, Mapping[str, str]]:
    names = [item for item in node.get("filenamep", ()) if item["type"] == "CONST"]
    if not names:
        return "G-017", {"name": "READMEM"}
    name = str(names[0]["name"]).replace('\\"', "")
    return ("", {}) if own_table(name, tables) else ("G-018", {"name": "READMEM", "file": name[:200]})


def _name(node: Node) -> str:
    return str(node.get("verilogName") or node["name"])[:80]


def place(design: Elaborated, node: Node) -> tuple[str, int, int]:
    """Where a node stands: file as the tool named it, line and column from 1."""
    match = _LOCATION.match(str(node.get("loc", "")))
    if not match:
        return "", 1, 1
    return design.files.get(match.group(1), ""), int(match.group(2)), int(match.group(3))


def top_module(design: Elaborated, top: str) -> Node | None:
    """The module that was elaborated as the top, or right below our shim; None when there is no module of that name."""
    modules = [node for node in design.tree["modulesp"] if node["type"] == "MODULE"]
    level = 2 if any(node.get("origName") == SHIM and node.get("level") == 1 for node in modules) else 1
    return next((node for node in modules if node.get("origName") == top and node.get("level") == level), None)


def foreign(design: Elaborated) -> Iterator[Sight]:
    """Names in the submission's modules that lead into the harness' own modules."""
    ours = [node for node in design.tree["modulesp"] if place(design, node)[0].startswith(f"{HARNESS}/")]
    targets: dict[str, str] = {item["addr"]: _name(module) for module in ours for item in walk(module)}
    theirs = (node for node in design.tree["modulesp"] if node["addr"] not in targets)
    for node in (item for module in theirs for item in walk(module)):
        yield from _reference(design, node, targets)


def _reference(design: Elaborated, node: Node, targets: Mapping[str, str]) -> Sequence[Sight]:
    hit = next((targets[str(node.get(key))] for key in _TARGETS if str(node.get(key)) in targets), None)
    file, line, column = place(design, node)
    if hit is None or inside(file) is None:
        return ()
    return (Sight("G-025", file, line, column, {"name": _name(node), "module": hit}),)
