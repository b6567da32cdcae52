"""Stalls, drawn per beat: geometric gaps for a stall rate, long ones for bursts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from verif.records.stimulus import STALL_FROM_PREVIOUS, STALL_FROM_VALID
from verif.stimulus.values import Stalls

LONGEST = 64  # cycles; a longer draw is cut, so that deadlines stay near
BURST_CHANCE = 0.12


def gaps(stalls: Stalls, count: int, rng: np.random.Generator) -> NDArray[np.uint32]:
    """Idle cycles before each of `count` beats."""
    drawn = np.full(count, stalls.least, np.int64)
    if stalls.percent:
        drawn += rng.geometric(1 - stalls.percent / 100, count) - 1
    if stalls.burst:
        drawn += np.where(rng.random(count) < BURST_CHANCE, rng.integers(8, 41, count), 0)
    return np.minimum(drawn, LONGEST).astype(np.uint32)


def mode(stalls: Stalls) -> int:
    """From where a gap counts, as the stimulus file says it."""
    return STALL_FROM_VALID if stalls.from_valid else STALL_FROM_PREVIOUS
