"""Evaluates an operation's math lines over whole tensors: exact, vectorised, in bounded memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verif.contract import scope
from verif.contract.interval import type_bounds
from verif.contract.model import Contract, Operation, TensorType
from verif.contract.nodes import Assignment, ExprError, Node
from verif.contract.packing import names_of
from verif.contract.syntax import parse_math
from verif.contract.vector import Value, grid, scalar, wrap
from verif.golden.quantize import saturate
from verif.golden.reduce import MathEvaluator

MAX_GRID = 1 << 24  # elements of a left side evaluated at once


def evaluate(
    contract: Contract, operation: Operation, variables: Mapping[str, int], inputs: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[np.int64]]:
    """All tensors of the operation, inputs included, as int64 arrays of the operation's shapes.

    Raises ExprError when an expression fails (an index outside its tensor, a negative shift, an overflow declared `never`),
    KeyError for a missing input and ValueError for one of a wrong shape.
    """
    shapes = scope.shapes(contract, operation, variables)
    names = {name: scalar(value) for name, value in names_of(contract, variables).items()}
    tensors = {name: _input(name, inputs[name], shapes[name]) for name in scope.input_tensors(operation)}
    for text in operation.math:
        line = parse_math(text.value)
        result = _assign(line, shapes[line.target], names, tensors)
        tensors[line.target] = _store(line, operation, result)
    return {name: _array(value) for name, value in tensors.items()}


def _input(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> Value:
    if np.shape(array) != shape:
        raise ValueError(f"tensor {name} has shape {np.shape(array)}, not {shape}")
    return grid(np.asarray(array))


def _array(value: Value) -> NDArray[np.int64]:
    """int64 bits of the values; u64 elements above 2**63 keep their bits."""
    if value.data.dtype == object:
        return wrap(value, 64, signed=True, node=Node("num")).data.astype(np.int64)
    return value.data.astype(np.int64)


def _assign(line: Assignment, shape: tuple[int, ...], names: Mapping[str, Value], tensors: Mapping[str, Value]) -> Value:
    """The right side over the whole left side, in slices of the first index when the grid is large."""
    if len(line.indices) != len(shape):
        args = {"name": line.target, "expected": str(len(shape)), "got": str(len(line.indices))}
        raise ExprError("rank", (line.offset, len(line.target)), **args)
    rest = int(np.prod(shape[1:], dtype=np.int64))
    rows = max(1, MAX_GRID // max(1, rest))
    evaluator = MathEvaluator(tensors)
    parts = [
        _slice(line, shape, names, evaluator, slice(row, min(row + rows, shape[0])))
        for row in range(0, max(1, shape[0]), rows)
    ]
    return grid(np.concatenate([part.data for part in parts])) if len(parts) > 1 else parts[0]


def _slice(
    line: Assignment, shape: tuple[int, ...], names: Mapping[str, Value], evaluator: MathEvaluator, rows: slice
) -> Value:
    ranges = [np.arange(rows.start, rows.stop), *(np.arange(extent) for extent in shape[1:])]
    here = dict(names)
    for axis, (name, numbers) in enumerate(zip(line.indices, ranges, strict=True)):
        here[name] = grid(numbers.reshape([-1 if other == axis else 1 for other in range(len(shape))]))
    value = evaluator.evaluate(line.body, here)
    return Value(np.broadcast_to(value.data, tuple(len(numbers) for numbers in ranges)), value.bounds)


def _store(line: Assignment, operation: Operation, value: Value) -> Value:
    """What the tensor holds: the value wrapped to its type, saturated, or refused, as `overflow` says."""
    kind: TensorType = operation.tensors[line.target]
    low, high = type_bounds(kind.bits, signed=kind.signed)
    exact = grid(value.data)
    if low <= exact.bounds[0] and exact.bounds[1] <= high:
        return exact
    policy = operation.overflow.get(line.target, "wrap")
    if policy == "never":
        args = {"low": str(exact.bounds[0]), "high": str(exact.bounds[1]), "type": kind.text.value}
        raise ExprError("overflow", line.body, tensor=line.target, **args)
    if policy == "saturate":
        return grid(saturate(exact.data, kind.bits, signed=kind.signed))
    return grid(wrap(exact, kind.bits, signed=kind.signed, node=line.body).data)
