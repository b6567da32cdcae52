"""Tensor data: corner-biased random, coordinate codes, identity, one-hot, walking one. Every value is legal for its type."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from verif.contract.floats import FORMATS
from verif.contract.model import TensorType

Array = NDArray[np.int64]
Shape = tuple[int, ...]
REACH = 3
"""Exponents either side of one of most floats: their sums round, and none vanishes beside the others."""
LIKE, SPECIAL, ANY = 0.85, 0.08, 0.995


def uniform(kind: TensorType, shape: Shape, rng: np.random.Generator) -> Array:
    """Every legal value equally likely; of floats the patterns of numbers that can be added and multiplied."""
    if kind.form:
        return near_one(kind, shape, rng, REACH)
    return rng.integers(*limits(kind), shape, np.int64, endpoint=True)


def limits(kind: TensorType) -> tuple[int, int]:
    """Least and greatest legal value that an int64 array can hold: unsigned 64-bit values stay below 2**63."""
    return max(kind.low, -(1 << 63)), min(kind.high, (1 << 63) - 1)


def corners(kind: TensorType, shape: Shape, rng: np.random.Generator) -> Array:
    """A mixture, per element: uniform, log-uniform magnitude, limits and their neighbours, powers of two, 0 and 1.

    Of floats: mostly numbers of like size, some of any size, zeros, subnormals and the largest; rarely one that is none.
    """
    if kind.form:
        return _float_corners(kind, shape, rng)
    choice = rng.integers(0, 4, shape)
    bits = min(kind.bits, 62)  # both signs of every power fit int64
    magnitude = np.exp2(rng.random(shape) * bits).astype(np.int64) * rng.choice([-1, 1], shape)
    special = rng.choice(special_values(kind), shape)
    powers = (1 << rng.integers(0, bits, shape)) * rng.choice([-1, 1], shape)
    mixed = np.select([choice == 0, choice == 1, choice == 2], [magnitude, special, powers], uniform(kind, shape, rng))  # noqa: PLR2004
    return clip(kind, mixed)


def near_one(kind: TensorType, shape: Shape, rng: np.random.Generator, reach: int) -> Array:
    """Patterns of floats of either sign between 2**-reach and 2**(reach+1), as far as the format goes."""
    form = FORMATS[kind.form]
    reach = min(reach, form.bias - 1)
    exponent = form.bias + rng.integers(-reach, reach, shape, np.int64, endpoint=True)
    fraction = rng.integers(0, 1 << form.fraction, shape, np.int64)
    sign = rng.integers(0, 2, shape, np.int64) << (form.bits - 1)
    return clip(kind, sign | (exponent << form.fraction) | fraction)


def _float_corners(kind: TensorType, shape: Shape, rng: np.random.Generator) -> Array:
    form = FORMATS[kind.form]
    choice, sign = rng.random(shape), np.int64(1 << (form.bits - 1))
    least = np.int64(1) << form.fraction
    finite = (((1 << form.exponent) - 1) << form.fraction) - 1  # without infinities, the largest number lies above
    special = np.array([0, sign, 1, sign | 1, least - 1, least, finite, sign | finite], np.int64)
    anything = rng.integers(0, 1 << form.bits, shape, np.int64)
    number = np.where((anything & ~sign) > finite, anything & (sign | (finite >> 1)), anything)
    like, special_one = near_one(kind, shape, rng, REACH), rng.choice(special, shape)
    drawn = [choice < LIKE, choice < LIKE + SPECIAL, choice < ANY]
    return clip(kind, np.select(drawn, [like, special_one, number], anything))


def small(kind: TensorType, shape: Shape, rng: np.random.Generator, magnitude: int) -> Array:
    """Uniform in -magnitude..magnitude, cut to the type."""
    return clip(kind, rng.integers(-magnitude, magnitude, shape, np.int64, endpoint=True))


def special_values(kind: TensorType) -> Array:
    """Least, next to least, -1, 0, 1 and greatest value, as far as they are legal."""
    low, high = limits(kind)
    return np.array(sorted({value for value in (low, low + 1, -1, 0, 1, high) if low <= value <= high}), np.int64)


def coded(kind: TensorType, shape: Shape, code: int) -> Array:
    """A value that names its place: neighbours along every axis differ, and so do two codes."""
    total = np.zeros(shape, np.int64)
    for axis, extent in enumerate(shape):
        stride = (37, 11, 5, 3)[axis % 4] + 2 * code
        total += np.expand_dims(np.arange(extent) * stride, tuple(a for a in range(len(shape)) if a != axis))
    low, high = limits(kind)
    return np.asarray(low + (total + 19 * code + 3) % min(high - low + 1, 1 << 62), np.int64)


def identity(kind: TensorType, shape: Shape) -> Array:
    """One where the last two indices agree modulo the shorter axis, zero elsewhere."""
    if len(shape) < 2:  # noqa: PLR2004  a matrix
        return np.full(shape, one(kind), np.int64)
    rows, columns = shape[-2:]
    span = min(rows, columns)
    plane = (np.arange(rows)[:, None] % span == np.arange(columns)[None, :] % span).astype(np.int64)
    return clip(kind, np.broadcast_to(plane * one(kind), shape).copy())


def one(kind: TensorType) -> int:
    """What the tensor holds for one, or the legal value nearest to it."""
    form = FORMATS.get(kind.form)
    low, high = limits(kind)
    return min(max(form.bias << form.fraction if form else 1, low), high)


def one_hot(kind: TensorType, shape: Shape, rng: np.random.Generator) -> Array:
    """A single one at a random place."""
    array = np.zeros(shape, np.int64)
    array.reshape(-1)[rng.integers(array.size)] = one(kind)
    return clip(kind, array)


def walking_one(kind: TensorType, shape: Shape) -> Array:
    """One bit per element, its place walking along every axis."""
    places = np.indices(shape).sum(axis=0) % max(1, limits(kind)[1].bit_length())
    return clip(kind, np.left_shift(np.int64(1), places))


def clip(kind: TensorType, array: Array) -> Array:
    """`array` cut to the legal range of the type."""
    return np.clip(array, *limits(kind)).astype(np.int64)
