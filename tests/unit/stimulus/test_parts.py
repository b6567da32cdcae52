"""The parts that generators are made of: patterns for every type, solved sums, stalls, random streams."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verif.contract.interval import type_bounds
from verif.contract.model import Contract, TensorType
from verif.stimulus import data, traffic
from verif.stimulus.bench import Bench
from verif.stimulus.rng import generator
from verif.stimulus.solve import covering, residue, steered
from verif.stimulus.values import JobValues, Stalls

Jobs = Callable[[Contract, str, int], list[JobValues]]
TYPES = [
    (1, False),
    (1, True),
    (4, True),
    (8, False),
    (8, True),
    (16, True),
    (32, True),
    (63, False),
    (64, False),
    (64, True),
]
SHAPES: list[tuple[int, ...]] = [(), (1,), (7,), (3, 5), (2, 3, 4), (5, 1)]


def kind_of(bits: int, *, signed: bool) -> TensorType:
    low, high = type_bounds(bits, signed=signed)
    return TensorType(signed, bits, (), low, high)


def rng() -> np.random.Generator:
    return generator("TEST", 1, "test")


@pytest.mark.parametrize(("bits", "signed"), TYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_pattern_is_legal_for_every_type(bits: int, signed: bool, shape: tuple[int, ...]) -> None:  # noqa: FBT001
    kind = kind_of(bits, signed=signed)
    made = [
        data.uniform(kind, shape, rng()),
        data.corners(kind, shape, rng()),
        data.small(kind, shape, rng(), 6),
        data.coded(kind, shape, 1),
        data.identity(kind, shape),
        data.walking_one(kind, shape),
    ]
    made += [data.one_hot(kind, shape, rng())] if shape else []
    for array in made:
        assert (array.shape, array.dtype) == (shape, np.int64)
        assert kind.low <= int(array.min()) <= int(array.max()) <= kind.high
        assert int(array.max()) < 1 << 63


@pytest.mark.parametrize(("bits", "signed"), TYPES)
def test_special_values_hold_both_limits(bits: int, signed: bool) -> None:  # noqa: FBT001
    kind = kind_of(bits, signed=signed)
    special = data.special_values(kind).tolist()
    assert special == sorted(set(special))
    assert special[0] == kind.low
    assert special[-1] == min(kind.high, (1 << 63) - 1)


def test_corners_meet_limits_powers_and_the_middle() -> None:
    values = set(data.corners(kind_of(16, signed=True), (4000,), rng()).tolist())
    assert values >= {-32768, -32767, -1, 0, 1, 32767, 2, -4, 1024, -16384}
    assert len(values) > 1000


@given(st.integers(0, 20), st.integers(0, 200).map(lambda n: 2 * n + 1), st.integers(-(1 << 20), 1 << 20))
def test_a_residue_gives_the_wanted_bits(j: int, m: int, wanted: int) -> None:
    found = residue((m, j), wanted)
    assert 0 <= found < 1 << j or (found, j) == (0, 0)
    assert (found * m - wanted) % (1 << j) == 0


@given(st.integers(0, 1 << 30), st.lists(st.integers(-900, 900), min_size=1, max_size=8))
def test_steered_sums_are_the_totals(gemm: Contract, seed: int, totals: list[int]) -> None:
    site = Bench.of(gemm, "TEST", seed).deep(0, 150, 8)
    operands = steered(site, np.array(totals, np.int64))
    assert operands is not None
    reach = 127 * site.terms
    sums = operands["A"] @ operands["B"]
    for row in range(len(sums)):
        assert set(sums[row].tolist()) == {min(max(totals[row % len(totals)], -128 * site.terms), reach)}


@given(st.integers(0, 1 << 30), st.lists(st.integers(-500, 500), min_size=1, max_size=40, unique=True))
def test_covering_leaves_no_target_out(relu: Contract, seed: int, targets: list[int]) -> None:
    site = Bench.of(relu, "TEST", seed).sampled(0, 150)
    rows = site.variables["M"]
    made = covering(site, targets, least=2)
    assert len(made) >= 2
    assert {int(value) for totals in made for value in totals[:rows]} == set(targets)


def test_inputs_of_an_operation_without_a_sum_use_their_whole_range(jobs: Jobs, add: Contract) -> None:
    seen = [values for job in jobs(add, "FUN-20", 10) for values in job.operations]
    words = np.concatenate([values.inputs["A"] for values in seen])
    assert {0, 1, 65535} <= set(words.tolist())
    assert float((words > 1000).mean()) > 0.2
    assert {0, 255} <= {values.variables["p"] for values in seen}


@pytest.mark.parametrize("percent", [0, 25, 50, 90])
def test_gaps_keep_a_channel_idle_as_often_as_asked(percent: int) -> None:
    gaps = traffic.gaps(Stalls(percent=percent), 20_000, rng()).astype(np.int64)
    idle = gaps.sum() / (gaps.sum() + len(gaps))
    assert abs(idle - percent / 100) < 0.02
    assert gaps.max() <= traffic.LONGEST


def test_bursts_are_rare_and_long_and_least_is_kept() -> None:
    gaps = traffic.gaps(Stalls(burst=True, least=2), 10_000, rng())
    long = gaps > 2
    assert gaps.min() == 2
    assert 0.08 < float(long.mean()) < 0.16
    assert gaps[long].min() >= 10


@pytest.mark.parametrize("other", [("TEST", 2, "test"), ("TEST2", 1, "test"), ("TEST", 1, "other")])
def test_each_purpose_draws_numbers_of_its_own(other: tuple[str, int, str]) -> None:
    first = rng().integers(1 << 62, size=4).tolist()
    assert first == rng().integers(1 << 62, size=4).tolist()
    assert generator(*other).integers(1 << 62, size=4).tolist() != first
