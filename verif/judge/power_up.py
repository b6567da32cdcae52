"""The same job under several power-up states: whatever crosses the pins after reset must be the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from verif.contract.model import Channel, Contract
from verif.judge.fault import Fault
from verif.judge.observed import Trace
from verif.judge.pairing import pairing
from verif.judge.predict import Expected


def differs(
    contract: Contract, channel: Channel, expected: Expected, first: tuple[Trace, int], other: tuple[Trace, int]
) -> Fault | None:
    """J-008 when two runs of a job, each (trace, cycle of reset release), differ in cared-for payload, count or timing."""
    (one, _), (two, _) = first, other
    if one.count != two.count:
        reason = f"{one.count} / {two.count} beats"
    else:
        reason = _reason(_care(contract, channel, expected, one), first, other)
    return Fault("J-008", {"channel": channel.id, "what": reason}) if reason else None


def _reason(care: NDArray[np.uint32], first: tuple[Trace, int], other: tuple[Trace, int]) -> str:
    (one, one_release), (two, two_release) = first, other
    late = _first(one.cycles - np.uint64(one_release) != two.cycles - np.uint64(two_release))
    wrong = _first(np.any((one.words ^ two.words) & care, axis=1))
    if wrong is not None:
        return f"payload of beat {wrong}"
    return f"cycle of beat {late}" if late is not None else ""


def _care(contract: Contract, channel: Channel, expected: Expected, trace: Trace) -> NDArray[np.uint32]:
    """The care mask, beat by beat as they came; everything cared for beyond the planned beats."""
    mask = np.full(trace.words.shape, 0xFFFFFFFF, np.uint32)
    pairs = pairing(contract, channel, expected, trace)
    mask[pairs.observed] = expected.care[pairs.expected]
    return mask


def _first(differing: ArrayLike) -> int | None:
    found = np.flatnonzero(differing)
    return int(found[0]) if found.size else None
