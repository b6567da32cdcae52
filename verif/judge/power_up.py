"""The same job under several power-up states: whatever crosses the pins after reset must be the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from verif.judge.fault import Fault
from verif.judge.observed import Trace
from verif.judge.predict import Expected


def differs(channel: str, expected: Expected, first: tuple[Trace, int], other: tuple[Trace, int]) -> Fault | None:
    """J-008 when two runs of a job, each (trace, cycle of reset release), differ in cared-for payload, count or timing."""
    (one, one_release), (two, two_release) = first, other
    reason = _reason(expected, (one, one_release), (two, two_release))
    return Fault("J-008", {"channel": channel, "what": reason}) if reason else None


def _reason(expected: Expected, first: tuple[Trace, int], other: tuple[Trace, int]) -> str:
    (one, one_release), (two, two_release) = first, other
    if one.count != two.count:
        return f"{one.count} / {two.count} beats"
    late = _first(one.cycles - np.uint64(one_release) != two.cycles - np.uint64(two_release))
    care = _care(expected, one.count, one.words.shape[1])
    wrong = _first(np.any((one.words ^ two.words) & care, axis=1))
    if wrong is not None:
        return f"payload of beat {wrong}"
    return f"cycle of beat {late}" if late is not None else ""


def _care(expected: Expected, count: int, words: int) -> NDArray[np.uint32]:
    """The care mask, everything cared for beyond the planned beats."""
    mask = np.full((count, words), 0xFFFFFFFF, np.uint32)
    known = min(count, expected.count)
    mask[:known] = expected.care[:known]
    return mask


def _first(differing: ArrayLike) -> int | None:
    found = np.flatnonzero(differing)
    return int(found[0]) if found.size else None
