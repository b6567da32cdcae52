"""Which observed beat answers which expected one when a field decides."""

from __future__ import annotations

import numpy as np
import pytest

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
