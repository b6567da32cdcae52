"""What a design would read from the base contract's beats if it followed a variant's streams or types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from verif.contract import scope
from verif.contract.model import Contract, Operation, Stream, TensorType
from verif.contract.nodes import Node, walk
from verif.contract.pack import Beats
from verif.contract.packing import Body, Group, grids, layout, loop_grid, names_of, tensors_of
from verif.contract.vector import Evaluator, Value

WIDEST = 62
"""Bits of an element that fits int64 with a bit to spare; wider ones are not decoded."""


@dataclass(slots=True)
class _Tensor:
    """A tensor being put together: the bits of every element, flat, and which of them came."""

    kind: TensorType
    shape: tuple[int, ...]
    bits: NDArray[np.int64] = field(init=False)
    seen: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        size = int(np.prod(self.shape, dtype=np.int64))
        self.bits, self.seen = np.zeros(size, np.int64), np.zeros(size, np.int64)

    def take(self, flat: NDArray[np.int64], low: int, width: int, values: NDArray[np.int64]) -> bool:
        """Store bits low to low + width - 1 of elements; False when an element comes twice with different bits."""
        mask = ((1 << width) - 1) << low
        before = self.seen[flat] & mask
        clash = ((self.bits[flat] ^ (values << low)) & before).any()
        self.bits[flat] = (self.bits[flat] & ~mask) | (values << low)
        self.seen[flat] |= mask
        return not clash and bool(((self.bits[flat] & mask) == values << low).all())

    def whole(self) -> NDArray[np.int64] | None:
        """The tensor; None while bits are missing."""
        full = (1 << self.kind.bits) - 1
        if not (self.seen == full).all():
            return None
        half = 1 << (self.kind.bits - 1)
        values = (self.bits ^ half) - half if self.kind.signed else self.bits
        return values.reshape(self.shape)


def decoded(
    contract: Contract,
    operation: Operation,
    variables: Mapping[str, int],
    sent: Sequence[Beats | None],
    wanted: AbstractSet[str],
) -> dict[str, NDArray[np.int64]] | None:
    """The `wanted` input tensors, read from `sent` as `operation` says; None where a stream sends nothing.

    None when the reading is not total: an element bit that never comes, or comes twice and differs, beats of another
    number or width, an item that carries no single element. Raises ExprError when an index leaves its tensor.
    """
    shapes, kinds = scope.shapes(contract, operation, variables), operation.tensors
    if any(kinds[name].bits > WIDEST for name in wanted):
        return None
    found = {name: _Tensor(kinds[name], shapes[name]) for name in operation.tensors if name in wanted}
    names = names_of(contract, variables)
    for stream, beats in zip(operation.streams, sent, strict=True):
        named = beats is not None and not wanted.isdisjoint(tensors_of(stream))
        if beats is not None and named and not _read(contract, operation, stream, names, beats, found):
            return None
    values = {name: tensor.whole() for name, tensor in found.items()}
    whole = {name: value for name, value in values.items() if value is not None}
    return whole if len(whole) == len(values) else None


def _read(
    contract: Contract,
    operation: Operation,
    stream: Stream,
    names: Mapping[str, int],
    beats: Beats,
    found: Mapping[str, _Tensor],
) -> bool:
    """Take every wanted element of one stream; False when that cannot be done without doubt."""
    fields = layout(contract, operation, stream, names)
    count, columns = loop_grid(stream, names)
    if count != beats.count or sum(one.width for one in fields) != beats.width:
        return False
    octets = np.ascontiguousarray(beats.words, dtype="<u4").view(np.uint8).reshape(count, -1)
    bits = np.unpackbits(octets, axis=1, bitorder="little")
    by_beat = grids(names, {name: column[:, None] for name, column in columns.items()})
    return all(
        _item(bits[:, one.lsb + group.lsb :], group, body, by_beat, found)
        for one in fields
        for group in one.groups
        for body in group.bodies
        if any(node.op == "index" and node.name in found for node in walk(body.node))
    )


def _item(
    bits: NDArray[np.uint8], group: Group, body: Body, by_beat: Mapping[str, Value], found: Mapping[str, _Tensor]
) -> bool:
    """Take one item of every beat and lane; `bits` are those of the beats from the group on."""
    part = _part(body)
    if part is None:
        return False
    element, low = part
    here = dict(by_beat) | {name: Value(value.data[None, :], value.bounds) for name, value in group.names.items()}
    tensor, shape = found[element.name], (len(bits), group.lanes)
    where = Evaluator({}).indices(element, tensor.shape, here, None)
    flat = np.broadcast_to(np.ravel_multi_index(where, tensor.shape), shape).reshape(-1)
    lanes = bits[:, : group.lanes * group.lane_width].reshape(*shape, group.lane_width)
    mine = lanes[:, :, body.lsb : body.lsb + body.width].astype(np.int64)
    return tensor.take(flat, low, body.width, (mine @ (np.int64(1) << np.arange(body.width, dtype=np.int64))).reshape(-1))


def _part(body: Body) -> tuple[Node, int] | None:
    """The element that an item carries and its lowest bit there; None for anything but `T[..]` and `bits(T[..], hi, lo)`."""
    node = body.node
    if node.op == "index":
        return node, 0
    if node.op == "call" and node.name == "bits" and node.args[0].op == "index" and node.args[2].op == "num":
        return node.args[0], node.args[2].value
    return None
