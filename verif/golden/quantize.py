"""Rounding, saturation and requantisation, exact for integers of any size.

Inputs are integers or integer arrays (int64 or object); results are arrays. Arithmetic is int64 where that is proved to
suffice and Python integers otherwise. Names are those of the AI Engine guide; sources of the named schemes: gemmlowp
fixedpoint.h (SRDHM, RDBPOT), TensorFlow Lite's MultiplyByQuantizedMultiplier, TOSA 1.0 apply_scale_32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from verif.contract.interval import fits, type_bounds
from verif.contract.rounding import canonical
from verif.contract.vector import grid

Array = NDArray[Any]
Saturation = Literal["none", "saturate", "symmetric"]
_SRDHM_SHIFT = 31


def shift_right(value: ArrayLike, shift: ArrayLike, mode: str) -> Array:
    """`value / 2**shift`, rounded to an integer by `mode` (name or alias); 0 <= shift <= 4096.

    Raises KeyError for an unknown mode and ValueError for a negative shift. `tflite_double` takes the double-width product
    of accumulator and multiplier with the total shift, 31 + right shift.
    """
    values, shifts = grid(np.asarray(value)), grid(np.asarray(shift))
    if shifts.bounds[0] < 0:
        raise ValueError("a rounding shift is never negative")
    width = max(abs(bound).bit_length() for bound in values.bounds)
    narrow = max(width, shifts.bounds[1]) < 61  # noqa: PLR2004  sums of value, half and double offset stay below 2**63
    name = canonical(mode)
    if narrow:
        return np.asarray(_MODES[name](values.data, shifts.data), dtype=np.int64)
    shape = np.broadcast_shapes(values.data.shape, shifts.data.shape)
    lines = (np.atleast_1d(side.exact()) for side in (values, shifts))  # a single Python integer would lose its type
    wide = np.asarray(_MODES[name](*lines), dtype=object)
    return np.asarray(grid(wide).data).reshape(shape)


def saturate(value: ArrayLike, bits: int, *, signed: bool = True, how: Saturation = "saturate") -> Array:
    """The value in `bits` bits: wrapped (none), clamped to the type (saturate), or to +-(2**(bits-1) - 1) (symmetric)."""
    values, (low, high) = grid(np.asarray(value)), type_bounds(bits, signed=signed)
    if how == "none":
        half = (1 << (bits - 1)) if signed else 0
        return grid(((values.exact() + half) & ((1 << bits) - 1)) - half).data
    low = -high if how == "symmetric" and signed else low
    data = values.data if fits((low, high)) else values.exact()
    return grid(np.asarray(np.minimum(np.maximum(data, low), high))).data


def srdhm(a: ArrayLike, b: ArrayLike) -> Array:
    """Saturating rounding doubling high multiply of int32 values: a*b / 2**31, ties toward +infinity."""
    product = grid(np.asarray(a)).exact() * grid(np.asarray(b)).exact()
    nudge = np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    return saturate(_truncated(product + nudge, np.asarray(_SRDHM_SHIFT, dtype=object)), 32)


def rdbpot(value: ArrayLike, exponent: ArrayLike) -> Array:
    """Rounding divide by a power of two, ties away from zero; 0 <= exponent <= 31."""
    return shift_right(value, exponent, "symmetric_inf")


def mbqm_double(x: ArrayLike, multiplier: ArrayLike, shift: ArrayLike) -> Array:
    """TensorFlow Lite's default requantisation: int32 accumulator, Q31 multiplier, shift (left when positive)."""
    shifts = grid(np.asarray(shift)).exact()
    left = grid(np.asarray(x)).exact() * (1 << np.maximum(shifts, 0))
    return rdbpot(srdhm(saturate(left, 32, how="none"), multiplier), np.maximum(-shifts, 0))


def mbqm_single(x: ArrayLike, multiplier: ArrayLike, shift: ArrayLike) -> Array:
    """Single-rounding requantisation: (x*m + 2**(30-s)) >> (31-s), -31 <= s <= 30; ties toward +infinity."""
    product = grid(np.asarray(x)).exact() * grid(np.asarray(multiplier)).exact()
    return shift_right(product, _SRDHM_SHIFT - grid(np.asarray(shift)).exact(), "tflite_single")


def mbqm_int16(x: ArrayLike, multiplier: ArrayLike, shift: ArrayLike) -> Array:
    """The 16x8 form: int64 accumulator, multiplier reduced to 16 bits, single rounding by 15 - s."""
    full = grid(np.asarray(multiplier)).exact()
    reduced = np.minimum((full + (1 << 15)) >> 16, 0x7FFF)
    product = grid(np.asarray(x)).exact() * reduced
    return shift_right(product, 15 - grid(np.asarray(shift)).exact(), "pos_inf")


def apply_scale_32(value: ArrayLike, multiplier: ArrayLike, shift: ArrayLike, *, double_round: bool) -> Array:
    """TOSA apply_scale_32; 2 <= shift <= 62."""
    values = grid(np.asarray(value)).exact()
    product, shifts = values * grid(np.asarray(multiplier)).exact(), grid(np.asarray(shift)).exact()
    half = 1 << (shifts - 1)
    extra = np.where(values >= 0, 1 << 30, -(1 << 30)) * (shifts > _SRDHM_SHIFT) * int(double_round)
    return grid(np.asarray((product + half + extra) >> shifts, dtype=object)).data


def _truncated(x: Array, s: Array) -> Array:
    return np.asarray(np.where(x >= 0, x >> s, -((-x) >> s)))


def _nearest(tie_up: Callable[[Array, Array], Any]) -> Callable[[Array, Array], Array]:
    """Round to nearest; `tie_up(x, floor)` says where a tie goes to the upper neighbour."""

    def rounded(x: Array, s: Array) -> Array:
        down = x >> s
        remainder, half = x - (down << s), (1 << s) >> 1  # half is 0 when nothing is shifted out
        up = (remainder > half) | ((remainder == half) & (half > 0) & np.asarray(tie_up(x, down), dtype=bool))
        return down + np.where(up, 1, 0)

    return rounded


_pos_inf = _nearest(lambda x, _: np.ones(np.shape(x), dtype=bool))
_symmetric_inf = _nearest(lambda x, _: x >= 0)


def _tflite_double(x: Array, s: Array) -> Array:
    """Two roundings: by at most 31 as SRDHM (ties up), by the rest as RDBPOT (ties away from zero)."""
    first = np.minimum(s, _SRDHM_SHIFT)
    return _symmetric_inf(_pos_inf(x, first), s - first)


def _tosa_double(x: Array, s: Array) -> Array:
    offset = np.where(x >= 0, 1 << 30, -(1 << 30))
    return np.asarray((x + ((1 << s) >> 1) + np.where(s > _SRDHM_SHIFT, offset, 0)) >> s)


_MODES: dict[str, Callable[[Array, Array], Array]] = {
    "floor": lambda x, s: x >> s,
    "ceil": lambda x, s: -((-x) >> s),
    "pos_inf": _pos_inf,
    "neg_inf": _nearest(lambda x, _: np.zeros(np.shape(x), dtype=bool)),
    "symmetric_inf": _symmetric_inf,
    "symmetric_zero": _nearest(lambda x, _: x < 0),
    "conv_even": _nearest(lambda _, down: (down & 1) == 1),
    "conv_odd": _nearest(lambda _, down: (down & 1) == 0),
    "truncate": _truncated,
    "tflite_double": _tflite_double,
    "tflite_single": _pos_inf,
    "tosa_double": _tosa_double,
}
