"""Evaluates an operation's math lines over whole tensors: exact, vectorised, in bounded memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verif.contract import scope
from verif.contract.interval import type_bounds
from verif.contract.model import Contract, Operation, TensorType
from verif.contract.nodes import Assignment, ExprError, Node
from verif.contract.numerics import arithmetic_order, numerics_of
from verif.contract.packing import names_of
from verif.contract.real import check_line, real_tensors
from verif.contract.syntax import parse_math
from verif.contract.vector import Value, grid, scalar, wrap
from verif.golden.floating import decoded, encoded, rounded
from verif.golden.functions import MathEvaluator
from verif.golden.quantize import saturate
from verif.golden.reals import Arithmetic, is_real, numbers, real
from verif.golden.tables import tables

MAX_GRID = 1 << 22  # elements of a left side evaluated at once
Block = tuple[slice, ...]


@dataclass(frozen=True, slots=True)
class Computed:
    """Every tensor of an operation as grids, with the names that its lines may use. Float tensors hold real numbers."""

    tensors: Mapping[str, Value]
    names: Mapping[str, Value]


def evaluate(
    contract: Contract, operation: Operation, variables: Mapping[str, int], inputs: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[np.int64]]:
    """All tensors of the operation, inputs included, as int64 arrays of the operation's shapes; floats as bit patterns.

    Raises ExprError when an expression fails (an index outside its tensor, a negative shift, an overflow declared `never`),
    KeyError for a missing input and ValueError for one of a wrong shape.
    """
    found = compute(contract, operation, variables, inputs).tensors
    return {name: patterns(found[name], operation.tensors[name]) for name in found if name in operation.tensors}


def compute(
    contract: Contract, operation: Operation, variables: Mapping[str, int], inputs: Mapping[str, NDArray[Any]]
) -> Computed:
    """All tensors and tables before they become bits; raises like `evaluate`."""
    shapes, numerics = scope.shapes(contract, operation, variables), numerics_of(contract)
    names = {name: scalar(value) for name, value in names_of(contract, variables).items()}
    found = tables(contract)
    for name in scope.input_tensors(operation):
        found[name] = _input(name, inputs[name], shapes[name], operation.tensors[name])
    reals = real_tensors(operation)
    for text in operation.math:
        line = parse_math(text.value)
        check_line(line, reals)
        kind = operation.tensors[line.target]
        form, order = arithmetic_order(kind.form, numerics)
        evaluator = MathEvaluator(found, arithmetic := Arithmetic(form, order, numerics.flush))
        result = assign(line, shapes[line.target], names, evaluator)
        if not order and line.body.op == "sum" and is_real(result):  # in any order: rounded once, when it is whole
            result = arithmetic.rounded(numbers(result))
        found[line.target] = _store(line, kind, operation.overflow.get(line.target, "wrap"), result)
    return Computed(found, names)


def _input(name: str, array: NDArray[Any], shape: tuple[int, ...], kind: TensorType) -> Value:
    if np.shape(array) != shape:
        raise ValueError(f"tensor {name} has shape {np.shape(array)}, not {shape}")
    return real(decoded(kind.form, np.asarray(array))) if kind.form else grid(np.asarray(array))


def patterns(value: Value, kind: TensorType) -> NDArray[np.int64]:
    """int64 bits of the values; u64 elements above 2**63 keep their bits."""
    if kind.form:
        return encoded(kind.form, numbers(value))
    if value.data.dtype == object:
        return wrap(value, 64, signed=True, node=Node("num")).data.astype(np.int64)
    return value.data.astype(np.int64)


def assign(line: Assignment, shape: tuple[int, ...], names: Mapping[str, Value], evaluator: MathEvaluator) -> Value:
    """The right side over the whole left side, in parts of its longest axis when a grid would be too large."""
    if len(line.indices) != len(shape):
        args = {"name": line.target, "expected": str(len(shape)), "got": str(len(line.indices))}
        raise ExprError("rank", (line.offset, len(line.target)), **args)
    if not shape:
        return evaluator.evaluate(line.body, names)
    return _block(line, tuple(slice(0, extent) for extent in shape), names, evaluator)


def _block(line: Assignment, block: Block, names: Mapping[str, Value], evaluator: MathEvaluator) -> Value:
    sizes = [part.stop - part.start for part in block]
    longest = int(np.argmax(sizes))
    divisible = sizes[longest] > 1
    if not divisible or int(np.prod(sizes, dtype=object)) <= MAX_GRID:
        try:
            return _whole(line, block, names, evaluator)
        except ExprError as error:
            if error.code != "grid" or not divisible:
                raise
    middle = block[longest].start + sizes[longest] // 2
    halves = (slice(block[longest].start, middle), slice(middle, block[longest].stop))
    parts = [_block(line, (*block[:longest], half, *block[longest + 1 :]), names, evaluator) for half in halves]
    data = np.concatenate([part.data for part in parts], axis=longest)
    return real(data) if any(is_real(part) for part in parts) else grid(data)


def _whole(line: Assignment, block: Block, names: Mapping[str, Value], evaluator: MathEvaluator) -> Value:
    ranges = [np.arange(part.start, part.stop) for part in block]
    here = dict(names)
    for axis, (name, numbered) in enumerate(zip(line.indices, ranges, strict=True)):
        here[name] = grid(numbered.reshape([-1 if other == axis else 1 for other in range(len(block))]))
    value = evaluator.evaluate(line.body, here)
    return Value(np.broadcast_to(value.data, tuple(len(numbered) for numbered in ranges)), value.bounds)


def _store(line: Assignment, kind: TensorType, policy: str, value: Value) -> Value:
    """What the tensor holds: the value wrapped to its type, saturated, or refused, as `overflow` says."""
    if kind.form:
        return real(rounded(kind.form, numbers(value), saturate=policy == "saturate"))
    low, high = type_bounds(kind.bits, signed=kind.signed)
    exact = grid(value.data)
    if low <= exact.bounds[0] and exact.bounds[1] <= high:
        return exact
    if policy == "never":
        args = {"low": str(exact.bounds[0]), "high": str(exact.bounds[1]), "type": kind.text.value}
        raise ExprError("overflow", line.body, tensor=line.target, **args)
    if policy == "saturate":
        return grid(saturate(exact.data, kind.bits, signed=kind.signed))
    return grid(wrap(exact, kind.bits, signed=kind.signed, node=line.body).data)
