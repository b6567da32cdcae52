"""Real numbers in math lines: every operation is rounded to one format. A grid of doubles is real, others are integers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verif.contract.nodes import ExprError, Node
from verif.contract.vector import Evaluator, Mask, Value, grid, small_enough
from verif.golden.floating import Reals, rounded

LARGEST = 1 << 1024
"""What rounding gives for an infinite number; a NaN gives 0."""


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """What operations round to, and how sums add: `order` 1 is one term after another, n a tree over n terms each.

    With `order` 0, any, a sum is added in doubles and left so; its terms are rounded as everything else is.
    """

    form: str = "f32"
    order: int = 1
    flush: bool = False

    def rounded(self, numbers: Reals) -> Value:
        """The numbers as the format holds them."""
        return real(rounded(self.form, numbers, flush=self.flush))


def real(numbers: Reals) -> Value:
    """A grid of real numbers; its bounds say nothing."""
    return Value(np.asarray(numbers, dtype=np.float64), (0, 0))


def is_real(value: Value) -> bool:
    """Whether the grid holds real numbers."""
    return bool(value.data.dtype.kind == "f")


def numbers(value: Value) -> Reals:
    """The elements as doubles; an integer beyond 2**53 is rounded to the nearest one."""
    return np.asarray(value.data, dtype=np.float64)


class RealEvaluator(Evaluator):
    """An evaluator that also computes with real numbers; `arithmetic` may be changed between lines."""

    def __init__(self, tensors: Mapping[str, Value], arithmetic: Arithmetic) -> None:
        super().__init__(tensors)
        self.arithmetic = arithmetic
        self._kinds |= {"/": self._quotient, "decimal": self._decimal, "float": self._float, "real": self._function}

    def _binary(self, node: Node, op: str, a: Value, b: Value, mask: Mask) -> Value:
        if not (is_real(a) or is_real(b)):
            return super()._binary(node, op, a, b, mask)
        small_enough(node, a.data, b.data)
        with np.errstate(all="ignore"):
            if op in _COMPARE:
                return grid(np.asarray(_COMPARE[op](numbers(a), numbers(b))).astype(np.int64))
            if op not in _ARITHMETIC:
                raise ExprError("real", node)
            return self.arithmetic.rounded(_ARITHMETIC[op](self._taken(a), self._taken(b)))

    def _taken(self, value: Value) -> Reals:
        """An operand as it enters an operation: without its subnormal numbers when those are flushed."""
        found = numbers(value)
        return rounded(self.arithmetic.form, found, flush=True) if self.arithmetic.flush and is_real(value) else found

    def _quotient(self, node: Node, names: Mapping[str, Value], mask: Mask) -> Value:
        a, b = (self._taken(self.evaluate(arg, names, mask)) for arg in node.args)
        small_enough(node, a, b)
        with np.errstate(all="ignore"):
            return self.arithmetic.rounded(np.asarray(a / b))

    def _decimal(self, node: Node, _names: Mapping[str, Value], _mask: Mask) -> Value:
        return self.arithmetic.rounded(np.asarray(float(node.name)))

    def _float(self, node: Node, names: Mapping[str, Value], mask: Mask) -> Value:
        return real(rounded(node.name, numbers(self.evaluate(node.args[0], names, mask))))

    def _function(self, node: Node, names: Mapping[str, Value], mask: Mask) -> Value:
        value = self._taken(self.evaluate(node.args[0], names, mask))
        with np.errstate(all="ignore"):
            return self.arithmetic.rounded(np.asarray((np.exp if node.name == "exp" else np.sqrt)(value)))

    def _signed(self, node: Node, a: Value) -> Value:
        return real(-a.data) if is_real(a) and node.op == "neg" else super()._signed(node, a)

    def _called(self, node: Node, values: list[Value], mask: Mask) -> Value:
        if node.name == "abs" and is_real(values[0]):
            return real(np.abs(values[0].data))
        return super()._called(node, values, mask)

    def _chosen(self, node: Node, truth: NDArray[np.bool_], a: Value, b: Value) -> Value:
        if is_real(a) or is_real(b):
            return real(np.where(truth, numbers(a), numbers(b)))
        return super()._chosen(node, truth, a, b)


def total(arithmetic: Arithmetic, terms: Iterator[tuple[Reals, Mask]]) -> Value:
    """The sum in declared order, from +0 on: term by term, or trees of `order` terms each added to what came before.

    A masked term counts as +0 and changes nothing. In a tree neighbours are added first; an odd one out goes up a level.
    """
    if not arithmetic.order:
        return total(Arithmetic("f64"), terms)
    found: Reals = np.zeros(())
    with np.errstate(all="ignore"):
        while group := list(islice(terms, arithmetic.order)):
            level = [term if mask is None else np.where(mask, term, 0.0) for term, mask in group]
            while len(level) > 1:
                pairs = [arithmetic.rounded(a + b).data for a, b in zip(level[::2], level[1::2], strict=False)]
                level = pairs + level[len(level) & ~1 :]
            found = arithmetic.rounded(found + level[0]).data
    return real(found)


def whole(value: Value) -> Value:
    """A grid of reals as exact integers when all of them are whole; infinities become +-`LARGEST`, NaNs 0."""
    finite = np.where(np.isfinite(value.data), value.data, 0.0)
    ends = np.abs(finite).max(initial=0.0)
    if ends < 2.0**62 and not np.isinf(value.data).any():
        return grid(finite.astype(np.int64))
    return grid(np.asarray(np.frompyfunc(_integer, 1, 1)(value.data), dtype=object))


def _integer(number: float) -> int:
    if math.isfinite(number):
        return int(number)
    return 0 if math.isnan(number) else int(math.copysign(1, number)) * LARGEST


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
}  # fmt: skip
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "min": np.minimum, "max": np.maximum,
}  # fmt: skip
