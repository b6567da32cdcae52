"""Variants of the streams: loop order, lanes, items, bytes, indices, TLAST, and the sign of what an input carries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from verif.contract.explain import shown
from verif.contract.interval import type_bounds
from verif.contract.model import Channel, Contract, Operation, Stream, Text
from verif.contract.nodes import ExprError, Node, walk
from verif.contract.packing import tensors_of
from verif.contract.scope import input_tensors
from verif.contract.signals import channel_of
from verif.contract.syntax import parse_expr, parse_pack
from verif.variants.edit import Draft, Edit, over, put_at, source, spliced, swapped
from verif.variants.math import exchanged
from verif.variants.model import Kind

_BYTE = 8


@dataclass(frozen=True, slots=True)
class Place:
    """One stream of an operation."""

    contract: Contract
    operation: Operation
    number: int

    @property
    def stream(self) -> Stream:
        """The stream itself."""
        return self.operation.streams[self.number]

    @property
    def channel(self) -> Channel:
        """Its channel."""
        return channel_of(self.contract, self.stream.channel)

    @property
    def kind(self) -> Kind:
        """Which way it goes."""
        return "output" if self.channel.dir == "out" else "input"

    def draft(self, key: str, word: str, stream: Stream, **args: str) -> Draft:
        """The variant with `stream` in this place."""
        changed = replace(self.operation, streams=put_at(self.operation.streams, self.number, stream))
        given = {"channel": self.stream.channel, **args}
        return Draft(f"{self.stream.channel}.{key}", self.kind, word, given, changed, self.number)

    def field(self, key: str, word: str, name: str, text: Text, **args: str) -> Draft:
        """The variant with one field's text replaced."""
        return self.draft(f"{name}.{key}", word, self._with(name, text), field=name, **args)

    def _with(self, name: str, text: Text) -> Stream:
        return replace(self.stream, fields={**self.stream.fields, name: text})


def stream_drafts(contract: Contract, operation: Operation) -> Iterator[Draft]:
    """Every variant of every stream that carries tensors, outputs first, and of the sign of every input tensor."""
    places = [Place(contract, operation, number) for number in range(len(operation.streams))]
    for place in sorted(places, key=lambda one: one.kind == "input"):
        if tensors_of(place.stream):
            yield from _loops(place)
            for name, text in place.stream.fields.items():
                yield from (draft for draft in _field(place, name, text) if _parses(draft, place.number, name))
            yield from _last(place)
    yield from _signs(operation)


def _parses(draft: Draft, number: int, name: str) -> bool:
    if not isinstance(draft.changed, Operation):
        return False
    try:
        parse_pack(draft.changed.streams[number].fields[name].value)
    except ExprError:
        return False
    return True


def _loops(place: Place) -> Iterator[Draft]:
    """Neighbouring loops exchanged, unless the inner one's extent needs the outer one."""
    loops = place.stream.loops
    for at, (outer, inner) in enumerate(pairwise(loops)):
        if not any(node.name == outer[0] for node in walk(parse_expr(inner[1].value))):
            order = (*loops[:at], inner, outer, *loops[at + 2 :])
            args = {"outer": outer[0], "inner": inner[0]}
            yield place.draft(f"loops.{inner[0]}.{outer[0]}", "variant_loops", replace(place.stream, loops=order), **args)


def _field(place: Place, name: str, text: Text) -> Iterator[Draft]:
    """Variants of one field's packer; none for a field that carries no element."""
    node = parse_pack(text.value)
    if not any(inner.op == "index" for inner in walk(node)):
        return
    for item in node.args if node.op == "pack" else ():
        yield from _lanes(place, name, text, item)
    yield from _items(place, name, text, node)
    yield from _bytes(place, name, text, node)
    for inner in walk(node):
        if inner.op == "index":
            for changed, declared, other in exchanged(text, inner):
                args = {"tensor": inner.name, "declared": declared, "other": other}
                yield place.field(f"index.{inner.name}", "variant_stream_index", name, changed, **args)


def _lanes(place: Place, name: str, text: Text, item: Node) -> Iterator[Draft]:
    """A generator's lanes from the last to the first; elements of four bits also exchanged inside each byte."""
    for number, (lane, extent) in enumerate(item.binders):
        later = [inner for _, other in item.binders[number + 1 :] for inner in walk(other)]
        uses = [inner for body in item.args for inner in walk(body) if inner.op == "name" and inner.name == lane]
        if not uses or any(inner.name == lane for inner in later):
            continue
        back = f"(({source(text, extent)}) - 1 - {lane})"
        yield place.field(f"lanes.{lane}", "variant_lanes", name, spliced(text, *_each(uses, back)), loop=lane)
        if all(_bits(place, body) == _BYTE // 2 for body in item.args):
            yield place.field("nibbles", "variant_nibbles", name, spliced(text, *_each(uses, f"({lane} ^ 1)")))


def _each(uses: list[Node], put: str) -> list[Edit]:
    return [over(use, put) for use in uses]


def _bits(place: Place, body: Node) -> int:
    known = body.op == "index" and body.name in place.operation.tensors
    return place.operation.tensors[body.name].bits if known else 0


def _items(place: Place, name: str, text: Text, node: Node) -> Iterator[Draft]:
    """Neighbouring items exchanged, in the packer and in its groups."""
    rows = [node.args if all(not arg.binders for arg in node.args) else ()] if node.op == "pack" else []
    rows += [item.args for item in node.args if node.op == "pack" and item.op == "each"]
    for row in rows:
        for one, other in pairwise(row):
            args = {"first": source(text, one), "second": source(text, other)}
            if args["first"] != args["second"]:
                yield place.field("items", "variant_items", name, swapped(text, one, other), **args)


def _bytes(place: Place, name: str, text: Text, node: Node) -> Iterator[Draft]:
    """An element of several whole bytes, most significant byte first."""
    groups = node.args if node.op == "pack" else (node,)
    for group in groups:
        for body in group.args if group.op == "each" else (group,):
            bits = _bits(place, body)
            if bits > _BYTE and bits % _BYTE == 0:
                put = _backwards(source(text, body), bits)
                alone = group.op == "each" and len(group.args) == 1
                whole = f"({put})" if alone else put if node.op == "pack" else f"pack({put})"
                changed = spliced(text, over(body, whole))
                yield place.field(f"bytes.{body.name}", "variant_bytes", name, changed, tensor=body.name)


def _backwards(element: str, bits: int) -> str:
    return ", ".join(f"bits({element}, {low + _BYTE - 1}, {low})" for low in range(bits - _BYTE, -1, -_BYTE))


def _last(place: Place) -> Iterator[Draft]:
    """TLAST of an output: never, at every beat, only at the end, at the end of each loop from the inside."""
    name, stream = place.channel.roles.get("last"), place.stream
    if place.kind != "output" or name is None or not stream.loops:
        return
    ends = [f"{loop} == ({extent.value}) - 1" for loop, extent in stream.loops]
    text = stream.fields[name]
    yield place.field("never", "variant_last_never", name, replace(text, value="0"))
    yield place.field("always", "variant_last_always", name, replace(text, value="1"))
    for depth in range(len(ends)):
        rule, loop = " and ".join(ends[depth:]), stream.loops[depth][0]
        if shown(parse_expr(rule)) == shown(parse_expr(text.value)):
            continue
        yield place.field(f"end.{loop}", "variant_last_end", name, replace(text, value=rule), loop=loop)


def _signs(operation: Operation) -> Iterator[Draft]:
    """Input tensors of integers read with the other signedness: the same bits, other values."""
    carried = {name for stream in operation.streams for name in tensors_of(stream)}
    for name in input_tensors(operation):
        kind = operation.tensors[name]
        if name in carried and kind.bits > 1 and not kind.form:
            low, high = type_bounds(kind.bits, signed=not kind.signed)
            other = replace(kind, signed=not kind.signed, low=low, high=high)
            word = "variant_unsigned" if kind.signed else "variant_signed"
            changed = replace(operation, tensors={**operation.tensors, name: other})
            yield Draft(f"{name}.{word.removeprefix('variant_')}", "input", word, {"tensor": name}, changed, -1)
