"""Which results are near enough: for every tensor with a tolerance, the least and greatest accepted pattern by element."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
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
NONE, NAN, ANYTHING = 0, 1, 3
"""What is accepted beside the numbers from `low` to `high`: a NaN, too; or so much that comparing says nothing."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Patterns of a tensor's elements: exactly computed, least and greatest accepted, and what else is (`NAN`, `ANYTHING`).

    Where `low` lies above `high`, nothing but `exact` is accepted. Only the ends of a NaN may be NaNs.
    """

    exact: Patterns
    low: Patterns
    high: Patterns
    more: Patterns


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
        saturate = operation.overflow.get(line.target) == "saturate"
        near = Accepted(exact := patterns(value, kind), exact, exact, np.full_like(exact, NONE))
        if stated.bound is not None:
            low, high = _bounded(line, kind, computed, stated.bound, saturate=saturate)
            near = replace(near, low=low, high=high)
        elif loose:
            near = _any_sum(line, kind, computed, numerics, saturate=saturate)
        elif text is None:
            near = _exactly(kind, exact)
        low, high = _moved(kind, near.low, -stated.units), _moved(kind, near.high, stated.units)
        found[line.target] = replace(near, low=low, high=high)
    return found


def _exactly(kind: TensorType, exact: Patterns) -> Accepted:
    """No range: not even the other zero."""
    top = np.full_like(exact, _top(kind.form))
    return Accepted(exact, top, _pattern(kind.form, -top), np.full_like(exact, NONE))


def _any_order(operation: Operation, line: Assignment, numerics: Numerics) -> bool:
    form = operation.tensors[line.target].form
    real = form and form != "f64" and not numerics.order
    return bool(real) and line.body.op == "sum" and is_real(line.body, real_tensors(operation))


def _any_sum(line: Assignment, kind: TensorType, computed: Computed, numerics: Numerics, *, saturate: bool) -> Accepted:
    """|e| <= (K + 1) u sum|terms|, and one unit of the smallest number per operation for what underflows.

    Positive and negative terms are added apart: only what overflows by itself can take a sum to the infinity of its sign.
    """
    acc, exact = FORMATS[numerics.type], patterns(computed.tensors[line.target], kind)
    arithmetic = Arithmetic(numerics.type, 0, numerics.flush)
    bodies = _over(line.body), _over(line.body, "neg"), _count(line.body)
    up, down, terms = (numbers(value) for value in _evaluated(line, computed, arithmetic, *bodies))
    with np.errstate(all="ignore"):
        unit = 2.0 ** (acc.least_exponent - (0 if numerics.flush else acc.fraction))
        finite = sum(np.where(np.isfinite(size), size, 0.0) for size in (up, down))
        error = (terms + 1) * (2.0 ** -(acc.fraction + 1) * finite + unit)
        rises, falls = (~np.isfinite(rounded(numerics.type, size + error)) for size in (up, down))
        low, high = up - down - error, up - down + error
        if acc.infinity:
            low = np.where(np.isinf(up), np.inf, np.where(falls, -np.inf, low))
            high = np.where(np.isinf(down), -np.inf, np.where(rises, np.inf, high))
            low, high = rounded(numerics.type, low), rounded(numerics.type, high)
    ends = [rounded(kind.form, end, saturate=saturate, flush=numerics.flush) for end in (low, high)]
    nan = (rises & falls) | ((rises | falls) & (not acc.infinity))
    nan |= np.isnan(ends[0]) | np.isnan(ends[1])
    none = np.isnan(up + down) | (np.isnan(ends[0]) & (low > 0)) | (np.isnan(ends[1]) & (high < 0))
    free = rises & falls & np.isfinite(up + down) & acc.infinity
    least, most = (_end(kind.form, exact, none, end, side) for end, side in zip(ends, (-1, 1), strict=True))
    return Accepted(exact, least, most, np.where(free, ANYTHING, np.where(nan, NAN, NONE)))


def _end(form: str, exact: Patterns, none: NDArray[np.bool_], end: NDArray[np.float64], side: int) -> Patterns:
    """The end's pattern: the largest number for one that the format has not, and `exact`, a NaN, where there is `none`."""
    greatest = np.full_like(end, side * FORMATS[form].greatest)
    return np.where(none, exact, encoded(form, np.where(np.isnan(end), greatest, end)))


def _over(body: Node, *signs: str) -> Node:
    """The sum of the terms, negated with a sign `neg`, that are above zero."""
    term = body.args[0]
    for sign in signs:
        term = Node(sign, (term,))
    return Node("sum", (Node("call", (term, Node("num", value=0)), name="max"),), binders=body.binders)


def _count(body: Node) -> Node:
    return Node("sum", (Node("num", value=1),), binders=body.binders)


def _evaluated(line: Assignment, computed: Computed, arithmetic: Arithmetic, *bodies: Node) -> Iterator[Value]:
    """Other right sides of the line."""
    shape = computed.tensors[line.target].data.shape
    for body in bodies:
        evaluator = MathEvaluator(computed.tensors, arithmetic)
        yield assign(Assignment(line.target, line.indices, body), shape, computed.names, evaluator)


def _bounded(
    line: Assignment, kind: TensorType, computed: Computed, bound: Node, *, saturate: bool
) -> tuple[Patterns, Patterns]:
    """Results at most `bound` away. A bound that is no number allows nothing; what is infinite or NaN must be just that."""
    value = computed.tensors[line.target]
    allowed = next(_evaluated(line, computed, Arithmetic("f64"), bound))
    if not kind.form:
        room = grid(np.floor(allowed.data).astype(np.int64) if allowed.data.dtype.kind == "f" else allowed.data)
        return tuple(_limited(kind, value.exact() + side * room.exact()) for side in (-1, 1))  # type: ignore[return-value]
    exact, size, ends = patterns(value, kind), np.abs(numbers(allowed)), []
    center = np.where(np.isfinite(numbers(value)), numbers(value), 0.0)  # others stand for themselves
    for side in (-1, 1):
        wanted = center + side * np.where(np.isnan(size), 0.0, size)
        near = rounded(kind.form, wanted, saturate=saturate)
        end = _end(kind.form, exact, np.isnan(numbers(value)), near, side)
        beyond = side * near > side * wanted  # the nearest number may lie outside
        moved = _pattern(kind.form, ordered(kind.form, end) - side * beyond)
        ends.append(np.where(np.isfinite(numbers(value)), moved, exact))
    return ends[0], ends[1]


def _moved(kind: TensorType, ends: Patterns, units: int) -> Patterns:
    """The patterns `units` further up; NaNs stay, and nothing leaves the type."""
    if not units:
        return ends
    if not kind.form:
        return _limited(kind, grid(ends).exact() + units)
    top = _top(kind.form)
    keys = np.clip(ordered(kind.form, ends) + units, -top, top)
    return np.where(_is_nan(kind.form, ends), ends, _pattern(kind.form, keys))


def _top(form: str) -> int:
    """Pattern of infinity, or of the largest number of a format without."""
    return int(encoded(form, np.array(np.inf if FORMATS[form].infinity else FORMATS[form].greatest)))


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
    nan, wanted, none = (_is_nan(kind.form, bits) for bits in (observed, exact, low))
    keys = [ordered(kind.form, bits) for bits in (low, observed, high)]
    near = ~nan & ~none & (keys[0] <= keys[1]) & (keys[1] <= keys[2])
    taken = nan & (wanted | (accepted_.more != NONE)) & (any_nan | (observed == FORMATS[kind.form].nan))
    return np.asarray(near | taken | (observed == exact))
