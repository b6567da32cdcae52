"""Power-up states compared where beats may come in another order than the expected one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from verif.contract.model import Channel, Contract
from verif.contract.read import read_manifest
from verif.judge.fault import Fault
from verif.judge.observed import Trace
from verif.judge.power_up import differs
from verif.judge.predict import Expected, predict
from verif.stimulus.generate import operations
from verif.testplan.plan import Job

MANIFEST = Path(__file__).resolve().parents[2] / "data/sim/forms/crossing.toml"
ID = 1 << 8  # of the payload: eight bits of data, one of id
Known = tuple[Contract, Channel, Expected, int]


@pytest.fixture(scope="module")
def known() -> Known:
    """The contract, its output, what is expected of it, and a beat with another id than the next and data without care."""
    contract, found = read_manifest(MANIFEST.read_text())
    assert contract is not None, found
    expected = predict(contract, operations(contract, Job("FUN-04", 1)))["c"]
    beat = int(np.flatnonzero(np.diff(expected.words[:, 0] & ID))[0])
    expected.care[beat] = ID
    return contract, next(one for one in contract.channels if one.id == "c"), expected, beat


def ask(known: Known, spoiled: int) -> Fault | None:
    """Two runs that bring the beat after the next one; in the second a bit of observed beat `spoiled` differs."""
    contract, channel, expected, beat = known
    order = np.arange(expected.count)
    order[[beat, beat + 1]] = beat + 1, beat
    words = expected.words[order]
    one = Trace(None, np.arange(len(words), dtype=np.uint64), words)
    two = replace(one, words=words.copy())
    two.words[spoiled] ^= 1
    return differs(contract, channel, expected, (one, 0), (two, 0))


def test_what_no_one_cares_for_may_differ_wherever_it_came(known: Known) -> None:
    assert ask(known, known[-1] + 1) is None


def test_what_is_cared_for_may_not(known: Known) -> None:
    fault = ask(known, known[-1])
    assert fault is not None
    assert (fault.rule, fault.args["what"]) == ("J-008", f"payload of beat {known[-1]}")
