"""Checks that every index of every math line stays inside its tensor, at one assignment, without computing the math."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np

from verif.contract.nodes import Assignment, ExprError, Node, walk
from verif.contract.vector import Evaluator, Mask, Value, both, grid
from verif.contract.work import MAX_STEPS, MAX_TERMS, MAX_WORK


class IndexCheck:
    """Visits a line's tree with grids for its indices; `tensors` holds data of input tensors, `shapes` of all."""

    def __init__(self, tensors: Mapping[str, Value], shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.evaluator = Evaluator(tensors)
        self.shapes = shapes
        self.work = 1
        self.computed = set[str]()

    def check(self, line: Assignment, names: Mapping[str, Value]) -> None:
        """Raises ExprError with the first index outside its tensor, or whatever else an index expression does wrong."""
        shape, here = self.shapes[line.target], dict(names)
        for axis, (name, extent) in enumerate(zip(line.indices, shape, strict=True)):
            here[name] = grid(np.arange(extent).reshape([-1 if other == axis else 1 for other in range(len(shape))]))
        self.work = prod(shape)
        self.visit(line.body, here, None)

    def visit(self, node: Node, names: Mapping[str, Value], mask: Mask) -> None:
        """One node and everything below it that the mask leaves alive."""
        if node.binders:
            self._binders(node, names, mask)
        elif node.op in {"if", "and", "or"}:
            self._lazy(node, names, mask)
        elif node.op == "outside":  # the element may lie anywhere; what its indices read may not
            for arg in (*node.args[0].args, node.args[1]):
                self.visit(arg, names, mask)
        else:
            for arg in node.args:
                self.visit(arg, names, mask)
            if node.op == "index" and all(self._known(arg) for arg in node.args):
                self.evaluator.indices(node, self.shapes[node.name], names, mask)

    def _known(self, node: Node) -> bool:
        """Whether the value is known here: it reads no tensor that math computes, and no accumulator."""
        return all(
            inner.op not in _MATH
            and (inner.op != "index" or inner.name in self.evaluator.tensors)
            and (inner.op != "name" or inner.name not in self.computed)
            for inner in walk(node)
        )

    def _lazy(self, node: Node, names: Mapping[str, Value], mask: Mask) -> None:
        first, *rest = node.args
        self.visit(first, names, mask)
        if not self._known(first):
            return  # which branch is taken depends on computed values
        truth = np.asarray(self.evaluator.evaluate(first, names, mask).data != 0)
        sides = (truth, ~truth) if node.op == "if" else (truth if node.op == "and" else ~truth,)
        if node.op == "if":
            for arg, side in zip(rest, sides, strict=True):
                self._under(arg, names, mask, side)
        elif rest:
            deeper = rest[0] if len(rest) == 1 else Node(node.op, tuple(rest), offset=node.offset, length=node.length)
            self._under(deeper, names, mask, sides[0])

    def _under(self, node: Node, names: Mapping[str, Value], mask: Mask, side: np.ndarray) -> None:
        alive = both(mask, side)
        if alive.any():
            self.visit(node, names, alive)

    def _binders(self, node: Node, names: Mapping[str, Value], mask: Mask) -> None:
        here, outside = dict(names), self.work
        terms = 1
        for name, extent_node in node.binders:
            if not self._known(extent_node):
                return
            extent = self.evaluator.evaluate(extent_node, here, mask)
            count = max(0, int(extent.data.max())) if extent.data.size else 0
            terms *= count
            self._bearable(extent_node, terms, extent.data.size)
            here = {key: Value(v.data[..., None] if v.data.ndim else v.data, v.bounds) for key, v in here.items()}
            rank = max([value.data.ndim for value in here.values()] or [1]) or 1
            index = np.arange(count).reshape([1] * (rank - 1) + [-1])
            here[name] = Value(index, (0, max(0, count - 1)))
            mask = None if mask is None else mask[..., None]
            if extent.data.ndim:
                mask = both(mask, np.asarray(index < extent.data[..., None]))
        if node.op in {"fold", "accsat"} and terms > MAX_STEPS:
            raise ExprError("grid", node, count=str(terms), limit=str(MAX_STEPS))
        self.work *= max(1, terms)
        self._arguments(node, here, mask)
        self.work = outside

    def _arguments(self, node: Node, names: Mapping[str, Value], mask: Mask) -> None:
        added = {node.name} - self.computed if node.op == "fold" else set[str]()
        self.computed |= added
        for arg in node.args:
            self.visit(arg, names, mask)
        self.computed -= added

    def _bearable(self, node: Node, terms: int, extents: int) -> None:
        """Refuse a sum whose indices, or whose value, nobody could wait for."""
        for count, limit in ((terms * extents, MAX_TERMS), (terms * self.work, MAX_WORK)):
            if count > limit:
                raise ExprError("grid", node, count=str(count), limit=str(limit))


_MATH = {"sum", "accsat", "fold", "round", "divide", "relu", "outside", "decimal", "float", "real", "/"}


def check_indices(
    lines: Mapping[str, Assignment],
    names: Mapping[str, Value],
    tensors: Mapping[str, Value],
    shapes: Mapping[str, tuple[int, ...]],
) -> list[tuple[str, ExprError]]:
    """Every line's first failure, with the line's text."""
    checker, found = IndexCheck(tensors, shapes), []
    for text, line in lines.items():
        try:
            checker.check(line, names)
        except ExprError as error:
            found.append((text, error))
    return found
