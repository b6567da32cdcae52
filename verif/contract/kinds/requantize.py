"""From sums to results: the accumulator line, and the requantisation that [numerics] declares."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from verif.contract.interval import type_bounds
from verif.contract.kinds.frame import Frame, grouped
from verif.contract.model import Text

_POLICY = {"wrap": "wrap", "saturate_end": "saturate", "saturate_each": "saturate", "never": "never"}
_REDUCED = "min(({mult} + 32768) >> 16, 32767)"
"""TFLite's int16x8: the 32-bit multiplier with its lower half rounded away."""


def wanted(frame: Frame) -> bool:
    """Whether results are requantised: [numerics] says how, and the operation does not say `requantize = false`."""
    declared = bool(frame.numerics.requantize)
    asked = frame.flag("requantize", default=declared) if "requantize" in frame.kind.attributes else declared
    if asked and not declared:
        raise frame.fail("E-MAN-128", "attributes.requantize", key="numerics.requantize")
    return asked and not frame.type("Y").form


def accumulated(frame: Frame, indices: Sequence[str], body: str, binders: str, bias: str, *, apart: bool) -> str:
    """The line that sums `body` over `binders`; gives the sum's element as text.

    With `apart` it stands in a tensor of its own, of the accumulator's type; otherwise it is the result.
    """
    numerics, result = frame.numerics, frame.type("Y")
    real = bool(result.form)
    policy = numerics.overflow if "accumulator" in frame.contract.optional.get("numerics", {}) else "wrap"
    bits = numerics.bits if apart else result.bits
    total = f"sum({body} {binders})" + (f" + {bias}" if bias else "")
    if policy == "saturate_each" and not real:
        total = _saturating(frame, body, binders, bias, type_bounds(bits, signed=True))
    if not apart:
        frame.line("Y", indices, total)
        if not real:
            frame.overflow.setdefault(frame.name("Y"), _POLICY[policy])
        return f"{frame.name('Y')}[{','.join(indices)}]"
    name = frame.add(f"{frame.name('Y')}_acc", f"i{bits}", result.shape, _POLICY[policy])
    frame.math.append(f"{name}[{','.join(indices)}] = {total}")
    return f"{name}[{','.join(indices)}]"


def _saturating(frame: Frame, body: str, binders: str, bias: str, limits: tuple[int, int]) -> str:
    low, high = limits
    if bias and frame.numerics.bias == "first":
        name = frame.index("acc")
        return f"fold({bias}, {name}, clip({name} + {body}, {low}, {high}) {binders})"
    return f"accsat({low}, {high}, {body} {binders})" + (f" + {bias}" if bias else "")


def requantized(frame: Frame, value: str, channel: str) -> str:
    """The result's element: scaled, rounded, moved by the zero point, clipped."""
    how = frame.numerics.requantize
    activated = f"relu({value})" if how["activation"] == "relu" else value
    scaled = _SCHEMES[how["scheme"]](frame, grouped(activated), channel)
    zero = frame.at(how["zero_point"].get("Y"), channel, "0")
    return clipped(frame, scaled if zero == "0" else f"{scaled} + {zero}")


def clipped(frame: Frame, value: str) -> str:
    """The value inside the bounds that [numerics] states, by default those of the result's type."""
    kind, bounds = frame.type("Y"), frame.numerics.requantize.get("clip") or (Text("saturate", frame.span),)
    low, high = type_bounds(kind.bits, signed=kind.signed)
    if len(bounds) > 1:
        return f"clip({value}, {bounds[0].value}, {bounds[-1].value})"
    if bounds[0].value == "none":
        return value
    return f"clip({value}, {-high if bounds[0].value == 'symmetric' and kind.signed else low}, {high})"


def _needed(frame: Frame, key: str, channel: str) -> str:
    text = frame.numerics.requantize.get(key)
    if not text:
        raise frame.fail("E-MAN-128", key=f"numerics.requantize.{key}")
    return str(text) if isinstance(text, str) else frame.at(text, channel)


def _shift(frame: Frame, value: str, channel: str) -> str:
    return f"round({value}, {_needed(frame, 'shift', channel)}, {_needed(frame, 'rounding', channel)})"


def _mult_shift(frame: Frame, value: str, channel: str) -> str:
    mult = _needed(frame, "mult", channel)
    reduced = _REDUCED.format(mult=mult) if frame.numerics.requantize["mult_bits"] == "16" else mult
    return _shift(frame, f"{value} * {reduced}", channel)


def _float32(frame: Frame, value: str, channel: str) -> str:
    """ONNX: a float32 product or quotient, rounded half to even unless declared otherwise."""
    how = frame.numerics.requantize
    mode = how["rounding"] or "conv_even"
    if how["divisor"] is not None:
        return f"round(f32({value}) / f32({_needed(frame, 'divisor', channel)}), 0, {mode})"
    return f"round(f32({value}) * f32({_needed(frame, 'scale', channel)}), 0, {mode})"


def _lut(frame: Frame, value: str, channel: str) -> str:
    offset = frame.at(frame.numerics.requantize["offset"], channel, "0")
    index = value if offset == "0" else f"{value} + {offset}"
    return f"lut({_needed(frame, 'table', channel)}, {index})"


_SCHEMES: dict[str, Callable[[Frame, str, str], str]] = {
    "shift": _shift,
    "mult_shift": _mult_shift,
    "float32": _float32,
    "lut": _lut,
}
