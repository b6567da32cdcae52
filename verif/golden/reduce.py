"""Sums over binders: as matrix products where the body is a product, else by chunks; reals and folds step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verif.contract.interval import Interval, fits
from verif.contract.nodes import MAX_BITS, ExprError, Node, walk
from verif.contract.real import is_real as real_node
from verif.contract.vector import Mask, Value, both, grid, scalar, settle
from verif.contract.work import MAX_STEPS
from verif.golden.reals import Arithmetic, RealEvaluator, is_real, numbers, real, total

Array = NDArray[Any]
CHUNK = 1 << 20  # elements of a grid evaluated at once
_DOUBLE = 1 << 53  # below this, sums of products are exact in float64
MAX_FACTOR = 1 << 22
"""Elements of one factor of a sum of products; larger left sides are taken in parts."""
_FACTORS = {"*", "index", "cast", "name", "num", "outside"}
_MATRIX = 1 << 14  # multiplications from which the float64 product is worth its conversions


@dataclass(frozen=True, slots=True)
class _Axes:
    """Names with the sums' axes appended, the mask of legal positions, and the extents of those axes."""

    names: Mapping[str, Value]
    mask: Mask
    extents: tuple[int, ...]
    ragged: bool

    @property
    def size(self) -> int:
        """Elements of the whole grid."""
        shapes = [value.data.shape for value in self.names.values()]
        mask_shape = () if self.mask is None else self.mask.shape
        return int(np.prod(np.broadcast_shapes(*shapes, mask_shape), dtype=np.int64))


class Sums(RealEvaluator):
    """An evaluator with the forms that have binders: sum, accsat and fold."""

    def __init__(self, tensors: Mapping[str, Value], arithmetic: Arithmetic) -> None:
        super().__init__(tensors, arithmetic)
        self._kinds |= {"sum": self._sum, "accsat": self._accsat, "fold": self._fold}
        self._real_tensors = {name for name, value in tensors.items() if is_real(value)}

    def _sum(self, node: Node, names: Mapping[str, Value], mask: Mask) -> Value:
        axes = self._axes(node, names, mask)
        reals = real_node(node, self._real_tensors, {name for name, value in names.items() if is_real(value)})
        if not all(axes.extents):
            return real(np.zeros(())) if reals else scalar(0)
        if reals:
            return total(self.arithmetic, self._terms(node, axes))
        if mask is None and not axes.ragged and node.args[0].op in _FACTORS:
            factors = _factors(node.args[0])
            _bearable(node, factors, axes)
            pair = _pair([self.evaluate(factor, axes.names) for factor in factors])
            if pair is not None:
                return contract(node, *pair, axes.extents)
        return self._chunked(node, axes)

    def _terms(self, node: Node, axes: _Axes) -> Iterator[tuple[Array, Mask]]:
        for names, mask in _places(node, axes):
            yield numbers(self.evaluate(node.args[0], names, mask)), mask

    def _axes(self, node: Node, names: Mapping[str, Value], mask: Mask) -> _Axes:
        """One new last axis per binder. An extent that varies gives a mask instead of a rectangle."""
        here, extents, ragged = dict(names), list[int](), False
        for binder, extent_node in node.binders:
            extent = self.evaluate(extent_node, here, mask)
            count = max(0, int(extent.data.max())) if extent.data.size else 0
            here = {name: _widened(value) for name, value in here.items()}
            limit, mask = _widened(extent), None if mask is None else mask[..., None]
            dimensions = max((value.data.ndim for value in here.values()), default=0) or 1
            index = np.arange(count).reshape([1] * (dimensions - 1) + [-1])
            here[binder] = Value(index, (0, max(0, count - 1)))
            if limit.data.size != 1:
                ragged, mask = True, both(mask, np.asarray(index < limit.data))
            extents.append(count)
        return _Axes(here, mask, tuple(extents), ragged)

    def _chunked(self, node: Node, axes: _Axes) -> Value:
        """The sum by slices of the first binder, so that no grid exceeds CHUNK by much."""
        binder, depth = node.binders[0][0], len(axes.extents)
        step = max(1, CHUNK * axes.extents[0] // max(1, axes.size))
        total: Value | None = None
        for start in range(0, axes.extents[0], step):
            part = slice(start, start + step)
            names = {**axes.names, binder: _cut(axes.names[binder], part, depth)}
            mask = None if axes.mask is None else _cut_mask(axes.mask, part, depth, axes.extents[0])
            sizes = (min(step, axes.extents[0] - start), *axes.extents[1:])
            found = _added(node, self.evaluate(node.args[0], names, mask), mask, sizes)
            total = found if total is None else _plus(node, total, found)
        return total if total is not None else scalar(0)

    def _accsat(self, node: Node, names: Mapping[str, Value], mask: Mask) -> Value:
        """The running sum, clipped to low..high after every step, in the order of the binders."""
        low, high = (self.evaluate(arg, names, mask) for arg in node.args[:2])
        axes, state = self._axes(node, names, mask), scalar(0)
        for here, step_mask in _places(node, axes):
            term = self.evaluate(node.args[2], here, step_mask)
            state = _kept(step_mask, self._limited(node, _plus(node, state, term), low, high), state)
        return state

    def _limited(self, node: Node, value: Value, low: Value, high: Value) -> Value:
        return self._binary(node, "min", self._binary(node, "max", value, low, None), high, None)

    def _fold(self, node: Node, names: Mapping[str, Value], mask: Mask) -> Value:
        """The accumulator after its last new value, in the order of the binders, the last one fastest."""
        state = self.evaluate(node.args[0], names, mask)
        if real_node(node, self._real_tensors, {name for name, value in names.items() if is_real(value)}):
            state = real(numbers(state))
        for here, step_mask in _places(node, self._axes(node, names, mask)):
            found = self.evaluate(node.args[1], {**here, node.name: state}, step_mask)
            state = _kept(step_mask, found if is_real(found) else grid(found.data), state)
        return state


def _places(node: Node, axes: _Axes) -> Iterator[tuple[dict[str, Value], Mask]]:
    """Names and mask at every place of the binders, the last binder fastest."""
    steps, depth = int(np.prod(axes.extents, dtype=object)), len(axes.extents)
    if steps > MAX_STEPS:
        raise ExprError("grid", node, count=str(steps), limit=str(MAX_STEPS))
    for place in np.ndindex(*axes.extents):
        names = {name: _picked(value, place, depth) for name, value in axes.names.items()}
        yield names, None if axes.mask is None else _picked_array(axes.mask, place, depth)


def _kept(mask: Mask, new: Value, old: Value) -> Value:
    """The new value, where a mask allows it."""
    if mask is None:
        return new
    data = np.asarray(np.where(mask, new.data, old.data))
    return real(data) if is_real(new) or is_real(old) else grid(data)


def contract(node: Node, a: Value, b: Value, extents: tuple[int, ...]) -> Value:
    """Sum of a*b over the last axes, as a batched matrix product; exact in float64, int64 or Python integers by bounds."""
    terms = int(np.prod(extents, dtype=object))
    corner = max(abs(x * y) for x in a.bounds for y in b.bounds) * terms
    bounds = (-corner, corner)
    if not fits(bounds, MAX_BITS + 1):
        raise ExprError("large", node, limit=str(MAX_BITS))
    left, right = _aligned(a.data, b.data, len(extents))
    double = corner < _DOUBLE and left.size * right.size > _MATRIX
    dtype: Any = object if not fits(bounds) else np.float64 if double else np.int64
    result = _matrix_product(left.astype(dtype), right.astype(dtype), extents)
    return settle(result.astype(np.int64) if dtype is np.float64 else result, bounds, node)


def _aligned(a: Array, b: Array, least: int) -> tuple[Array, Array]:
    size = max(a.ndim, b.ndim, least)
    return a.reshape((1,) * (size - a.ndim) + a.shape), b.reshape((1,) * (size - b.ndim) + b.shape)


def _matrix_product(a: Array, b: Array, extents: tuple[int, ...]) -> Array:
    """a, b: same rank; axes of extent 1 broadcast; the last len(extents) axes are summed."""
    kept = a.ndim - len(extents)
    for axis, extent in zip(range(kept, a.ndim), extents, strict=True):
        a, b = _presum(a, b, axis, extent)
    batch = [axis for axis in range(kept) if a.shape[axis] > 1 and b.shape[axis] > 1]
    left = [axis for axis in range(kept) if axis not in batch and a.shape[axis] > 1]
    right = [axis for axis in range(kept) if axis not in batch and axis not in left]
    tail = list(range(kept, a.ndim))
    order = batch + left + right
    rows = a.transpose(order + tail).reshape([a.shape[i] for i in batch] + [_size(a, left), _size(a, tail)])
    columns = b.transpose(order + tail).reshape([b.shape[i] for i in batch] + [_size(b, right), _size(b, tail)])
    product = np.matmul(rows, np.swapaxes(columns, -1, -2))
    shape = [max(a.shape[axis], b.shape[axis]) for axis in order]
    return np.asarray(product.reshape(shape).transpose(np.argsort(order)) if order else product.reshape(()))


def _presum(a: Array, b: Array, axis: int, extent: int) -> tuple[Array, Array]:
    """Make both sides equal along a summed axis: add up the side that alone varies, or multiply when neither does."""
    if a.shape[axis] == b.shape[axis]:
        return (a * extent, b) if a.shape[axis] == 1 and extent > 1 else (a, b)
    return (a, b.sum(axis=axis, keepdims=True)) if a.shape[axis] == 1 else (a.sum(axis=axis, keepdims=True), b)


def _size(array: Array, axes: Sequence[int]) -> int:
    return int(np.prod([array.shape[axis] for axis in axes], dtype=np.int64))


def _bearable(node: Node, factors: Sequence[Node], axes: _Axes) -> None:
    """Raises ExprError `grid` when a factor, over the indices that it names, is too large to be made at once."""
    for factor in factors:
        named = {inner.name for inner in walk(factor) if inner.op == "name"} & axes.names.keys()
        size = int(np.prod(np.broadcast_shapes(*(axes.names[name].data.shape for name in named)), dtype=object))
        if size > MAX_FACTOR:
            raise ExprError("grid", node, count=str(size), limit=str(MAX_FACTOR))


def _factors(node: Node) -> list[Node]:
    return [*_factors(node.args[0]), *_factors(node.args[1])] if node.op == "*" else [node]


def _pair(factors: Sequence[Value]) -> tuple[Value, Value] | None:
    """Two factors whose grids stay as small as their parts; None when three or more really differ."""
    sides: list[Value] = []
    for factor in factors:
        for index, side in enumerate(sides):
            merged = np.broadcast_shapes(side.data.shape, factor.data.shape)
            if np.prod(merged, dtype=np.int64) <= max(side.data.size, factor.data.size):
                sides[index] = _times(side, factor)
                break
        else:
            sides.append(factor)
    if not sides or len(sides) > 2 or max(side.data.size for side in sides) > 16 * CHUNK:  # noqa: PLR2004  a pair
        return None
    return sides[0], sides[1] if len(sides) > 1 else scalar(1)


def _combined(a: Value, b: Value, function: Callable[[Array, Array], Array], bounds: Interval) -> Value:
    narrow = fits(bounds) and object not in {a.data.dtype, b.data.dtype}
    data = function(a.data, b.data) if narrow else function(a.exact(), b.exact())
    return settle(np.asarray(data), bounds, Node("sum"))


def _times(a: Value, b: Value) -> Value:
    results = [x * y for x in a.bounds for y in b.bounds]
    return _combined(a, b, lambda x, y: x * y, (min(results), max(results)))


def _plus(node: Node, a: Value, b: Value) -> Value:
    _ = node
    return _combined(a, b, lambda x, y: x + y, (a.bounds[0] + b.bounds[0], a.bounds[1] + b.bounds[1]))


def _added(node: Node, value: Value, mask: Mask, sizes: tuple[int, ...]) -> Value:
    """The value summed over its last axes, masked positions left out; axes it does not vary along count `sizes` times."""
    depth = len(sizes)
    data = value.data if mask is None else np.where(mask, value.data, 0)
    data = data.reshape((1,) * max(0, depth - data.ndim) + data.shape)
    kept = data.shape[: data.ndim - depth]
    whole = np.broadcast_to(data, kept + sizes)
    terms = int(np.prod(sizes, dtype=object))
    bounds = (min(0, value.bounds[0]) * terms, max(0, value.bounds[1]) * terms)
    wide = whole if fits(bounds) else whole.astype(object)
    return settle(np.asarray(wide.sum(axis=tuple(range(len(kept), whole.ndim)))), bounds, node)


def _widened(value: Value) -> Value:
    return value if value.data.ndim == 0 else Value(value.data[..., None], value.bounds)


def _cut(value: Value, part: slice, depth: int) -> Value:
    return Value(np.take(value.data, range(*part.indices(value.data.shape[-depth])), axis=-depth), value.bounds)


def _cut_mask(mask: NDArray[np.bool_], part: slice, depth: int, extent: int) -> NDArray[np.bool_]:
    wide = mask.reshape((1,) * max(0, depth - mask.ndim) + mask.shape)
    return wide if wide.shape[-depth] != extent else np.take(wide, range(*part.indices(extent)), axis=-depth)


def _picked(value: Value, place: Sequence[int], depth: int) -> Value:
    return value if value.data.ndim == 0 else Value(_picked_array(value.data, place, depth), value.bounds)


def _picked_array(data: Array, place: Sequence[int], depth: int) -> Array:
    """The array at one place of its last `depth` axes, which are dropped; axes of extent 1 have one place only."""
    wide = data.reshape((1,) * max(0, depth - data.ndim) + data.shape)
    tail = wide.shape[wide.ndim - depth :]
    where = tuple(0 if extent == 1 else index for extent, index in zip(tail, place, strict=True))
    return np.asarray(wide[(slice(None),) * (wide.ndim - depth) + where])
