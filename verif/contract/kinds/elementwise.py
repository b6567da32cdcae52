"""elementwise (two operands of one shape, or the second along the last axis) and lut (one operand through a table)."""

from __future__ import annotations

from verif.contract.interval import type_bounds
from verif.contract.kinds.frame import Frame
from verif.contract.kinds.requantize import clipped, requantized, wanted

_OPERATORS = {"add": "{x} + {w}", "sub": "{x} - {w}", "mul": "{x} * {w}", "min": "min({x}, {w})", "max": "max({x}, {w})"}


def _shape(frame: Frame, role: str, rank: int) -> None:
    for axis in range(rank):
        frame.want(role, axis, frame.extent("X", axis))


def elementwise(frame: Frame) -> None:
    """Y = X op W, requantised when [numerics] says so. For TFLite's add each operand may have its own scale."""
    rank = frame.rank("X", 1, 2, 3, 4, 5)
    frame.rank("Y", rank)
    _shape(frame, "Y", rank)
    names = frame.indices([f"i{axis}" for axis in range(rank)])
    if frame.rank("W", rank, 1) == rank:
        _shape(frame, "W", rank)
        along = names
    else:
        frame.want("W", 0, frame.extent("X", rank - 1))
        along = names[-1:]
    x = frame.shifted("X", f"{frame.name('X')}[{','.join(names)}]", names[-1])
    w = frame.shifted("W", f"{frame.name('W')}[{','.join(along)}]", names[-1])
    sides = {"x": _scaled(frame, "x", x), "w": _scaled(frame, "w", w)}
    total = _OPERATORS[frame.choice("op", *_OPERATORS)].format(**sides)
    if frame.type("Y").form:
        frame.line("Y", names, total)
    elif wanted(frame):
        frame.line("Y", names, requantized(frame, f"({total})", names[-1]))
    else:
        frame.line("Y", names, clipped(frame, total) if frame.numerics.requantize else total)


def _scaled(frame: Frame, side: str, element: str) -> str:
    """An operand with its own multiplier and shift: (element << left_shift) * mult, rounded by shift."""
    if f"{side}_mult" not in frame.operation.attributes:
        return element
    for key in (f"{side}_shift",):
        if key not in frame.operation.attributes:
            raise frame.fail("E-MAN-121", f"attributes.{side}_mult", attribute=key)
    mode = frame.numerics.requantize.get("rounding")
    if not mode:
        raise frame.fail("E-MAN-128", key="numerics.requantize.rounding")
    left, mult, shift = (frame.expression(key, "0") for key in ("left_shift", f"{side}_mult", f"{side}_shift"))
    return f"round(({element} << {left}) * {mult}, {shift}, {mode})"


def table(frame: Frame) -> None:
    """Y = table[X + offset]; by default the offset makes the least value of X's type the table's first entry."""
    rank = frame.rank("X", 1, 2, 3, 4, 5)
    frame.rank("Y", rank)
    _shape(frame, "Y", rank)
    names, kind = frame.indices([f"i{axis}" for axis in range(rank)]), frame.type("X")
    offset = frame.expression("offset", str(-type_bounds(kind.bits, signed=kind.signed)[0]))
    name = frame.operation.attributes["table"]
    if name not in frame.contract.luts:
        raise frame.fail("E-MAN-124", "attributes.table", attribute="table", expected="the name of a table of [lut]")
    index = f"{frame.name('X')}[{','.join(names)}]" + ("" if offset == "0" else f" + {offset}")
    frame.line("Y", names, f"lut({name}, {index})")
