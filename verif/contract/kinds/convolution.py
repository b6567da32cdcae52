"""conv2d and depthwise: windows over a picture, cells outside it holding the pad value."""

from __future__ import annotations

from dataclasses import dataclass

from verif.contract.kinds.frame import Frame, grouped
from verif.contract.kinds.matrix import bias
from verif.contract.kinds.requantize import accumulated, requantized, wanted


@dataclass(frozen=True, slots=True)
class Axis:
    """One side of the picture: where a window begins (after its index), how far its cells are apart, how many there are.

    `padded` windows may have cells outside the picture.
    """

    start: str
    dilation: str
    windows: str
    padded: bool

    def cell(self, window: str, cell: str) -> str:
        """The picture's index under a cell of a window."""
        inside = cell if self.dilation == "1" else f"{cell}*{self.dilation}"
        return f"{window}{self.start} + {inside}"


def axes(frame: Frame, extents: tuple[str, str], kernel: tuple[str, str]) -> tuple[Axis, Axis]:
    """Both sides by stride, dilation and pad: a number, two, four (top, left, bottom, right), same or valid."""
    stride, raw = frame.pair("stride"), frame.operation.attributes.get("pad", 0)
    dilation = frame.pair("dilation") if "dilation" in frame.kind.attributes else ("1", "1")
    spans = [k if d == "1" else f"(({k} - 1)*{d} + 1)" for k, d in zip(kernel, dilation, strict=True)]
    found = []
    for side in (0, 1):
        size, step, span = extents[side], stride[side], spans[side]
        if raw == "same":
            before = f"max((ceildiv({size}, {step}) - 1)*{step} + {span} - {size}, 0)//2"
            found.append(_axis(grouped(before), step, dilation[side], f"ceildiv({size}, {step})", padded=True))
            continue
        first, last = _pads(frame, raw, side)
        both = "".join(f" + {pad}" for pad in (first, last) if pad != "0")
        windows = f"({size}{both} - {span})" + ("" if step == "1" else f"//{step}") + " + 1"
        found.append(_axis(first, step, dilation[side], windows, padded=bool(both)))
    return found[0], found[1]


def _axis(before: str, step: str, dilation: str, windows: str, *, padded: bool) -> Axis:
    times = "" if step == "1" else f"*{step}"
    return Axis(times + ("" if before == "0" else f" - {before}"), dilation, windows, padded)


def _pads(frame: Frame, raw: object, side: int) -> tuple[str, str]:
    if raw == "valid":
        return "0", "0"
    if isinstance(raw, list) and len(raw) == 4:  # noqa: PLR2004  top, left, bottom, right
        return frame.text("pad", raw[side]), frame.text("pad", raw[side + 2])
    both = frame.pair("pad", 0)
    return both[side], both[side]


def picture(frame: Frame, role: str) -> tuple[bool, dict[str, int]]:
    """Whether there is a batch, and where h, w and c are."""
    batch = frame.rank(role, 3, 4) == 4  # noqa: PLR2004  n, and a picture
    order = "nhwc" if frame.choice("layout", "nhwc", "nchw") == "nhwc" else "nchw"
    letters = order if batch else order.replace("n", "", 1)
    return batch, {letter: place for place, letter in enumerate(letters)}


def windowed(frame: Frame, role: str, where: dict[str, int], index: dict[str, str], other: str) -> str:
    """The picture's element at an index per letter, or `other` when that is outside; plain when there is no `other`."""
    inside = ", ".join(index[letter] for letter in sorted(where, key=lambda letter: where[letter]))
    element = f"{frame.name(role)}[{inside}]"
    return f"outside({element}, {other})" if other else element


def convolution(frame: Frame) -> None:
    """conv2d with weights O,KH,KW,C (or O,C,KH,KW); depthwise with KH,KW,C (or C,KH,KW)."""
    deep = frame.operation.kind == "depthwise"
    batch, where = picture(frame, "X")
    frame.rank("Y", 4 if batch else 3)
    frame.rank("W", 3 if deep else 4)
    n, y, x, o, c = frame.indices("nhwoc")
    ky, kx = frame.indices(("kh", "kw"))
    weights = _weights(frame, deep=deep)
    kernel = frame.extent("W", weights["kh"]), frame.extent("W", weights["kw"])
    high, wide = axes(frame, (frame.extent("X", where["h"]), frame.extent("X", where["w"])), kernel)
    channel, filters = _channel(frame, weights, o, c, deep=deep)
    _extents(frame, where, high, wide, filters, batch=batch)
    index = {"n": n, "h": high.cell(y, ky), "w": wide.cell(x, kx), "c": channel}
    element = windowed(frame, "X", where, index, _padding(frame) if high.padded or wide.padded else "")
    place = {"o": o, "kh": ky, "kw": kx, "c": c}
    w = f"{frame.name('W')}[{', '.join(place[letter] for letter in sorted(weights, key=lambda one: weights[one]))}]"
    left = {"n": n, "h": y, "w": x, "c": o}
    indices = [left[letter] for letter in sorted(where, key=lambda letter: where[letter])]
    binders = f"for {ky} in {kernel[0]} for {kx} in {kernel[1]}"
    binders += "" if deep else f" for {c} in {frame.extent('W', weights['c'])}"
    product = f"{frame.shifted('X', element, o)} * {frame.shifted('W', w, o)}"
    apart = wanted(frame)
    total = accumulated(frame, indices, product, binders, bias(frame, o), apart=apart)
    if apart:
        frame.line("Y", indices, requantized(frame, total, o))


def _weights(frame: Frame, *, deep: bool) -> dict[str, int]:
    last = frame.choice("layout", "nhwc", "nchw") == "nhwc"
    orders = (("kh", "kw", "o"), ("o", "kh", "kw")) if deep else (("o", "kh", "kw", "c"), ("o", "c", "kh", "kw"))
    return {name: place for place, name in enumerate(orders[0] if last else orders[1])}


def _channel(frame: Frame, weights: dict[str, int], o: str, c: str, *, deep: bool) -> tuple[str, str]:
    """The picture's channel for an output channel, and how many output channels there are."""
    filters = frame.extent("W", weights["o"])
    if deep:
        multiplier = frame.expression("multiplier", "1")
        return (o if multiplier == "1" else f"{o}//{multiplier}"), filters
    groups, inner = frame.expression("groups", "1"), frame.extent("W", weights["c"])
    return (c if groups == "1" else f"{o}//({filters}//{groups})*{inner} + {c}"), filters


def _extents(frame: Frame, where: dict[str, int], high: Axis, wide: Axis, filters: str, *, batch: bool) -> None:
    frame.want("Y", where["h"], high.windows)
    frame.want("Y", where["w"], wide.windows)
    frame.want("Y", where["c"], filters)
    if batch:
        frame.want("Y", where["n"], frame.extent("X", where["n"]))
    if frame.operation.kind == "depthwise":
        frame.want("X", where["c"], f"{filters}//{frame.expression('multiplier', '1')}")
    else:
        inner = frame.extent("W", _weights(frame, deep=False)["c"])
        frame.want("X", where["c"], f"{inner}*{frame.expression('groups', '1')}")


def _padding(frame: Frame) -> str:
    """What cells outside hold: by default the zero point, which counts as nothing."""
    text = frame.numerics.pad
    if text is not None and text.value != "zero_point":
        return grouped(text.value)
    return frame.at(frame.numerics.requantize.get("zero_point", {}).get("X"), "0", "0")
