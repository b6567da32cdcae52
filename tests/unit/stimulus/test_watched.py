"""How long a job is watched after its last beat, where channels run on other clocks than the first."""

from __future__ import annotations

from pathlib import Path

import pytest

from verif.contract.model import Contract
from verif.contract.read import read_manifest
from verif.stimulus.encode import encode
from verif.testplan.plan import Batch, Job, Plan

MANIFEST = Path(__file__).resolve().parents[2] / "data/sim/forms/crossing.toml"
LEAST = 64  # what a job asks for by itself


def quiet(*edits: tuple[str, str]) -> int:
    text = MANIFEST.read_text()
    for find, put in edits:
        assert text.count(find) == 1, find
        text = text.replace(find, put)
    contract, found = read_manifest(text)
    assert contract is not None, found
    return quiet_of(contract)


def quiet_of(contract: Contract) -> int:
    batch = Batch(0, (Job("FUN-01", 1),), (7,))
    plan = Plan("1", "test", contract.design.name, 0, (), (batch,))
    row = encode(contract, plan, batch).job[0]
    assert row["deadline"] > row["quiet"]
    return int(row["quiet"])


@pytest.mark.parametrize(
    ("period", "lag", "cycles"),
    [
        (700, 2, LEAST),
        (10_000, 2, 80),  # eight edges, for beats that are too many
        (10_000, 20, 210),  # the lag and one more
        (7001, 20, 148),  # rounded up
        (2000, 64, 130),
    ],
)
def test_another_clock_is_watched_in_its_own_cycles(period: int, lag: int, cycles: int) -> None:
    assert quiet(("period_ps = 700", f"period_ps = {period}"), ("lag = 2", f"lag = {lag}")) == cycles


def test_on_the_first_clock_only_a_lag_makes_it_longer() -> None:
    assert quiet(("lag = 1\n", "lag = 64\n")) == 65
