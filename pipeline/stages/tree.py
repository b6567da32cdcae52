"""The elaborated design, node by node: what macros and parameters hid, the top module's ports, foreign names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.stages.elaborate import Elaborated
from pipeline.stages.scan import RESERVED, own_table
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
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_RANGE = re.compile(r"(-?\d{1,9}):(-?\d{1,9})")
_LOCATION = re.compile(r"([a-z]+),(\d+):(\d+)")
_DIRECTIONS = {"INPUT": "in", "OUTPUT": "out", "INOUT": "inout"}
_BITS = frozenset({"logic", "bit", "byte", "shortint", "int", "longint", "integer", "time"})
_DEEPEST = 100
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
        file, line, column = _place(design, node)
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


def _place(design: Elaborated, node: Node) -> tuple[str, int, int]:
    match = _LOCATION.match(str(node.get("loc", "")))
    if not match:
        return "", 1, 1
    return design.files.get(match.group(1), ""), int(match.group(2)), int(match.group(3))


def top_module(design: Elaborated, top: str) -> Node | None:
    """The module that was elaborated as the top; None when there is no module of that name."""
    modules = (node for node in design.tree["modulesp"] if node["type"] == "MODULE")
    return next((node for node in modules if node.get("origName") == top and node.get("level") == 1), None)


@dataclass(frozen=True, slots=True)
class FoundPort:
    """A port as declared: `width` in bits, 0 when `construct` names what cannot be bound; `dir` is in, out or inout."""

    name: str
    dir: str
    width: int
    construct: str
    file: str
    line: int
    column: int


def ports(design: Elaborated, module: Node) -> list[FoundPort]:
    """The ports of `module` in the order of their declarations."""
    types = {node["addr"]: node for node in walk(design.tree) if str(node["type"]).endswith("DTYPE")}
    found = []
    for node in module["stmtsp"]:
        if node["type"] != "VAR" or not (node.get("isPrimaryIO") or node.get("direction", "NONE") != "NONE"):
            continue
        name = str(node.get("verilogName") or node["name"])
        width, construct = _width(types, node.get("dtypep"), 0)
        if not _PLAIN_NAME.fullmatch(name):
            width, construct = 0, "escaped identifier"
        way = _DIRECTIONS.get(str(node.get("direction")), "")
        if not way:
            width, construct = 0, str(node.get("direction"))
        found.append(FoundPort(name[:200], way, width, construct, *_place(design, node)))
    return found


def _width(types: Mapping[str, Node], address: object, depth: int) -> tuple[int, str]:
    """Bits of a packed type, or 0 and the name of what is not packed."""
    node = types.get(str(address))
    if node is None or depth > _DEEPEST:
        return 0, "unknown type"
    kind = node["type"]
    if kind == "BASICDTYPE":
        return (_span(str(node.get("range", "0:0"))), "") if node["keyword"] in _BITS else (0, str(node["keyword"]))
    if kind in {"REFDTYPE", "ENUMDTYPE", "MEMBERDTYPE", "CONSTDTYPE"}:
        return _width(types, node.get("refDTypep") if kind != "REFDTYPE" else node.get("dtypep"), depth + 1)
    if kind == "PACKARRAYDTYPE":
        width, construct = _width(types, node.get("refDTypep"), depth + 1)
        return width * _span(str(node["declRange"]).strip("[]")), construct
    if kind in {"STRUCTDTYPE", "UNIONDTYPE"} and node.get("packed"):
        return _members(types, node, depth)
    names = {"UNPACKARRAYDTYPE": "unpacked array", "IFACEREFDTYPE": "interface", "STRUCTDTYPE": "unpacked struct"}
    return 0, names.get(str(kind), str(kind).removesuffix("DTYPE").lower())


def _members(types: Mapping[str, Node], node: Node, depth: int) -> tuple[int, str]:
    parts = [_width(types, member["addr"], depth + 1) for member in node["membersp"]]
    bad = next((construct for _width, construct in parts if construct), "")
    widths = [width for width, _construct in parts]
    return 0 if bad else max(widths) if node["type"] == "UNIONDTYPE" else sum(widths), bad


def _span(text: str) -> int:
    match = _RANGE.fullmatch(text)
    return abs(int(match.group(1)) - int(match.group(2))) + 1 if match else 0


def foreign(design: Elaborated) -> Iterator[Sight]:
    """Names in the submission's modules that lead into the harness' own modules."""
    ours = [node for node in design.tree["modulesp"] if _place(design, node)[0].startswith(f"{HARNESS}/")]
    targets: dict[str, str] = {item["addr"]: _name(module) for module in ours for item in walk(module)}
    theirs = (node for node in design.tree["modulesp"] if node["addr"] not in targets)
    for node in (item for module in theirs for item in walk(module)):
        yield from _reference(design, node, targets)


def _reference(design: Elaborated, node: Node, targets: Mapping[str, str]) -> Sequence[Sight]:
    hit = next((targets[str(node.get(key))] for key in _TARGETS if str(node.get(key)) in targets), None)
    file, line, column = _place(design, node)
    if hit is None or inside(file) is None:
        return ()
    return (Sight("G-025", file, line, column, {"name": _name(node), "module": hit}),)
