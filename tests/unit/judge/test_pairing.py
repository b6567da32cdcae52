"""Which observed beat answers which expected one when a field decides."""

from __future__ import annotations

import numpy as np
import pytest

from verif.contract.pack import field_values
from verif.judge.pairing import _partners

CASES = [
    # expected values, observed values, partner of each observed beat
    ([0, 1, 0, 1], [0, 1, 0, 1], [0, 1, 2, 3]),
    ([0, 1, 0, 1], [1, 1, 0, 0], [1, 3, 0, 2]),
    ([0, 1, 2], [2, 0], [2, 0]),
    ([0, 1], [1, 1, 0], [1, -1, 0]),  # one too many, although it came before the last
    ([0, 1, 2], [0, 3, 2], [0, 1, 2]),  # a wrong value answers what is left
    ([0, 1], [5, 5, 5], [0, 1, -1]),
    ([], [4], [-1]),
]


@pytest.mark.parametrize(("expected", "observed", "partners"), CASES)
def test_partners(expected: list[int], observed: list[int], partners: list[int]) -> None:
    assert _partners(np.array(expected, np.int64), np.array(observed, np.int64)).tolist() == partners


@pytest.mark.parametrize("size", [1, 64])
def test_a_channel_that_brought_nothing_has_no_values(size: int) -> None:
    """A design that hangs before its first beat is told so, by what is missing."""
    values = field_values(np.zeros((0, 3), np.uint32), 8, size)
    assert _partners(np.array([0, 1]), values).tolist() == []
