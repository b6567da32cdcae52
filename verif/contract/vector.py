"""Evaluates expressions over whole grids at once: exact, in int64 where bounds prove that it fits, else in Python integers.

A grid value carries bounds of its elements. Every operation computes the bounds of its result first and chooses the
arithmetic by them, so nothing ever wraps. Partial operations (index, division, shift) look at a mask, so that the branch
not taken of an `if` cannot fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verif.contract.expr import clog2
from verif.contract.interval import BIT, Interval, bound, fits, type_bounds
from verif.contract.nodes import MAX_BITS, ExprError, Node, near

MAX_GRID = 1 << 26
"""Elements that one operation may make at once; Python integers of that many fill half a gigabyte and more."""
Array = NDArray[Any]
Mask = NDArray[np.bool_] | None


@dataclass(frozen=True, slots=True)
class Value:
    """A grid of integers, int64 or object, with bounds that hold for every element."""

    data: Array
    bounds: Interval

    def exact(self) -> Array:
        """The elements as Python integers."""
        return self.data if self.data.dtype == object else self.data.astype(object)


def grid(data: Array | int) -> Value:
    """A value with the tightest bounds of its data; an empty grid is bounded by zero."""
    data = np.asarray(data)  # an operation on a single Python integer gives one back
    bounds = (int(data.min()), int(data.max())) if data.size else (0, 0)
    return Value(data.astype(np.int64) if fits(bounds) else data.astype(object), bounds)


def scalar(value: int) -> Value:
    """One integer, which broadcasts against everything."""
    return Value(np.array(value, dtype=np.int64 if fits((value, value)) else object), (value, value))


def settle(data: Array, bounds: Interval, node: Node) -> Value:
    """A computed value: refused above 4096 bits, int64 where the bounds allow it, else Python integers.

    Never another type: numpy makes a single number from 2**63 to 2**64 unsigned, and mixes that with int64 as floats.
    """
    if not fits(bounds, MAX_BITS + 1):
        raise ExprError("large", node, limit=str(MAX_BITS))
    return Value(data.astype(np.int64 if fits(bounds) else object, copy=False), bounds)


def small_enough(place: Node | tuple[int, int], *arrays: Array) -> None:
    """Raises ExprError when the arrays broadcast to more than `MAX_GRID` elements."""
    size = prod(np.broadcast_shapes(*(array.shape for array in arrays)))
    if size > MAX_GRID:
        raise ExprError("grid", place, count=str(size), limit=str(MAX_GRID))


def apply(node: Node, function: Callable[..., Any], bounds: Interval, *values: Value) -> Value:
    """`function` over the values, in int64 when operands and bounds fit, else in Python integers."""
    small_enough(node, *(value.data for value in values))
    narrow = fits(bounds) and all(value.data.dtype != object for value in values)
    return settle(np.asarray(function(*(v.data if narrow else v.exact() for v in values))), bounds, node)


class Evaluator:
    """Evaluates nodes over named grids and tensors. All grids of one call broadcast against each other."""

    def __init__(self, tensors: Mapping[str, Value]) -> None:
        self.tensors = tensors
        self._kinds: dict[str, Callable[[Node, Mapping[str, Value], Mask], Value]] = {
            "num": self._number, "name": self._name, "index": self._index, "if": self._choice, "and": self._lazy,
            "or": self._lazy, "neg": self._unary, "inv": self._unary, "call": self._call, "cast": self._cast,
            "**": self._power,
        }  # fmt: skip

    def evaluate(self, node: Node, names: Mapping[str, Value], mask: Mask = None) -> Value:
        """The node's grid; raises ExprError, for partial operations only where `mask` is True (or None)."""
        kind = self._kinds.get(node.op)
        if kind is not None:
            return kind(node, names, mask)
        if node.op not in _BINARY:
            raise ExprError("construct", node)
        a, b = (self.evaluate(arg, names, mask) for arg in node.args)
        return self._binary(node, node.op, a, b, mask)

    def _binary(self, node: Node, op: str, a: Value, b: Value, mask: Mask) -> Value:
        if op in {"//", "%"}:
            b = _nonzero(node, b, mask)
        elif op in {"<<", ">>"}:
            b = _amount(node, op, b, mask)
        bounds = bound(op, a.bounds, b.bounds)
        if not fits(bounds, MAX_BITS + 1):
            raise ExprError("large", node, limit=str(MAX_BITS))
        if op == ">>" and a.data.dtype != object:
            b = Value(np.minimum(b.data, 63), b.bounds)  # wider shifts of an int64 are undefined in numpy
        return apply(node, _BINARY[op], bounds, a, b)

    def _number(self, node: Node, _names: Mapping[str, Value], _mask: Mask) -> Value:
        return scalar(node.value)

    def _name(self, node: Node, names: Mapping[str, Value], _mask: Mask) -> Value:
        if node.name not in names:
            raise ExprError("name", node, name=node.name, suggestion=near(node.name, names))
        return names[node.name]

    def _index(self, node: Node, names: Mapping[str, Value], mask: Mask) -> Value:
        tensor = self.tensors.get(node.name)
        if tensor is None:
            raise ExprError("tensor", node, name=node.name, suggestion=near(node.name, self.tensors))
        where = self.indices(node, tensor.data.shape, names, mask)
        return Value(np.asarray(tensor.data[where]), tensor.bounds)

    def indices(self, node: Node, shape: tuple[int, ...], names: Mapping[str, Value], mask: Mask) -> tuple[Array, ...]:
        """The index grids of `T[..]`, each inside `shape`; raises ExprError with the first index that is not."""
        if len(node.args) != len(shape):
            raise ExprError("rank", node, name=node.name, expected=str(len(shape)), got=str(len(node.args)))
        found = [self.evaluate(arg, names, mask) for arg in node.args]
        return tuple(
            _inside(arg, node.name, value, extent, mask) for arg, value, extent in zip(node.args, found, shape, strict=True)
        )

    def _choice(self, node: Node, names: Mapping[str, Value], mask: Mask) -> Value:
        test = self.evaluate(node.args[0], names, mask)
        truth = np.asarray(test.data != 0)
        if truth.all() or not truth.any():
            return self.evaluate(node.args[1 if truth.all() else 2], names, mask)
        a = self.evaluate(node.args[1], names, both(mask, truth))
        b = self.evaluate(node.args[2], names, both(mask, ~truth))
        small_enough(node, truth, a.data, b.data)
        return self._chosen(node, truth, a, b)

    def _chosen(self, node: Node, truth: NDArray[np.bool_], a: Value, b: Value) -> Value:
        bounds = (min(a.bounds[0], b.bounds[0]), max(a.bounds[1], b.bounds[1]))
        return apply(node, lambda x, y: np.where(truth, x, y), bounds, a, b)

    def _lazy(self, node: Node, names: Mapping[str, Value], mask: Mask) -> Value:
        decided = node.op == "or"
        result = np.asarray(self.evaluate(node.args[0], names, mask).data != 0)
        for arg in node.args[1:]:
            still = ~result if decided else result
            if not still.any():
                break
            truth = np.asarray(self.evaluate(arg, names, both(mask, still)).data != 0)
            small_enough(node, result, truth)
            result = np.asarray(result | truth if decided else result & truth)
        return Value(result.astype(np.int64), BIT)

    def _unary(self, node: Node, names: Mapping[str, Value], mask: Mask) -> Value:
        return self._signed(node, self.evaluate(node.args[0], names, mask))

    def _signed(self, node: Node, a: Value) -> Value:
        if node.op == "neg":
            return apply(node, np.negative, (-a.bounds[1], -a.bounds[0]), a)
        return apply(node, np.invert, (~a.bounds[1], ~a.bounds[0]), a)

    def _power(self, node: Node, names: Mapping[str, Value], mask: Mask) -> Value:
        a, b = (self.evaluate(arg, names, mask) for arg in node.args)
        b = _amount(node, "<<", b, mask)
        if max(map(abs, a.bounds)).bit_length() * b.bounds[1] > MAX_BITS:
            raise ExprError("large", node, limit=str(MAX_BITS))
        return grid(np.asarray(np.power(a.exact(), b.exact()), dtype=object))

    def _call(self, node: Node, names: Mapping[str, Value], mask: Mask) -> Value:
        return self._called(node, [self.evaluate(arg, names, mask) for arg in node.args], mask)

    def _called(self, node: Node, values: list[Value], mask: Mask) -> Value:
        if node.name in {"min", "max"}:
            result = values[0]
            for value in values[1:]:
                result = self._binary(node, node.name, result, value, mask)
            return result
        if node.name == "clip":
            return self._binary(node, "min", self._binary(node, "max", values[0], values[1], mask), values[2], mask)
        if node.name == "ceildiv":
            up = self._binary(node, "//", apply(node, np.negative, _negated(values[0]), values[0]), values[1], mask)
            return apply(node, np.negative, _negated(up), up)
        if node.name == "bits":
            return _bits(node, *values)
        return _abs(node, values[0]) if node.name == "abs" else _clog2(values[0])

    def _cast(self, node: Node, names: Mapping[str, Value], mask: Mask) -> Value:
        return wrap(self.evaluate(node.args[0], names, mask), node.value, signed=node.name == "i", node=node)


def wrap(value: Value, bits: int, *, signed: bool, node: Node) -> Value:
    """The value modulo 2**bits, in the range of the type."""
    low, high = type_bounds(bits, signed=signed)
    if low <= value.bounds[0] and value.bounds[1] <= high:
        return value
    mask, half = (1 << bits) - 1, 1 << (bits - 1)
    narrow = value.data.dtype != object and bits < 63  # noqa: PLR2004  the mask itself must fit
    data = (value.data if narrow else value.exact()) & mask
    return settle(np.asarray((data ^ half) - half if signed else data), (low, high), node)


def both(mask: Mask, more: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where both masks are True; raises ExprError like `small_enough`."""
    if mask is None:
        return more
    small_enough((0, 1), mask, more)
    return np.asarray(mask & more)


def _negated(value: Value) -> Interval:
    return -value.bounds[1], -value.bounds[0]


def _failing(bad: Array, mask: Mask) -> bool:
    return bool((bad if mask is None else bad & mask).any())


def _nonzero(node: Node, value: Value, mask: Mask) -> Value:
    if not value.bounds[0] <= 0 <= value.bounds[1]:
        return value
    zero = np.asarray(value.data == 0)
    if _failing(zero, mask):
        raise ExprError("zero", node)
    return Value(np.where(zero, 1, value.data), (value.bounds[0], max(value.bounds[1], 1)))


def _amount(node: Node, op: str, value: Value, mask: Mask) -> Value:
    if value.bounds[0] >= 0 and value.bounds[1] <= MAX_BITS:
        return value
    if _failing(np.asarray(value.data < 0), mask):
        raise ExprError("negative", node)
    if op == "<<" and _failing(np.asarray(value.data > MAX_BITS), mask):
        raise ExprError("large", node, limit=str(MAX_BITS))
    least = np.asarray(np.maximum(value.data, 0), dtype=value.data.dtype)  # one Python integer would lose its type
    return grid(np.asarray(np.minimum(least, MAX_BITS)))


def _inside(arg: Node, tensor: str, value: Value, extent: int, mask: Mask) -> Array:
    if value.bounds[0] >= 0 and value.bounds[1] < extent:
        return value.data
    bad = np.asarray((value.data < 0) | (value.data >= extent))
    if _failing(bad, mask):
        wrong = np.broadcast_to(value.data, np.broadcast_shapes(bad.shape, () if mask is None else mask.shape))
        first = wrong[np.broadcast_to(bad if mask is None else bad & mask, wrong.shape)].flat[0]
        raise ExprError("index", arg, tensor=tensor, value=str(first), extent=str(extent))
    return np.asarray(np.where(bad, 0, value.data)).astype(np.int64)


def _bits(node: Node, value: Value, hi: Value, lo: Value) -> Value:
    if hi.data.ndim or lo.data.ndim:
        raise ExprError("negative", node)
    high, low = int(hi.data), int(lo.data)  # the bounds of one number may be wider than it is
    if not 0 <= low <= high < MAX_BITS:
        raise ExprError("negative", node)
    amount = np.asarray(min(low, 63), dtype=np.int64) if value.data.dtype != object else np.asarray(low, dtype=object)
    shifted = apply(node, np.right_shift, bound(">>", value.bounds, (low, low)), value, Value(amount, (low, low)))
    return wrap(shifted, high - low + 1, signed=False, node=node)


def _abs(node: Node, value: Value) -> Value:
    low, high = value.bounds
    return apply(node, np.abs, (0 if low <= 0 <= high else min(abs(low), abs(high)), max(abs(low), abs(high))), value)


def _clog2(value: Value) -> Value:
    return grid(np.asarray(np.frompyfunc(clog2, 1, 1)(value.exact()), dtype=object))


_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "//": np.floor_divide, "%": np.remainder,
    "<<": np.left_shift, ">>": np.right_shift, "&": np.bitwise_and, "|": np.bitwise_or, "^": np.bitwise_xor,
    "min": np.minimum, "max": np.maximum,
    "==": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
}  # fmt: skip
