"""Which results are near enough: for every tensor with a tolerance, the least and greatest accepted pattern by element."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verif.contract.floats import FORMATS
from verif.contract.interval import type_bounds
from verif.contract.model import Contract, Operation, TensorType
from verif.contract.nodes import Assignment, Node
from verif.contract.numerics import Numerics, Tolerance, numerics_of, parse_tolerance
from verif.contract.real import is_real, real_tensors
from verif.contract.syntax import parse_math
from verif.contract.vector import Value, grid
from verif.golden.evaluate import Computed, assign, patterns
from verif.golden.floating import encoded, ordered, rounded
from verif.golden.functions import MathEvaluator
from verif.golden.reals import Arithmetic, numbers

Patterns = NDArray[np.int64]
_EXACT = Tolerance("lsb")


@dataclass(frozen=True, slots=True)
class Accepted:
    """Patterns of a tensor's elements: exactly computed, least and greatest accepted.

    Where `low` is NaN and `exact` is not, the order of adding decides whether the sum overflows, and anything is accepted.
    """

    exact: Patterns
    low: Patterns
    high: Patterns


def accepted(contract: Contract, operation: Operation, computed: Computed) -> dict[str, Accepted]:
    """By tensor; none for tensors whose results must be exact. Raises ExprError when a bound has no value."""
    numerics, found = numerics_of(contract), dict[str, Accepted]()
    for line in map(parse_math, (text.value for text in operation.math)):
        kind, value = operation.tensors[line.target], computed.tensors[line.target]
        text = numerics.tolerance.get(line.target)
        stated = parse_tolerance(text.value) if text else _EXACT
        loose = _any_order(operation, line, numerics)
        if text is None and not loose and not (numerics.any_nan and kind.form):
            continue
        exact = patterns(value, kind)
        low, high = _any_sum(line, kind, computed, numerics) if loose else (exact, exact)
        if stated.bound is not None:
            low, high = _bounded(line, kind, computed, stated.bound)
        found[line.target] = Accepted(exact, _moved(kind, low, -stated.units), _moved(kind, high, stated.units))
    return found


def _any_order(operation: Operation, line: Assignment, numerics: Numerics) -> bool:
    form = operation.tensors[line.target].form
    real = form and form != "f64" and not numerics.order
    return bool(real) and line.body.op == "sum" and is_real(line.body, real_tensors(operation))


def _any_sum(line: Assignment, kind: TensorType, computed: Computed, numerics: Numerics) -> tuple[Patterns, Patterns]:
    """|e| <= (K + 1) u sum|terms|, and one unit of the smallest number per operation for what underflows."""
    body, acc = line.body, FORMATS[numerics.type]
    exact, size = (numbers(value) for value in _evaluated(line, computed, body, _over(body, "abs")))
    count = Node("sum", (Node("num", value=1),), binders=body.binders)
    terms = numbers(next(_evaluated(line, computed, count)))
    unit = 2.0 ** (acc.least_exponent - (0 if numerics.flush else acc.fraction))
    with np.errstate(all="ignore"):
        error = (terms + 1) * (2.0 ** -(acc.fraction + 1) * size + unit)
        ends = [encoded(kind.form, rounded(kind.form, exact + side * error, flush=numerics.flush)) for side in (-1, 1)]
        free = np.isfinite(size) & (size + error > acc.greatest)
    fixed = encoded(kind.form, rounded(kind.form, exact))
    low, high = (np.where(np.isfinite(size), end, fixed) for end in ends)
    return np.where(free, FORMATS[kind.form].nan, low), high


def _over(node: Node, function: str) -> Node:
    """The sum with a function applied to every term."""
    return Node("sum", (Node("call", node.args, name=function),), binders=node.binders)


def _evaluated(line: Assignment, computed: Computed, *bodies: Node) -> Iterator[Value]:
    """Other right sides of the line, in doubles."""
    shape = computed.tensors[line.target].data.shape
    for body in bodies:
        evaluator = MathEvaluator(computed.tensors, Arithmetic("f64"))
        yield assign(Assignment(line.target, line.indices, body), shape, computed.names, evaluator)


def _bounded(line: Assignment, kind: TensorType, computed: Computed, bound: Node) -> tuple[Patterns, Patterns]:
    value = computed.tensors[line.target]
    allowed = next(_evaluated(line, computed, bound))
    if not kind.form:
        room = grid(np.floor(allowed.data).astype(np.int64) if allowed.data.dtype.kind == "f" else allowed.data)
        return tuple(_limited(kind, value.exact() + side * room.exact()) for side in (-1, 1))  # type: ignore[return-value]
    ends = []
    for side in (-1, 1):
        wanted = numbers(value) + side * np.abs(numbers(allowed))
        near = rounded(kind.form, wanted)
        keys = ordered(kind.form, encoded(kind.form, near))
        beyond = side * near > side * wanted  # the nearest number may lie outside
        ends.append(np.where(np.isnan(near), encoded(kind.form, near), _pattern(kind.form, keys - side * beyond)))
    return ends[0], ends[1]


def _moved(kind: TensorType, ends: Patterns, units: int) -> Patterns:
    """The patterns `units` further up; NaNs stay, and nothing leaves the type."""
    if not units:
        return ends
    if not kind.form:
        return _limited(kind, grid(ends).exact() + units)
    form = FORMATS[kind.form]
    top = int(encoded(kind.form, np.array(np.inf if form.infinity else form.greatest)))
    keys = np.clip(ordered(kind.form, ends) + units, -top, top)
    return np.where(_is_nan(kind.form, ends), ends, _pattern(kind.form, keys))


def _pattern(form: str, keys: Patterns) -> Patterns:
    return np.where(keys < 0, -keys | 1 << (FORMATS[form].bits - 1), keys)


def _limited(kind: TensorType, values: NDArray[Any]) -> Patterns:
    low, high = type_bounds(kind.bits, signed=kind.signed)
    return patterns(grid(np.clip(values, low, high)), kind)


def _is_nan(form: str, bits: Patterns) -> NDArray[np.bool_]:
    kind = FORMATS[form]
    size = bits & ((1 << (kind.bits - 1)) - 1)
    limit = ((1 << kind.exponent) - 1) << kind.fraction
    return np.asarray(size > limit if kind.infinity else size == kind.nan)


def forgives(kind: TensorType, accepted_: Accepted, observed: Patterns, *, any_nan: bool) -> NDArray[np.bool_]:
    """Where an observed pattern is near enough; all arrays of one shape, integers as they are signed."""
    low, high, exact = accepted_.low, accepted_.high, accepted_.exact
    if not kind.form:
        turn = np.int64(-(1 << 63)) if kind.bits == 64 and not kind.signed else np.int64(0)  # noqa: PLR2004  bits of u64
        return np.asarray((low ^ turn <= observed ^ turn) & (observed ^ turn <= high ^ turn))
    nan, wanted = _is_nan(kind.form, observed), _is_nan(kind.form, exact)
    free = _is_nan(kind.form, low) & ~wanted
    keys = [ordered(kind.form, bits) for bits in (low, observed, high)]
    near = ~nan & ~wanted & (keys[0] <= keys[1]) & (keys[1] <= keys[2])
    return np.asarray(near | free | (nan & wanted & any_nan))
