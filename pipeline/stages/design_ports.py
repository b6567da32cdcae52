"""The ports of an elaborated design: packed vectors, unpacked arrays, and the members of interface ports."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from pipeline.stages.elaborate import Elaborated
from pipeline.stages.tree import Node, place, walk

MAX_ELEMENTS = 4096
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_RANGE = re.compile(r"(-?\d{1,9}):(-?\d{1,9})")
_DIRECTIONS = {"INPUT": "in", "OUTPUT": "out", "INOUT": "inout"}
_BITS = frozenset({"logic", "bit", "byte", "shortint", "int", "longint", "integer", "time"})
_TWO_STATE = frozenset({"bit", "byte", "shortint", "int", "longint"})
_DEEPEST = 100
_WRITES = frozenset({"WR", "RW"})
_MEMBERS = frozenset({"VAR", "PORT", "WIRE"})


@dataclass(frozen=True, slots=True)
class FoundPort:
    """A port as declared: `width` in bits, 0 when `construct` names what cannot be bound; `dir` is in, out or inout.

    `dims`, `interface`, `header` and `element` as in `verif.contract.ports.Port`.
    """

    name: str
    dir: str
    width: int
    construct: str
    file: str
    line: int
    column: int
    dims: tuple[tuple[int, int], ...] = ()
    interface: str = ""
    header: bool = False
    element: str = ""

    def to_json(self) -> dict[str, Any]:
        """What the contract's side reads of it."""
        extra = {"dims": self.dims, "interface": self.interface, "header": self.header, "element": self.element}
        return {"dir": self.dir, "width": self.width, **{key: value for key, value in extra.items() if value}}


def ports(design: Elaborated, module: Node) -> list[FoundPort]:
    """The ports of `module` in the order of their declarations, each member of an interface port on its own."""
    types = {str(node["addr"]): node for node in walk(design.tree) if str(node["type"]).endswith("DTYPE")}
    return list(_Ports(design, types).of(module))


class _Ports:
    def __init__(self, design: Elaborated, types: Mapping[str, Node]) -> None:
        self.design, self.types = design, types
        self.modules: Mapping[str, Node] = {str(node["addr"]): node for node in design.tree["modulesp"]}

    def of(self, module: Node) -> Iterator[FoundPort]:
        for node in module["stmtsp"]:
            if node["type"] != "VAR":
                continue
            kind = self.types.get(str(node.get("dtypep")), {})
            if kind.get("type") == "IFACEREFDTYPE":
                if not kind.get("cellName"):  # of an interface that the module itself holds it is the instance's name
                    yield from self._interface(module, node, kind)
            elif node.get("isPrimaryIO") or node.get("direction", "NONE") != "NONE":
                yield self._port(node, str(node.get("direction")))

    def _port(self, node: Node, direction: str) -> FoundPort:
        name = str(node.get("verilogName") or node["name"])
        dims, width, construct = _shape(self.types, node.get("dtypep"))
        if not _PLAIN_NAME.fullmatch(name):
            width, construct = 0, "escaped identifier"
        way = _DIRECTIONS.get(direction, "")
        if not way:
            width, construct = 0, direction
        element = _element(self.types, node.get("dtypep")) if dims else ""
        return FoundPort(name[:200], way, width, construct, *place(self.design, node), dims=dims, element=element)

    def _interface(self, module: Node, port: Node, kind: Node) -> Iterator[FoundPort]:
        """The members that the modport names; without one all of them, driven by us unless the design writes them."""
        interface = self.modules.get(str(kind.get("ifacep")))
        if interface is None:
            yield replace(self._port(port, "INPUT"), width=0, construct="interface")
            return
        members = [node for node in interface["stmtsp"] if node["type"] == "VAR" and node.get("varType") in _MEMBERS]
        modport = str(kind.get("modportName", ""))
        ways = self._listed(interface, modport) if modport else self._ways(interface, members, module, str(port["name"]))
        for node in members:
            header = node.get("direction", "NONE") != "NONE"
            way = str(node["direction"]) if header else ways.get(str(node["addr"]), "")
            if not way:
                continue
            found = self._port(node, way)
            if header and found.dir != "in":
                found = replace(found, width=0, construct="interface output")
            name, kind_name = f"{port['name']}.{found.name}"[:400], str(interface["origName"])
            yield replace(found, name=name, interface=kind_name, header=header)

    def _listed(self, interface: Node, modport: str) -> dict[str, str]:
        """Address of each member that a modport lists -> its direction."""
        named = [node for node in interface["stmtsp"] if node["type"] == "MODPORT" and node["name"] == modport]
        listed = [node for found in named for node in walk(found) if node["type"] == "MODPORTVARREF"]
        return {str(node["varp"]): str(node["direction"]) for node in listed}

    def _ways(self, interface: Node, members: list[Node], module: Node, port: str) -> dict[str, str]:
        """Address of each member -> its direction without a modport: whatever is written in the design comes out of it."""
        own = {
            str(node.get("varp")) for node in walk(interface) if node["type"] == "VARREF" and node.get("access") in _WRITES
        }
        written = own | set(self._written(module, port, 0))
        return {str(node["addr"]): "OUTPUT" if str(node["addr"]) in written else "INPUT" for node in members}

    def _written(self, module: Node, port: str, depth: int) -> Iterator[str]:
        """Addresses of the members that `module`, or what it hands the interface on to, writes through a port."""
        for node in walk(module):
            if node["type"] == "VARXREF" and node.get("dotted") == port and node.get("access") in _WRITES:
                yield str(node.get("varp"))
            elif node["type"] == "CELL" and depth < _DEEPEST:
                inner = self.modules.get(str(node.get("modp")))
                for pin in node.get("pinsp", ()):
                    handed = (item.get("name") for item in walk(pin) if item["type"] in {"VARREF", "VARXREF"})
                    if inner is not None and port in handed:
                        yield from self._written(inner, str(pin["name"]), depth + 1)


def _shape(types: Mapping[str, Node], address: object) -> tuple[tuple[tuple[int, int], ...], int, str]:
    """Unpacked dimensions, bits over all elements (0: cannot be bound), and the name of what cannot."""
    dims: list[tuple[int, int]] = []
    node = types.get(str(address), {})
    while node.get("type") == "UNPACKARRAYDTYPE" and len(dims) < _DEEPEST:
        match = _RANGE.fullmatch(str(node["declRange"]).strip("[]"))
        if not match:
            return (), 0, "unpacked array"
        dims.append((int(match.group(1)), int(match.group(2))))
        address = node.get("refDTypep")
        node = types.get(str(address), {})
    elements = prod(abs(left - right) + 1 for left, right in dims)
    if elements > MAX_ELEMENTS:
        return (), 0, f"unpacked array of more than {MAX_ELEMENTS} elements"
    width, construct = _width(types, address, 0)
    return tuple(dims), width * elements, construct


def _element(types: Mapping[str, Node], address: object) -> str:
    """The kind of a bit of an unpacked array, and whether its elements are signed: arrays connect only to their like."""
    array = node = types.get(str(address), {})
    for _ in range(_DEEPEST):
        if node.get("type") == "BASICDTYPE":
            break
        inner = node.get("membersp", [{}])[0].get("dtypep")
        node = types.get(str(node.get("refDTypep") or inner or node.get("dtypep")), {})
    return f"{'bit' if node.get('keyword') in _TWO_STATE else 'logic'}{' signed' if array.get('signed') else ''}"


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
