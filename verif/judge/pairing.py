"""Which observed beat answers which expected one: in order, or in order among beats with the same value of a field."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verif.contract.model import Channel, Contract
from verif.contract.pack import field_values
from verif.contract.packing import layout, names_of
from verif.judge.observed import Trace
from verif.judge.predict import Expected


@dataclass(frozen=True, slots=True)
class Pairs:
    """Beat numbers of equal length, pair by pair in the order in which beats were observed.

    `first_extra`: the first observed beat without a partner; the number of observed beats when each has one.
    """

    expected: NDArray[np.int64]
    observed: NDArray[np.int64]
    first_extra: int


def pairing(contract: Contract, channel: Channel, expected: Expected, trace: Trace) -> Pairs:
    """The pairs of a channel; those of `match` keep their order only among beats with the same value of that field.

    An observed beat whose value nothing more is expected of answers the first expected beat that is left.
    """
    if not channel.match or not expected.segments:
        both = np.arange(min(expected.count, trace.count))
        return Pairs(both, both, len(both))
    low, bits = _place(contract, channel, expected)
    partners = _partners(field_values(expected.words, low, bits), field_values(trace.words, low, bits))
    found = np.flatnonzero(partners >= 0)
    extra = np.flatnonzero(partners < 0)
    return Pairs(partners[found], found, int(extra[0]) if extra.size else trace.count)


def _partners(expected: NDArray[Any], observed: NDArray[Any]) -> NDArray[np.int64]:
    """The expected beat that each observed one answers, -1 for those that are too many."""
    waiting: dict[int, deque[int]] = {}
    for beat, value in enumerate(expected.tolist()):
        waiting.setdefault(value, deque()).append(beat)
    partners = [waiting[value].popleft() if waiting.get(value) else -1 for value in observed.tolist()]
    left = deque(sorted(beat for beats in waiting.values() for beat in beats))
    return np.array([left.popleft() if beat < 0 and left else beat for beat in partners], np.int64)


def _place(contract: Contract, channel: Channel, expected: Expected) -> tuple[int, int]:
    """Least significant bit and bits of the field in the payload; the same in every stream of a checked contract."""
    segment = expected.segments[0]
    names = names_of(contract, segment.values.variables)
    fields = {one.name: one for one in layout(contract, segment.kind, segment.stream, names)}
    return fields[channel.match].lsb, fields[channel.match].width
