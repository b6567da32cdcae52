"""pool: the greatest cell of each window, or the mean of its cells, rounded once."""

from __future__ import annotations

from verif.contract import rounding
from verif.contract.kinds.convolution import Axis, axes, picture, windowed
from verif.contract.kinds.frame import Frame


def pool(frame: Frame) -> None:
    """Windows over a picture; cells outside never count, except in the divisor `kernel`."""
    batch, where = picture(frame, "X")
    frame.rank("Y", 4 if batch else 3)
    n, y, x, c, ky, kx = frame.indices(("n", "h", "w", "c", "kh", "kw"))
    kernel = frame.pair("kernel", None)
    sizes = frame.extent("X", where["h"]), frame.extent("X", where["w"])
    high, wide = axes(frame, sizes, kernel)
    frame.want("Y", where["h"], high.windows)
    frame.want("Y", where["w"], wide.windows)
    frame.want("Y", where["c"], frame.extent("X", where["c"]))
    index = {"n": n, "h": high.cell(y, ky), "w": wide.cell(x, kx), "c": c}
    left = {"n": n, "h": y, "w": x, "c": c}
    indices = [left[letter] for letter in sorted(where, key=lambda letter: where[letter])]
    binders = f"for {ky} in {kernel[0]} for {kx} in {kernel[1]}"
    if frame.choice("mode", "max", "avg") == "max":
        acc = frame.index("acc")
        near = index | {"h": _first(high, y), "w": _first(wide, x)}
        first, cell = windowed(frame, "X", where, near, ""), windowed(frame, "X", where, index, acc)
        frame.line("Y", indices, f"fold({first}, {acc}, max({acc}, {cell}) {binders})")
        return
    total = f"sum({windowed(frame, 'X', where, index, '0')} {binders})"
    valid = f"{_count(high, y, kernel[0], sizes[0])}*{_count(wide, x, kernel[1], sizes[1])}"
    cells = valid if frame.choice("divisor", "valid", "kernel") == "valid" else f"{kernel[0]}*{kernel[1]}"
    if frame.type("Y").form:
        frame.line("Y", indices, f"{total} / ({cells})")
        return
    mode = frame.choice("rounding", "symmetric_inf", *rounding.SINGLE, *rounding.ALIASES)
    frame.line("Y", indices, f"divide({total}, {cells}, {mode})")


def _begin(axis: Axis, window: str) -> str:
    return f"{window}{axis.start}"


def _first(axis: Axis, window: str) -> str:
    return f"max({_begin(axis, window)}, 0)" if axis.padded else _begin(axis, window)


def _count(axis: Axis, window: str, kernel: str, size: str) -> str:
    begin = _begin(axis, window)
    return f"(min({begin} + {kernel}, {size}) - max({begin}, 0))"
