"""Numbers of the float formats as doubles: patterns to numbers and back, and rounding to nearest, ties to even.

Every format but f64 has at most 24 significant bits, so that sum, difference, product and quotient of two of its numbers,
computed as doubles and then rounded, are what rounding the exact result once gives (53 >= 2 * 24 + 2).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from verif.contract.floats import FORMATS, Format

Reals = NDArray[np.float64]


def decoded(form: str, patterns: NDArray[Any]) -> Reals:
    """The numbers that bit patterns of a format stand for."""
    if form == "f64":
        return np.ascontiguousarray(patterns, dtype=np.int64).view(np.float64)
    kind, bits = FORMATS[form], np.asarray(patterns, dtype=np.int64)
    field, fraction = bits >> kind.fraction & _ones(kind.exponent), bits & _ones(kind.fraction)
    whole = np.where(field > 0, fraction + (1 << kind.fraction), fraction).astype(np.float64)
    size = np.ldexp(whole, (np.maximum(field, 1) - kind.bias - kind.fraction).astype(np.int32))
    if kind.infinity:
        size = np.where(field == _ones(kind.exponent), np.where(fraction == 0, np.inf, np.nan), size)
    else:
        size = np.where(bits & _ones(kind.bits - 1) == kind.nan, np.nan, size)
    return np.asarray(np.where(bits >> (kind.bits - 1) & 1, -size, size))


def encoded(form: str, numbers: Reals) -> NDArray[np.int64]:
    """Bit patterns of numbers that the format has (see `rounded`); every NaN is the format's one."""
    kind, real = FORMATS[form], np.asarray(numbers, dtype=np.float64)
    if form == "f64":
        return np.where(np.isnan(real), np.float64(np.nan), real).view(np.int64)
    finite = np.where(np.isfinite(real), np.abs(real), 0.0)
    mantissa, power = np.frexp(finite)
    normal = finite >= 2.0**kind.least_exponent
    scaled = np.where(normal, np.ldexp(mantissa, kind.fraction + 1), np.ldexp(finite, kind.fraction - kind.least_exponent))
    field = np.where(normal, power.astype(np.int64) - 1 + kind.bias, 0)
    bits = (field << kind.fraction) + (scaled.astype(np.int64) & _ones(kind.fraction))
    bits = np.where(np.isinf(real), _ones(kind.exponent) << kind.fraction, bits)
    signed = bits | (np.signbit(real).astype(np.int64) << (kind.bits - 1))
    return np.asarray(np.where(np.isnan(real), kind.nan, signed), dtype=np.int64)


def rounded(form: str, numbers: Reals, *, saturate: bool = False, flush: bool = False) -> Reals:
    """The nearest numbers of the format, ties to even.

    One that is too large becomes infinite, or NaN in a format without infinities; with `saturate` the largest finite number
    of its sign. With `flush` a result below the smallest normal number becomes a zero of its sign.
    """
    kind, real = FORMATS[form], np.asarray(numbers, dtype=np.float64)
    found = _single(real) if form == "f32" else real if form == "f64" else _to_nearest(kind, real)
    over = np.abs(found) > kind.greatest
    if over.any():
        limit = kind.greatest if saturate else np.inf if kind.infinity else np.nan
        found = np.where(over, np.copysign(limit, found), found)
    if flush:
        found = np.where(np.abs(found) < 2.0**kind.least_exponent, np.copysign(0.0, found), found)
    return np.asarray(found)


def ordered(form: str, patterns: NDArray[Any]) -> NDArray[np.int64]:
    """Integers in the order of the numbers, one apart for neighbours; both zeros are 0. NaNs have no place among them."""
    bits = np.asarray(patterns, dtype=np.int64)
    size = bits & _ones(FORMATS[form].bits - 1)
    return np.asarray(np.where(bits >> (FORMATS[form].bits - 1) & 1, -size, size))


def _single(real: Reals) -> Reals:
    with np.errstate(over="ignore", invalid="ignore"):
        return real.astype(np.float32).astype(np.float64)


def _to_nearest(kind: Format, real: Reals) -> Reals:
    finite = np.isfinite(real)
    safe = np.where(finite, real, 0.0)
    unit = np.maximum(np.frexp(safe)[1] - 1, kind.least_exponent) - kind.fraction
    return np.asarray(np.where(finite, np.ldexp(np.rint(np.ldexp(safe, -unit)), unit), real))


def _ones(count: int) -> int:
    return (1 << count) - 1
