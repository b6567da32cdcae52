"""Which element bits a stream carries at one assignment, with every index checked on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verif.contract.expr import evaluate_node
from verif.contract.model import Operation
from verif.contract.nodes import Node
from verif.contract.packing import Body, FieldLayout, grids
from verif.contract.vector import Evaluator, Mask, Value


@dataclass(frozen=True, slots=True)
class Touch:
    """Elements of one tensor, by flat index, each with its bits low to low + bits - 1."""

    tensor: str
    flat: NDArray[np.int64]
    low: int
    bits: int


class Tracer(Evaluator):
    """An evaluator that notes which elements it reads, once per place of the grid of beats and lanes."""

    def __init__(self, tensors: Mapping[str, Value], shape: tuple[int, int]) -> None:
        super().__init__(tensors)
        self.shape = shape
        self.reads: list[tuple[str, NDArray[np.int64]]] = []
        self._kinds["index"] = self._traced

    def _traced(self, node: Node, names: Mapping[str, Value], mask: Mask) -> Value:
        tensor = self.tensors[node.name]
        where = self.indices(node, tensor.data.shape, names, mask)
        flat = np.ravel_multi_index(where, tensor.data.shape) if tensor.data.size else np.zeros(0, np.int64)
        wide = np.broadcast_to(flat, self.shape)
        self.reads.append((node.name, wide.ravel() if mask is None else wide[np.broadcast_to(mask, self.shape)]))
        return Value(np.asarray(tensor.data[where]), tensor.bounds)


@dataclass(frozen=True, slots=True)
class Traced:
    """What a stream does at one assignment: element bits carried, and the bounds of every plain expression's field."""

    touches: tuple[Touch, ...]
    plain: Mapping[str, tuple[int, int]]


def trace(
    operation: Operation,
    fields: tuple[FieldLayout, ...],
    count: int,
    columns: Mapping[str, NDArray[Any]],
    names: Mapping[str, int],
    tensors: Mapping[str, Value],
) -> Traced:
    """Walk all beats of a stream; raises ExprError with the first index outside its tensor."""
    by_beat = grids(names, {name: column[:, None] for name, column in columns.items()})
    touches, plain = list[Touch](), dict[str, tuple[int, int]]()
    for field in fields:
        for group in field.groups:
            here = by_beat | {name: Value(value.data[None, :], value.bounds) for name, value in group.names.items()}
            for body in group.bodies:
                if body.node.op in {"pad", "any"} or not count * group.lanes:
                    continue
                tracer = Tracer(tensors, (count, group.lanes))
                value = tracer.evaluate(body.node, here)
                touches += [_touch(operation, body, name, read, names) for name, read in tracer.reads]
                plain[field.name] = (int(value.data.min()), int(value.data.max()))
    return Traced(tuple(touches), plain)


def _touch(operation: Operation, body: Body, tensor: str, read: NDArray[np.int64], names: Mapping[str, int]) -> Touch:
    """One read of an item; an expression counts for every bit of each element it reads."""
    whole = body.node.op != "call" or body.node.name != "bits"
    low = 0 if whole else evaluate_node(body.node.args[2], names)
    return Touch(tensor, read, low, operation.tensors[tensor].bits if whole else body.width)


def counts(touches: tuple[Touch, ...], tensor: str, elements: int, bits: int) -> NDArray[np.int64]:
    """How often each element bit is carried: int64[elements, bits]; one column when all touches are of whole elements."""
    mine = [touch for touch in touches if touch.tensor == tensor]
    whole = all(touch.low == 0 and touch.bits >= bits for touch in mine)
    found = np.zeros((elements, 1 if whole else bits), np.int64)
    for touch in mine:
        found[:, touch.low : touch.low + touch.bits] += np.bincount(touch.flat, minlength=elements)[:, None]
    return found
