"""Bounds of integer operations: from the bounds of the operands to bounds of every possible result."""

from __future__ import annotations

from collections.abc import Callable

from verif.contract.nodes import MAX_BITS

Interval = tuple[int, int]
BIT = (0, 1)


def fits(interval: Interval, bits: int = 64) -> bool:
    """Whether both bounds fit a signed integer of `bits` bits."""
    return -(1 << (bits - 1)) <= interval[0] and interval[1] < 1 << (bits - 1)


def type_bounds(bits: int, *, signed: bool) -> Interval:
    """Smallest and largest value of an integer type."""
    return (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)


def corners(operation: Callable[[int, int], int], a: Interval, b: Interval) -> Interval:
    """Bounds of an operation that is monotone in each operand while the other is fixed."""
    results = [operation(x, y) for x in a for y in b]
    return min(results), max(results)


def bound(op: str, a: Interval, b: Interval) -> Interval:
    """Bounds of `a op b` for every operator except `**`; shift amounts are taken as 0 to 4096."""
    return _BOUNDS[op](a, b)


def _divide(a: Interval, b: Interval) -> Interval:
    ends = [end for end in (b[0], b[1], *(one for one in (-1, 1) if b[0] <= one <= b[1])) if end]
    results = [x // end for x in a for end in ends] or [0]
    return min(results), max(results)


def _modulo(_a: Interval, b: Interval) -> Interval:
    return min(0, b[0] + 1), max(0, b[1] - 1)


def _shift(operation: Callable[[int, int], int]) -> Callable[[Interval, Interval], Interval]:
    def bounds(a: Interval, b: Interval) -> Interval:
        amounts = (min(max(b[0], 0), MAX_BITS), min(max(b[1], 0), MAX_BITS))
        return corners(operation, a, amounts)

    return bounds


def _logic(a: Interval, b: Interval) -> Interval:
    width = max(value.bit_length() for value in (*a, *b))
    return (0 if a[0] >= 0 and b[0] >= 0 else -(1 << width)), (1 << width) - 1


def _and(a: Interval, b: Interval) -> Interval:
    low, high = _logic(a, b)
    positive = [side[1] for side in (a, b) if side[0] >= 0]
    return (0, min(positive)) if positive else (low, high)


_BOUNDS: dict[str, Callable[[Interval, Interval], Interval]] = {
    "+": lambda a, b: (a[0] + b[0], a[1] + b[1]),
    "-": lambda a, b: (a[0] - b[1], a[1] - b[0]),
    "*": lambda a, b: corners(lambda x, y: x * y, a, b),
    "//": _divide,
    "%": _modulo,
    "<<": _shift(lambda x, y: x << y),
    ">>": _shift(lambda x, y: x >> y),
    "&": _and,
    "|": _logic,
    "^": _logic,
    "min": lambda a, b: (min(a[0], b[0]), min(a[1], b[1])),
    "max": lambda a, b: (max(a[0], b[0]), max(a[1], b[1])),
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), lambda _a, _b: BIT),
}
