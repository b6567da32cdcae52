"""The structure of a stream: its loops flattened to beats, and its packers flattened to lanes of known width.

Both are flat on purpose: an extent may use the loop variables before it (`j: min(T, N - nt*T)`), so the nest need not be a
rectangle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verif.contract import scope
from verif.contract.expr import evaluate_node
from verif.contract.model import Channel, Contract, Operation, Stream
from verif.contract.nodes import ExprError, Node, walk
from verif.contract.signals import channel_of, parse_signal
from verif.contract.syntax import parse_expr, parse_pack
from verif.contract.vector import Evaluator, Value, scalar

MAX_BEATS = 1 << 22
MAX_WIDTH = 1 << 16
_CONDITIONS = {"==", "!=", "<", "<=", ">", ">=", "and", "or"}


@dataclass(frozen=True, slots=True)
class Body:
    """One item of a group: its node, its width in bits, and where it starts inside one lane of the group."""

    node: Node
    width: int
    lsb: int

    @property
    def cared(self) -> bool:
        """False for `any`, whose bits are never compared."""
        return self.node.op != "any"


@dataclass(frozen=True, slots=True)
class Group:
    """Items repeated over lanes: lane variables as rows of length `lanes`, first lane least significant."""

    bodies: tuple[Body, ...]
    lanes: int
    names: Mapping[str, Value]
    lsb: int
    first_lane: int

    @property
    def lane_width(self) -> int:
        """Bits of one lane, all its items together."""
        return sum(body.width for body in self.bodies)


@dataclass(frozen=True, slots=True)
class FieldLayout:
    """One payload field: where it starts in the payload, its width in bits, and its groups."""

    name: str
    lsb: int
    width: int
    groups: tuple[Group, ...]


def names_of(contract: Contract, variables: Mapping[str, int]) -> dict[str, int]:
    """Constants and operation variables together."""
    return scope.constants(contract) | dict(variables)


def tensors_of(stream: Stream) -> tuple[str, ...]:
    """Tensors that the stream's packers name, in order of appearance."""
    found = [node.name for text in stream.fields.values() for node in walk(parse_pack(text.value)) if node.op == "index"]
    return tuple(dict.fromkeys(found))


def loop_grid(stream: Stream, names: Mapping[str, int]) -> tuple[int, dict[str, NDArray[np.int64]]]:
    """Number of beats, and every loop variable's value at every beat (int64[n]), outermost loop slowest."""
    count, columns = 1, dict[str, NDArray[np.int64]]()
    for name, text in stream.loops:
        extents = _extents(parse_expr(text.value), names, columns, count)
        total = int(extents.sum())
        if total > MAX_BEATS:
            raise ExprError("beats", (0, max(1, len(text.value))), count=str(total), limit=str(MAX_BEATS))
        columns = {key: np.repeat(column, extents) for key, column in columns.items()}
        starts = np.cumsum(extents) - extents
        columns[name] = np.arange(total, dtype=np.int64) - np.repeat(starts, extents)
        count = total
    return count, columns


def loop_count(stream: Stream, names: Mapping[str, int]) -> int:
    """Number of beats. Only a nest whose extents use its own loop variables has to be walked."""
    loops, count = [(name, parse_expr(text.value)) for name, text in stream.loops], 1
    own = {name for name, _ in loops}
    if any(node.name in own for _, extent in loops for node in walk(extent) if node.op == "name"):
        return loop_grid(stream, names)[0]
    for (_, extent), (_, text) in zip(loops, stream.loops, strict=True):
        count *= int(_extents(extent, names, {}, 1)[0])
        if count > MAX_BEATS:
            raise ExprError("beats", (0, max(1, len(text.value))), count=str(count), limit=str(MAX_BEATS))
    return count


def _extents(
    node: Node, names: Mapping[str, int], columns: Mapping[str, NDArray[np.int64]], count: int
) -> NDArray[np.int64]:
    if not any(inner.name in columns for inner in walk(node) if inner.op == "name"):
        extent = evaluate_node(node, names)
        if not 0 <= extent <= MAX_BEATS:
            raise ExprError("beats", node, count=str(extent), limit=str(MAX_BEATS))
        return np.full(count, extent, dtype=np.int64)
    value = Evaluator({}).evaluate(node, grids(names, columns))
    if value.data.size and (int(value.data.min()) < 0 or int(value.data.max()) > MAX_BEATS):
        raise ExprError("beats", node, count=str(value.data.min()), limit=str(MAX_BEATS))
    return np.broadcast_to(value.data, (count,)).astype(np.int64)


def grids(names: Mapping[str, int], columns: Mapping[str, NDArray[np.int64]]) -> dict[str, Value]:
    """Scalars for the names and grids, as they stand, for the columns."""
    values = {name: scalar(value) for name, value in names.items()}
    for name, column in columns.items():
        bounds = (int(column.min()), int(column.max())) if column.size else (0, 0)
        values[name] = Value(column, bounds)
    return values


def layout(contract: Contract, operation: Operation, stream: Stream, names: Mapping[str, int]) -> tuple[FieldLayout, ...]:
    """Every field of the stream's channel, in payload order, under these names; raises ExprError and KeyError.

    A single expression is as wide as its signal's slice; without a slice as wide as it says itself (u4(..), T[..]) or 1.
    """
    channel = channel_of(contract, stream.channel)
    fields, lsb = [], 0
    for name in channel.fields:
        field = _field(channel, name, parse_pack(stream.fields[name].value), operation, names, lsb)
        fields.append(field)
        lsb += field.width
    return tuple(fields)


def _field(channel: Channel, name: str, node: Node, operation: Operation, names: Mapping[str, int], lsb: int) -> FieldLayout:
    if node.op != "pack":
        width = _plain_width(channel, name, node, operation, names)
        return FieldLayout(name, lsb, width, (Group((Body(node, width, 0),), 1, {}, 0, 0),))
    groups, inside, lane = [], 0, 0
    for item in node.args:
        group = _group(item, operation, names, inside, lane)
        groups.append(group)
        inside += group.lanes * group.lane_width
        lane += group.lanes * len(group.bodies)
    if inside > MAX_WIDTH:
        raise ExprError("wide", node, width=str(inside), limit=str(MAX_WIDTH))
    return FieldLayout(name, lsb, inside, tuple(groups))


def _group(item: Node, operation: Operation, names: Mapping[str, int], lsb: int, lane: int) -> Group:
    binders = item.binders if item.op == "each" else ()
    count, columns = 1, dict[str, NDArray[np.int64]]()
    for name, extent_node in binders:
        extents = _extents(extent_node, names, columns, count)
        count = int(extents.sum())
        if count > MAX_WIDTH:
            raise ExprError("wide", extent_node, width=str(count), limit=str(MAX_WIDTH))
        starts = np.cumsum(extents) - extents
        columns = {key: np.repeat(column, extents) for key, column in columns.items()}
        columns[name] = np.arange(count, dtype=np.int64) - np.repeat(starts, extents)
    bodies, inside = [], 0
    for node in item.args if item.op == "each" else (item,):
        width = item_width(node, operation, names)
        if width is None:
            raise ExprError("item", node)
        bodies.append(Body(node, width, inside))
        inside += width
    return Group(tuple(bodies), count, grids({}, columns), lsb, lane)


def item_width(node: Node, operation: Operation, names: Mapping[str, int]) -> int | None:
    """Bits of a packer's item; None when the expression has no width of its own."""
    if node.op == "cast":
        return node.value
    if node.op == "index":
        if node.name not in operation.tensors:
            raise ExprError("tensor", node, name=node.name, suggestion="")
        return operation.tensors[node.name].bits
    if node.op == "call" and node.name == "bits":
        return _width(node, evaluate_node(node.args[1], names) - evaluate_node(node.args[2], names) + 1)
    return _width(node, evaluate_node(node.args[0], names)) if node.op in {"pad", "any"} else None


def _width(node: Node, width: int) -> int:
    if not 1 <= width <= MAX_WIDTH:
        raise ExprError("wide", node, width=str(width), limit=str(MAX_WIDTH))
    return width


def _plain_width(channel: Channel, name: str, node: Node, operation: Operation, names: Mapping[str, int]) -> int:
    own = item_width(node, operation, names)
    slice_width = parse_signal(channel.fields[name].value).width
    return own if own is not None else slice_width if slice_width is not None and node.op not in _CONDITIONS else 1
