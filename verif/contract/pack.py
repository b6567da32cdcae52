"""Packs tensors into the beats of a stream, forwards, for inputs and outputs alike, and names the element behind a bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verif.contract.model import Contract, Operation, Stream
from verif.contract.nodes import ExprError, Node, walk
from verif.contract.packing import Body, FieldLayout, Group, grids, layout, loop_count, loop_grid, names_of
from verif.contract.vector import Evaluator, Value, grid

_WORD = 32


@dataclass(frozen=True, slots=True)
class FieldBits:
    """One field of every beat: `lsb` and `width` in the payload, `values` unsigned (int64, or object above 63 bits)."""

    name: str
    lsb: int
    width: int
    values: NDArray[Any]


@dataclass(frozen=True, slots=True)
class Beats:
    """The beats of a stream in order. `words`, `care`: uint32[n, ceil(width / 32)], least significant word first.

    A bit that `care` has cleared is never compared; its value here is 0.
    """

    width: int
    layout: tuple[FieldLayout, ...]
    words: NDArray[np.uint32]
    care: NDArray[np.uint32]

    @property
    def count(self) -> int:
        """Number of beats."""
        return int(self.words.shape[0])

    @property
    def values(self) -> tuple[FieldBits, ...]:
        """Every field as unsigned integers, in payload order."""
        return tuple(FieldBits(f.name, f.lsb, f.width, field_values(self.words, f.lsb, f.width)) for f in self.layout)


@dataclass(frozen=True, slots=True)
class Element:
    """What a payload bit carries. `lsb` and `bits` are its item's place in the payload; `lane` counts items of the field.

    `tensor` is "" and `index` () for an expression or padding. `low` is the element's bit that stands at `lsb`.
    """

    field: str
    tensor: str
    index: tuple[int, ...]
    lane: int
    lsb: int
    bits: int
    signed: bool
    low: int = 0

    @property
    def label(self) -> str:
        """`C[3,5]`, or the field's name."""
        return f"{self.tensor}[{','.join(map(str, self.index))}]" if self.tensor else self.field


def width(contract: Contract, operation: Operation, stream: Stream, variables: Mapping[str, int]) -> int:
    """Bits of the stream's payload; raises ExprError."""
    fields = layout(contract, operation, stream, names_of(contract, variables))
    return sum(field.width for field in fields)


def beat_count(contract: Contract, operation: Operation, stream: Stream, variables: Mapping[str, int]) -> int:
    """Number of beats of the stream; raises ExprError."""
    _ = operation
    return loop_count(stream, names_of(contract, variables))


def beats(
    contract: Contract,
    operation: Operation,
    stream: Stream,
    variables: Mapping[str, int],
    tensors: Mapping[str, NDArray[Any]],
) -> Beats:
    """All beats of the stream with these tensors (integer arrays of the operation's shapes); raises ExprError."""
    names = names_of(contract, variables)
    fields = layout(contract, operation, stream, names)
    count, columns = loop_grid(stream, names)
    columns_by_beat = grids(names, {name: column[:, None] for name, column in columns.items()})
    evaluator = Evaluator({name: grid(np.asarray(array)) for name, array in tensors.items()})
    bits, cared = [], []
    for field in fields:
        for group in field.groups:
            bits.append(_group_bits(group, evaluator, columns_by_beat, count))
            lane = np.concatenate([np.full(body.width, body.cared, dtype=np.uint8) for body in group.bodies])
            cared.append(np.tile(lane, group.lanes))
    total = sum(field.width for field in fields)
    care = _words(np.concatenate(cared)[None, :] if cared else np.zeros((1, 0), np.uint8), total)
    words = _words(np.concatenate(bits, axis=1) if bits else np.zeros((count, 0), np.uint8), total)
    return Beats(total, fields, words, np.repeat(care, count, axis=0))


def _group_bits(group: Group, evaluator: Evaluator, names: Mapping[str, Value], count: int) -> NDArray[np.uint8]:
    """Bits of a group, uint8[count, lanes * lane_width], least significant first."""
    scope = {**names, **{name: Value(value.data[None, :], value.bounds) for name, value in group.names.items()}}
    parts = []
    for body in group.bodies:
        shape = (count, group.lanes)
        if body.node.op in {"pad", "any"}:
            parts.append(np.zeros((*shape, body.width), np.uint8))
            continue
        value = evaluator.evaluate(body.node, scope)
        parts.append(to_bits(np.broadcast_to(value.data, shape), body.width))
    return np.concatenate(parts, axis=2).reshape(count, group.lanes * group.lane_width)


def to_bits(data: NDArray[Any], size: int) -> NDArray[np.uint8]:
    """The `size` low bits of every integer, as uint8[..., size], least significant first."""
    if size <= 64 and data.dtype != object:  # noqa: PLR2004  one machine word
        octets = np.ascontiguousarray(data, dtype="<i8").view(np.uint8).reshape(*data.shape, 8)
    else:
        length, mask = (size + 7) // 8, (1 << size) - 1
        raw = b"".join((int(value) & mask).to_bytes(length, "little") for value in data.ravel())
        octets = np.frombuffer(raw, np.uint8).reshape(*data.shape, length)
    return np.unpackbits(np.ascontiguousarray(octets[..., : (size + 7) // 8]), axis=-1, count=size, bitorder="little")


def _words(bits: NDArray[np.uint8], total: int) -> NDArray[np.uint32]:
    """uint8[n, total] of bits as uint32[n, words]."""
    words = -(-total // _WORD)
    octets = np.zeros((bits.shape[0], words * 4), np.uint8)
    octets[:, : (total + 7) // 8] = np.packbits(bits, axis=1, bitorder="little")
    return octets.view("<u4").astype(np.uint32, copy=False)


def field_values(words: NDArray[np.uint32], lsb: int, size: int) -> NDArray[Any]:
    """Bits lsb to lsb + size - 1 of every beat as unsigned integers: int64[n], or object[n] above 63 bits."""
    octets = np.ascontiguousarray(words, dtype="<u4").view(np.uint8).reshape(words.shape[0], 4 * words.shape[1])
    bits = np.unpackbits(octets, axis=1, bitorder="little")[:, lsb : lsb + size]
    if size > 63:  # noqa: PLR2004  does not fit int64
        packed = np.packbits(bits, axis=1, bitorder="little")
        return np.array([int.from_bytes(row.tobytes(), "little") for row in packed] or [0], dtype=object)[: len(packed)]
    return np.asarray(bits.astype(np.int64) @ (np.int64(1) << np.arange(size, dtype=np.int64)))


def locate(
    contract: Contract, operation: Operation, stream: Stream, variables: Mapping[str, int], beat: int, bit: int
) -> Element | None:
    """What payload bit `bit` of beat `beat` carries; None outside the stream or the payload."""
    names = names_of(contract, variables)
    count, columns = loop_grid(stream, names)
    if not 0 <= beat < count:
        return None
    at_beat = names | {name: int(column[beat]) for name, column in columns.items()}
    for field in layout(contract, operation, stream, names):
        for group in field.groups:
            start = field.lsb + group.lsb
            if start <= bit < start + group.lanes * group.lane_width:
                return _element(operation, field, group, bit - start, at_beat)
    return None


def _element(operation: Operation, field: FieldLayout, group: Group, inside: int, names: Mapping[str, int]) -> Element:
    lane, offset = divmod(inside, group.lane_width)
    order, body = next((i, b) for i, b in enumerate(group.bodies) if b.lsb <= offset < b.lsb + b.width)
    lsb = field.lsb + group.lsb + lane * group.lane_width + body.lsb
    place = group.first_lane + lane * len(group.bodies) + order
    here = dict(names) | {name: int(value.data[lane]) for name, value in group.names.items()}
    named = carried(body)
    if named is None:
        signed = body.node.op == "cast" and body.node.name == "i"
        return Element(field.name, "", (), place, lsb, body.width, signed)
    try:
        index = tuple(int(Evaluator({}).evaluate(arg, grids(here, {})).data) for arg in named.args)
    except ExprError:  # the index itself reads a tensor, whose values are not known here
        return Element(field.name, "", (), place, lsb, body.width, signed=False)
    signed = body.node.op == "index" and operation.tensors[named.name].signed
    return Element(field.name, named.name, index, place, lsb, body.width, signed, _low(body.node, here))


def carried(body: Body) -> Node | None:
    """The one tensor element that an item carries: `T[..]`, `bits(T[..], ..)` or an expression of exactly one element."""
    found = [node for node in walk(body.node) if node.op == "index"]
    return found[0] if len(found) == 1 else None


def _low(node: Node, names: Mapping[str, int]) -> int:
    if node.op != "call" or node.name != "bits":
        return 0
    return int(Evaluator({}).evaluate(node.args[2], grids(names, {})).data)
