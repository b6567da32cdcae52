"""The right side of a math line: everything that an expression has, and round, divide, relu and outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verif.contract.interval import fits
from verif.contract.nodes import MAX_BITS, ExprError, Node
from verif.contract.vector import Mask, Value, both, grid, scalar, small_enough
from verif.golden.quantize import shift_right
from verif.golden.reals import Arithmetic, is_real, real, whole
from verif.golden.reduce import Sums

Array = NDArray[Any]
_QUARTERS = 2  # bits below the point that tell exact, below, on and above half


class MathEvaluator(Sums):
    """Evaluates the right side of a math line; `names` are grids over the left side's indices."""

    def __init__(self, tensors: Mapping[str, Value], arithmetic: Arithmetic | None = None) -> None:
        super().__init__(tensors, arithmetic or Arithmetic())
        self._kinds |= {"round": self._round, "divide": self._divide, "relu": self._relu, "outside": self._outside}

    def _round(self, node: Node, names: Mapping[str, Value], mask: Mask) -> Value:
        value, shift = (self.evaluate(arg, names, mask) for arg in node.args)
        amount = shift.data
        if shift.bounds[0] < 0 or shift.bounds[1] > MAX_BITS:
            wrong = np.asarray((amount < 0) | (amount > MAX_BITS))
            if bool((wrong if mask is None else wrong & mask).any()):
                raise ExprError("negative", node)
            amount = np.where(wrong, 0, amount)
        if is_real(value):
            return _to_whole(np.ldexp(value.data, -amount.astype(np.int32)), node.name)
        small_enough(node, value.data, amount)
        return grid(shift_right(value.data, amount, node.name))

    def _divide(self, node: Node, names: Mapping[str, Value], mask: Mask) -> Value:
        """The exact quotient, rounded once."""
        a, b = (self.evaluate(arg, names, mask) for arg in node.args)
        small_enough(node, a.data, b.data)
        floor = self._binary(node, "//", a, b, mask)
        rest = self._binary(node, "%", a, b, mask)
        twice = self._binary(node, "*", scalar(2), rest, mask)
        below = np.where(rest.data == 0, 0, np.where(twice.data == b.data, 2, np.where(abs(twice.data) < abs(b.data), 1, 3)))
        quarters = self._binary(node, "+", self._binary(node, "*", scalar(4), floor, mask), grid(below), mask)
        return grid(shift_right(quarters.data, _QUARTERS, node.name))

    def _relu(self, node: Node, names: Mapping[str, Value], mask: Mask) -> Value:
        value = self.evaluate(node.args[0], names, mask)
        if is_real(value):
            return real(np.where((value.data > 0) | np.isnan(value.data), value.data, 0.0))
        return self._binary(node, "max", value, scalar(0), mask)

    def _outside(self, node: Node, names: Mapping[str, Value], mask: Mask) -> Value:
        """The element where every index is inside its tensor, else the other value."""
        element = node.args[0]
        tensor = self.tensors.get(element.name)
        if tensor is None:
            raise ExprError("tensor", element, name=element.name, suggestion="")
        if len(element.args) != tensor.data.ndim:
            args = {"expected": str(tensor.data.ndim), "got": str(len(element.args))}
            raise ExprError("rank", element, name=element.name, **args)
        found = [self.evaluate(arg, names, mask).data for arg in element.args]
        small_enough(node, *found)
        inside: Array = np.ones((), dtype=bool)
        for index, extent in zip(found, tensor.data.shape, strict=True):
            inside = np.asarray(inside & (index >= 0) & (index < extent))
        other = self.evaluate(node.args[1], names, both(mask, ~inside))
        if not tensor.data.size:
            return other
        where = [np.clip(i, 0, extent - 1).astype(np.int64) for i, extent in zip(found, tensor.data.shape, strict=True)]
        return self._chosen(node, inside, Value(np.asarray(tensor.data[tuple(where)]), tensor.bounds), other)


def _to_whole(value: NDArray[np.float64], mode: str) -> Value:
    """Reals to integers by a rounding mode: which quarter they lie in decides, exactly."""
    floor = np.floor(value)
    with np.errstate(invalid="ignore"):
        half = floor + 0.5
        below = np.where(value == floor, 0, np.where(value < half, 1, np.where(value == half, 2, 3)))
    found = whole(real(floor))
    wide = found.data if fits(found.bounds, 60) else found.exact()
    quarters = 4 * wide + np.where(np.isfinite(value), below, 0)
    return grid(shift_right(quarters, _QUARTERS, mode))
