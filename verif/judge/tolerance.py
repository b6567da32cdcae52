"""Bits that differ and yet are right: elements of tensors with a tolerance whose observed value is near enough."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from verif.contract.model import TensorType
from verif.contract.pack import Beats, field_values
from verif.golden.tolerance import ANYTHING, Accepted, forgives
from verif.judge.observed import Trace
from verif.judge.pairing import Pairs
from verif.judge.predict import Expected, Segment

Words = NDArray[np.uint32]
_WORD = 32


def forgiven(expected: Expected, pairs: Pairs, trace: Trace) -> Words:
    """By pair of beats, uint32[pairs, words]: the bits of elements that are near enough. All others are zero.

    Only whole elements, `T[..]` in a packer, have a tolerance: of a part of one nobody can tell how far it is off.
    """
    found = np.zeros((len(pairs.expected), expected.words.shape[1]), np.uint32)
    for segment in expected.segments:
        if segment.low is None or segment.high is None or segment.more is None:
            continue
        rows = np.flatnonzero((pairs.expected >= segment.first) & (pairs.expected < segment.first + segment.packed.count))
        inside = pairs.expected[rows] - segment.first
        observed = trace.words[pairs.observed[rows]]
        for tensor, lsb, width in _elements(segment):
            kind = segment.kind.tensors[tensor]
            parts = segment.packed, segment.low, segment.high, segment.more
            ends = [_values(beats, inside, lsb, width, kind) for beats in parts]
            seen = _signed(field_values(observed, lsb, width), kind)
            near = forgives(kind, Accepted(*ends), seen, any_nan=segment.any_nan)
            found[rows[near]] |= _mask(lsb, width, found.shape[1])
    return found


def vacuous(expected: Expected) -> NDArray[np.bool_]:
    """Beats whose elements with a tolerance all accept anything, and that have one: comparing them says nothing."""
    found = np.zeros(expected.count, bool)
    for segment in expected.segments:
        elements, count = tuple(_elements(segment)), segment.packed.count
        if segment.more is None or not elements:
            continue
        read = [_values(segment.more, np.arange(count), lsb, width, segment.kind.tensors[t]) for t, lsb, width in elements]
        found[segment.first : segment.first + count] = np.logical_and.reduce([one == ANYTHING for one in read])
    return found


def _elements(segment: Segment) -> Iterator[tuple[str, int, int]]:
    """Every place of the payload that carries a whole element of a tensor with a tolerance: tensor, lowest bit, width."""
    for field in segment.packed.layout:
        for group in field.groups:
            for body in group.bodies:
                if body.node.op == "index" and body.node.name in segment.near:
                    for lane in range(group.lanes):
                        yield body.node.name, field.lsb + group.lsb + lane * group.lane_width + body.lsb, body.width


def _values(beats: Beats, rows: NDArray[np.int64], lsb: int, width: int, kind: TensorType) -> NDArray[np.int64]:
    return _signed(field_values(beats.words[rows], lsb, width), kind)


def _signed(values: NDArray[np.int64], kind: TensorType) -> NDArray[np.int64]:
    """Unsigned patterns as the integers that the tensor's type has; those of floats, and of 64 bits, as int64 bits."""
    if kind.bits == 64:  # noqa: PLR2004  these come as Python integers
        return np.array([value - (1 << 64) if value >> 63 else value for value in values.tolist()], np.int64)
    half = 1 << (kind.bits - 1)
    return np.asarray((values ^ half) - half if kind.signed else values)


def _mask(lsb: int, width: int, words: int) -> Words:
    bits = ((1 << width) - 1) << lsb
    return np.array([bits >> (_WORD * word) & 0xFFFFFFFF for word in range(words)], np.uint32)
