"""Tensor data: corner-biased random, coordinate codes, identity, one-hot, walking one. Every value is legal for its type."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from verif.contract.model import TensorType

Array = NDArray[np.int64]
Shape = tuple[int, ...]


def uniform(kind: TensorType, shape: Shape, rng: np.random.Generator) -> Array:
    """Every legal value equally likely."""
    return rng.integers(kind.low, kind.high, shape, np.int64, endpoint=True)


def corners(kind: TensorType, shape: Shape, rng: np.random.Generator) -> Array:
    """A mixture, per element: uniform, log-uniform magnitude, limits and their neighbours, powers of two, 0 and 1."""
    choice = rng.integers(0, 4, shape)
    magnitude = np.exp2(rng.random(shape) * kind.bits).astype(np.int64) * rng.choice([-1, 1], shape)
    limits = rng.choice(special_values(kind), shape)
    powers = (1 << rng.integers(0, kind.bits, shape)) * rng.choice([-1, 1], shape)
    mixed = np.select([choice == 0, choice == 1, choice == 2], [magnitude, limits, powers], uniform(kind, shape, rng))  # noqa: PLR2004
    return clip(kind, mixed)


def small(kind: TensorType, shape: Shape, rng: np.random.Generator, magnitude: int) -> Array:
    """Uniform in -magnitude..magnitude, cut to the type."""
    return clip(kind, rng.integers(-magnitude, magnitude, shape, np.int64, endpoint=True))


def special_values(kind: TensorType) -> Array:
    """Least, next to least, -1, 0, 1 and greatest value, as far as they are legal."""
    wanted = [kind.low, kind.low + 1, -1, 0, 1, kind.high]
    return np.array(sorted({value for value in wanted if kind.low <= value <= kind.high}), np.int64)


def coded(kind: TensorType, shape: Shape, code: int) -> Array:
    """A value that names its place: neighbours along every axis differ, and so do two codes."""
    total = np.zeros(shape, np.int64)
    for axis, extent in enumerate(shape):
        stride = (37, 11, 5, 3)[axis % 4] + 2 * code
        total += np.expand_dims(np.arange(extent) * stride, tuple(a for a in range(len(shape)) if a != axis))
    return kind.low + (total + 19 * code + 3) % (kind.high - kind.low + 1)


def identity(kind: TensorType, shape: Shape) -> Array:
    """One where the last two indices agree modulo the shorter axis, zero elsewhere."""
    if len(shape) < 2:  # noqa: PLR2004  a matrix
        return clip(kind, np.ones(shape, np.int64))
    rows, columns = shape[-2:]
    span = min(rows, columns)
    plane = (np.arange(rows)[:, None] % span == np.arange(columns)[None, :] % span).astype(np.int64)
    return clip(kind, np.broadcast_to(plane, shape).copy())


def one_hot(kind: TensorType, shape: Shape, rng: np.random.Generator) -> Array:
    """A single one at a random place."""
    array = np.zeros(shape, np.int64)
    array.reshape(-1)[rng.integers(array.size)] = 1
    return clip(kind, array)


def walking_one(kind: TensorType, shape: Shape) -> Array:
    """One bit per element, its place walking along every axis."""
    places = np.indices(shape).sum(axis=0) % max(1, kind.high.bit_length())
    return clip(kind, np.int64(1) << places)


def clip(kind: TensorType, array: Array) -> Array:
    """`array` cut to the legal range of the type."""
    return np.clip(array, kind.low, kind.high).astype(np.int64)
