"""One operation about to be filled with data: its kind, its variables and everything computed from them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from verif.contract.expr import evaluate_node
from verif.contract.model import Contract, Operation, TensorType
from verif.contract.nodes import ExprError, Node
from verif.contract.scope import allowed, constants, input_tensors, output_tensors, shapes, variable_values
from verif.stimulus import data
from verif.stimulus.anatomy import Anatomy, anatomy
from verif.stimulus.shapes import nearest, reduction
from verif.stimulus.values import OperationValues, Tensors


@dataclass(frozen=True, slots=True)
class Slot:
    """An input that is no operand: a tensor, or a variable (shape ()). Bounds are those of its type or range."""

    name: str
    shape: tuple[int, ...]
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Site:
    """An operation kind with chosen variables. `rng` draws everything that is filled in."""

    contract: Contract
    kind_index: int
    variables: Mapping[str, int]
    rng: np.random.Generator

    @property
    def operation(self) -> Operation:
        """The operation's declaration."""
        return self.contract.operations[self.kind_index]

    @property
    def anatomy(self) -> Anatomy:
        """Roles of its inputs."""
        return anatomy(self.operation)

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Extents of every tensor."""
        return shapes(self.contract, self.operation, self.variables)

    @property
    def terms(self) -> int:
        """Terms of the sum over the first operand."""
        return reduction(self.contract, self.operation, self.variables)

    def kind(self, tensor: str) -> TensorType:
        """The declared type of a tensor."""
        return self.operation.tensors[tensor]

    def slots(self) -> tuple[Slot, ...]:
        """Inputs that are neither operands nor symbols, in declared order: tensors, then variables."""
        operands, extents = {operand.tensor for operand in self.anatomy.operands}, self.shapes
        names = [name for name in input_tensors(self.operation) if name not in operands]
        tensors = tuple(Slot(name, extents[name], self.kind(name).low, self.kind(name).high) for name in names)
        return tensors + tuple(self._variable(name) for name in self.operation.vars if name not in self.anatomy.symbols)

    def _variable(self, name: str) -> Slot:
        values = variable_values(self.contract, self.operation, name, self.variables)
        return Slot(name, (), min(values[0], values[-1]), max(values[0], values[-1]))

    def output_limits(self) -> tuple[int, int]:
        """Least and greatest result: the last clip's bounds when they are constant, else the last tensor's type."""
        kind = self.kind(output_tensors(self.operation)[-1])
        for place in reversed(self.anatomy.clips):
            low, high = (self.constant(node) for node in place.node.args[1:])
            if low is not None and high is not None:
                return low, high
        return kind.low, kind.high

    def constant(self, node: Node) -> int | None:
        """The value of a node that needs only the chosen variables; None for any other."""
        try:
            return evaluate_node(node, constants(self.contract) | dict(self.variables))
        except ExprError:
            return None

    def typical_sum(self, operands: Tensors) -> float:
        """Root-mean-square estimate of the sums that these operands give; at least 1."""
        sizes = [float(np.sqrt(np.mean(np.square(array, dtype=np.float64)))) for array in operands.values() if array.size]
        return max(1.0, float(np.prod(sizes)) * math.sqrt(max(1, self.terms)))

    def operand_values(self, given: Tensors) -> dict[str, data.Array]:
        """`given`, and corner-biased data for every operand that is missing."""
        extents = self.shapes
        return {
            operand.tensor: given[operand.tensor]
            if operand.tensor in given
            else data.corners(self.kind(operand.tensor), extents[operand.tensor], self.rng)
            for operand in self.anatomy.operands
        }

    def filled(self, inputs: Mapping[str, data.Array | int]) -> OperationValues:
        """The operation with `inputs` by name; variables among them are taken to their nearest legal value."""
        names = {slot.name for slot in self.slots() if slot.name in self.operation.vars}
        wanted = dict(self.variables)
        for name in self.operation.vars:
            if name in names and name in inputs:
                wanted[name] = nearest(variable_values(self.contract, self.operation, name, wanted), int(inputs[name]))
        variables = wanted if allowed(self.contract, self.operation, wanted) else dict(self.variables)
        tensors = {name: np.asarray(inputs[name], np.int64) for name in input_tensors(self.operation)}
        return OperationValues(self.kind_index, variables, tensors)


def with_traffic(values: OperationValues, **changes: object) -> OperationValues:
    """`values` with other stalls, waits or quiet windows."""
    return replace(values, **changes)  # type: ignore[arg-type]  # keyword names are checked by replace itself
