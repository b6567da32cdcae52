"""Random expressions against Python's own integer arithmetic: the same value, or refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from verif.contract.expr import evaluate
from verif.contract.nodes import MAX_BITS, ExprError
from verif.contract.syntax import parse_expr
from verif.contract.vector import Evaluator, grid, scalar

REPEATABLE = settings(derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
Names = Mapping[str, int]
Term = tuple[str, Callable[[Names], int]]
NO_VALUE = "no value"


class Undefined(Exception):  # noqa: N818 - no fault: the expression has no value
    pass


def kept(value: int) -> int:
    if value.bit_length() > MAX_BITS:
        raise Undefined
    return value


def shifted(a: int, b: int, *, left: bool) -> int:
    if b < 0 or (left and b > MAX_BITS):
        raise Undefined
    return a << b if left else a >> b


def raised(a: int, b: int) -> int:
    if b < 0 or (abs(a) > 1 and b > MAX_BITS):
        raise Undefined
    power: int = a**b
    return power


def divided(a: int, b: int, take: Callable[[int, int], int]) -> int:
    if b == 0:
        raise Undefined
    return take(a, b)


def sliced(a: int, high: int, low: int) -> int:
    if not 0 <= low <= high < MAX_BITS:
        raise Undefined
    part: int = (a >> low) % (1 << (high - low + 1))
    return part


def wrapped(a: int, bits: int, *, signed: bool) -> int:
    half = 1 << (bits - 1)
    return (a + half) % (2 * half) - half if signed else a % (2 * half)


BINARY: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: divided(a, b, lambda x, y: x // y),
    "%": lambda a, b: divided(a, b, lambda x, y: x % y),
    "**": raised,
    "<<": lambda a, b: shifted(a, b, left=True),
    ">>": lambda a, b: shifted(a, b, left=False),
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "<": lambda a, b: int(a < b),
    ">=": lambda a, b: int(a >= b),
}
CALLS: dict[str, tuple[int, Callable[..., int]]] = {
    "min": (2, min),
    "max": (3, max),
    "abs": (1, abs),
    "clip": (3, lambda a, low, high: min(max(a, low), high)),
    "ceildiv": (2, lambda a, b: divided(a, b, lambda x, y: -(-x // y))),
    "clog2": (1, lambda a: next(n for n in range(MAX_BITS + 1) if 2**n >= a)),
    "bits": (3, sliced),
    "i8": (1, lambda a: wrapped(a, 8, signed=True)),
    "u64": (1, lambda a: wrapped(a, 64, signed=False)),
    "i64": (1, lambda a: wrapped(a, 64, signed=True)),
    "-": (1, lambda a: -a),
    "~": (1, lambda a: -a - 1),
}


def binary(op: str, a: Term, b: Term) -> Term:
    return f"({a[0]} {op} {b[0]})", lambda names: kept(BINARY[op](a[1](names), b[1](names)))


def call(name: str, args: list[Term]) -> Term:
    """Brackets around it: a sign binds less tightly than `**`."""
    count, function = CALLS[name]
    used = args[:count]
    inner = ", ".join(arg[0] for arg in used)
    return f"({name}({inner}))", lambda names: kept(function(*[arg[1](names) for arg in used]))


def lazy(op: str, a: Term, b: Term, c: Term) -> Term:
    if op == "if":
        return f"({a[0]} if {b[0]} else {c[0]})", lambda names: (a if b[1](names) else c)[1](names)
    if op == "chain":
        text = f"({a[0]} < {b[0]} <= {c[0]})"
        return text, lambda names: int(a[1](names) < b[1](names) and b[1](names) <= c[1](names))
    if op == "and":
        return f"({a[0]} and {b[0]})", lambda names: int(bool(a[1](names) and b[1](names)))
    return f"({a[0]} or {b[0]})", lambda names: int(bool(a[1](names) or b[1](names)))


EDGES = ((1 << 63) - 1, 1 << 63, (1 << 64) - 1, -(1 << 63), 4097)
NUMBERS = st.integers(-9, 9) | st.integers(-(1 << 66), 1 << 66) | st.sampled_from(EDGES)


def variable(name: str) -> Term:
    return name, lambda names: names[name]


def number(value: int) -> Term:
    return str(value), lambda _names: value


leaves = st.builds(variable, st.sampled_from(["x", "y", "param.N"])) | st.builds(number, st.integers(0, 1 << 65))
terms: st.SearchStrategy[Term] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(binary, st.sampled_from(sorted(BINARY)), inner, inner),
        st.builds(call, st.sampled_from(sorted(CALLS)), st.lists(inner, min_size=3, max_size=3)),
        st.builds(lazy, st.sampled_from(["if", "and", "or", "chain"]), inner, inner, inner),
    ),
    max_leaves=10,
)


@given(terms, NUMBERS, NUMBERS, NUMBERS)
@settings(REPEATABLE, max_examples=600)
def test_an_expression_is_worth_what_python_says(term: Term, x: int, y: int, n: int) -> None:
    text, reference = term
    names = {"x": x, "y": y, "param.N": n}
    assert valued(text, names) == referred(reference, names)


def valued(text: str, names: Names) -> int | str:
    try:
        return evaluate(text, names)
    except ExprError as error:
        return NO_VALUE if error.code in {"zero", "negative", "large"} else error.code


def referred(reference: Callable[[Names], int], names: Names) -> int | str:
    try:
        return reference(names)
    except Undefined:
        return NO_VALUE


@given(terms, NUMBERS, NUMBERS, NUMBERS)
@settings(REPEATABLE, max_examples=600)
def test_grids_are_worth_what_python_says(term: Term, x: int, y: int, n: int) -> None:
    """Single numbers and grids take different ways through numpy; both must be exact or refuse."""
    text, reference = term
    singles = {name: scalar(value) for name, value in {"x": x, "y": y, "param.N": n}.items()}
    for given_names in (singles, singles | {"x": grid(np.array([x, y, 0], dtype=object))}):
        try:
            value = Evaluator({}).evaluate(parse_expr(text), given_names)
        except ExprError:
            continue  # bounds may refuse what no element reaches; that a value is never wrong is what counts
        found = [int(item) for item in np.broadcast_to(value.data, given_names["x"].data.shape).ravel()]
        wanted = [reference({"x": each, "y": y, "param.N": n}) for each in (x, y, 0)[: len(found)]]
        assert found == wanted
        assert value.data.dtype in (np.int64, object)


# Found by the test above: each once raised, or had another value over grids than by itself.
SINGLES = {
    "bits(255, 8 * (x == x), 2 * (x == x))": 63,
    "bits(x << 70, 73, 70 * (x == x))": 5,
    "u64(-1) % 7": 1,
    "u64(-1) & x": 5,
    "u64(-1) - (u64(-1) - x)": 5,
    "x >> 18446744073709551616": 0,
}


@pytest.mark.parametrize("text", SINGLES)
def test_single_numbers_of_every_size(text: str) -> None:
    assert evaluate(text, {"x": 5}) == SINGLES[text]
    assert int(Evaluator({}).evaluate(parse_expr(text), {"x": scalar(5)}).data) == SINGLES[text]
    try:
        twice = Evaluator({}).evaluate(parse_expr(text), {"x": grid(np.array([5, 5]))}).data
    except ExprError:
        return  # bounds over a grid may refuse what no element reaches; a wrong value never comes out
    assert set(np.asarray(twice).ravel().tolist()) == {SINGLES[text]}
