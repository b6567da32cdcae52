"""What a row is for is really in its stimulus. Computed here anew from the operands, not with the generators' own means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise, product

import numpy as np
import pytest
from numpy.typing import NDArray

from verif.contract.model import Contract
from verif.contract.scope import shapes
from verif.records.stimulus import STALL_FROM_VALID
from verif.stimulus.encode import encode
from verif.stimulus.values import JobValues, OperationValues
from verif.testplan.plan import Batch, Job, development_seed
from verif.testplan.select import make_plan

Jobs = Callable[[Contract, str, int], list[JobValues]]
Array = NDArray[np.int64]
LOW, HIGH = -128, 127


def before_rounding(values: OperationValues) -> tuple[Array, Array]:
    """The exact value before rounding, and the shift, of every element of C in gemm_axis."""
    inputs = values.inputs
    value = (inputs["A"] @ inputs["B"]) * inputs["mult"]
    return value, np.broadcast_to(inputs["shift"], value.shape)


def half_up(value: Array, shift: Array) -> Array:
    return np.where(shift > 0, (value + (1 << np.maximum(shift - 1, 0))) >> shift, value)


def before_clip(values: OperationValues) -> Array:
    return np.asarray(half_up(*before_rounding(values)) + values.inputs["zp"])


def visible(values: OperationValues) -> Array:
    """True where the clip leaves both the right result and its neighbours as they are."""
    found = before_clip(values)
    return np.asarray((found > LOW) & (found < HIGH))


def tied(values: OperationValues) -> Array:
    value, shift = before_rounding(values)
    return np.asarray((shift > 0) & (value % (1 << shift) == (1 << np.maximum(shift - 1, 0))) & visible(values))


def test_num_05_has_exact_ties_of_both_signs_above_even_and_odd_results_in_every_job(gemm: Contract, jobs: Jobs) -> None:
    for job in jobs(gemm, "NUM-05", 10):
        kinds: Counter[tuple[bool, bool]] = Counter()
        for values in job.operations:
            value, shift = before_rounding(values)
            for place in np.argwhere(tied(values)):
                exact = int(value[tuple(place)])
                kinds[exact > 0, exact >> int(shift[tuple(place)]) & 1 == 0] += 1
        assert set(kinds) == set(product([True, False], repeat=2))
        assert sum(kinds.values()) >= 50


def test_num_06_has_results_that_rounding_twice_gets_wrong_in_every_job(gemm: Contract, jobs: Jobs) -> None:
    for job in jobs(gemm, "NUM-06", 10):
        wrong = 0
        for values in job.operations:
            value, shift = before_rounding(values)
            once = half_up(value, shift)
            for kept in range(1, 8):  # bits that the first of the two roundings leaves
                first = np.maximum(shift - kept, 0)
                twice = half_up(half_up(value, first), shift - first)
                wrong += int(((twice != once) & (shift > kept) & visible(values)).sum())
        assert wrong >= 100


@pytest.mark.parametrize("wanted", [LOW - 1, LOW, HIGH, HIGH + 1])
def test_num_10_meets_every_side_of_both_bounds_in_every_job(gemm: Contract, jobs: Jobs, wanted: int) -> None:
    for job in jobs(gemm, "NUM-10", 10):
        assert any((before_clip(values) == wanted).any() for values in job.operations)


def test_fun_15_meets_every_side_of_the_activation_and_of_the_upper_bound(relu: Contract, jobs: Jobs) -> None:
    for job in jobs(relu, "FUN-15", 10):
        met: set[int] = set()
        for values in job.operations[:-1]:
            assert values.variables["mult"] == 1 << values.variables["shift"]
            met |= set(np.unique(values.inputs["A"] @ values.inputs["B"]).tolist())
        assert met >= {-1, 0, 1, HIGH, HIGH + 1, LOW, LOW - 1}


@pytest.mark.parametrize("name", ["gemm", "gemm_n4", "relu"])
def test_num_01_multiplies_every_pair_of_special_values_alone(name: str, request: pytest.FixtureRequest, jobs: Jobs) -> None:
    special = {-128, -127, -1, 0, 1, 127}
    for job in jobs(request.getfixturevalue(name), "NUM-01", 10):
        pairs: set[tuple[int, int]] = set()
        for values in job.operations:
            a, b = values.inputs["A"], values.inputs["B"]
            if not a[:, 1:].any() and not b[1:, :].any():  # one term, so that no other product hides a wrong one
                pairs |= set(product(np.unique(a[:, 0]).tolist(), np.unique(b[0, :]).tolist()))
        assert pairs >= set(product(special, special))


def test_num_01_shows_the_greatest_product_unclipped(gemm: Contract, jobs: Jobs) -> None:
    for job in jobs(gemm, "NUM-01", 10):
        shown = [(values.inputs["A"] @ values.inputs["B"] == 16384) & visible(values) for values in job.operations]
        assert any(part.any() for part in shown)


@pytest.mark.parametrize("testpoint", ["FUN-02", "FUN-03"])
@pytest.mark.parametrize("name", ["gemm", "gemm_n4"])
def test_patterns_come_in_shapes_whose_dimensions_differ(
    name: str, testpoint: str, request: pytest.FixtureRequest, jobs: Jobs
) -> None:
    for job in jobs(request.getfixturevalue(name), testpoint, 10):
        for values in job.operations:
            assert len(set(values.variables.values())) == len(values.variables) == 3


def test_fun_03_neighbours_differ_along_every_axis(gemm: Contract, jobs: Jobs) -> None:
    for job in jobs(gemm, "FUN-03", 10):
        for name in ("A", "B"):
            array = job.operations[1].inputs[name]
            for axis in range(array.ndim):
                assert array.shape[axis] == 1 or np.diff(array, axis=axis).all()


def test_fun_03_shows_the_first_operand_as_it_is(gemm: Contract, jobs: Jobs) -> None:
    for job in jobs(gemm, "FUN-03", 10):
        values = job.operations[0]
        a, b = values.inputs["A"], values.inputs["B"]
        assert len(np.unique(a)) > 1
        assert set(np.unique(b)) == {0, 1}
        assert (values.inputs["mult"] == 1 << values.inputs["shift"]).all()
        assert not values.inputs["zp"].any()


def test_fun_02_has_identity_one_hot_and_walking_one(gemm: Contract, jobs: Jobs) -> None:
    for job in jobs(gemm, "FUN-02", 10):
        left, right, hot, walking = (values.inputs for values in job.operations)
        for array in (left["B"], right["A"], walking["B"]):
            rows, columns = array.shape
            span = min(rows, columns)
            assert np.array_equal(array[:span, :span], np.eye(span, dtype=np.int64))
        assert hot["A"].sum() == 1 == np.count_nonzero(hot["A"])
        assert {value.bit_count() for value in walking["A"].reshape(-1).tolist()} == {1}


def test_fun_20_changes_the_shape_from_operation_to_operation(gemm: Contract, jobs: Jobs) -> None:
    for job in jobs(gemm, "FUN-20", 10):
        following = [dict(values.variables) for values in job.operations]
        assert sum(one != other for one, other in pairwise(following)) >= len(following) - 2
        assert not any(values.wait_previous or values.source.percent or values.sink.percent for values in job.operations)


def test_fun_31_takes_the_smallest_shape_at_full_rate(gemm: Contract, jobs: Jobs) -> None:
    for values in jobs(gemm, "FUN-31", 1)[0].operations:
        assert dict(values.variables) == {"M": 8, "K": 1, "N": 8}
        assert (values.source.percent, values.sink.percent, values.wait_previous) == (0, 0, False)


def test_fun_32_watches_a_quiet_window_after_every_operation(gemm: Contract, jobs: Jobs) -> None:
    job = jobs(gemm, "FUN-32", 1)[0]
    assert all(values.quiet == 200 for values in job.operations)
    assert [values.wait_previous for values in job.operations] == [False] + [True] * (len(job.operations) - 1)
    assert job.quiet >= 200


def test_rob_01_repeats_one_operation_under_five_profiles(gemm: Contract, jobs: Jobs) -> None:
    for job in jobs(gemm, "ROB-01", 10):
        assert len({(values.source, values.sink) for values in job.operations}) == 5 == len(job.operations)
        assert [values.source.percent for values in job.operations] == [0, 25, 50, 90, 0]
        assert job.operations[4].source.burst
        first = job.operations[0]
        for values in job.operations[1:]:
            assert values.variables == first.variables
            assert all(np.array_equal(values.inputs[name], first.inputs[name]) for name in first.inputs)


def gaps(contract: Contract, testpoint: str, direction: int) -> tuple[Array, Array]:
    """(gap, mode) of every beat of the channels of a direction, over five seeds."""
    batch = Batch(0, tuple(Job(testpoint, development_seed(testpoint, index)) for index in range(5)), (1,))
    made = encode(contract, make_plan(contract, "core-1", ["V1"], 10, 0), batch)
    found = []
    for row, segment in enumerate(made.segment):
        if made.channel["dir"][row % len(made.channel)] == direction:
            found.append(made.beat[int(segment["beat_first"]) : int(segment["beat_first"]) + int(segment["count"])])
    beats = np.concatenate(found)
    return beats["gap"].astype(np.int64), beats["mode"].astype(np.int64)


def test_pro_02_sinks_wait_until_they_saw_valid(gemm: Contract, jobs: Jobs) -> None:
    assert all(values.sink.from_valid for job in jobs(gemm, "PRO-02", 5) for values in job.operations)
    gap, mode = gaps(gemm, "PRO-02", 1)
    assert set(mode.tolist()) == {STALL_FROM_VALID}
    assert gap.max() > 0
    assert set(gaps(gemm, "PRO-02", 0)[1].tolist()) != {STALL_FROM_VALID}


@pytest.mark.parametrize(("testpoint", "stalled", "free"), [("PRO-01", 1, 0), ("PRO-30", 0, 1)])
def test_only_the_side_that_a_row_is_about_is_stalled(gemm: Contract, testpoint: str, stalled: int, free: int) -> None:
    gap = gaps(gemm, testpoint, stalled)[0]
    assert 0.2 < float((gap > 0).mean()) < 0.95
    assert not gaps(gemm, testpoint, free)[0].any()


def test_stalls_come_as_often_as_the_profile_says(gemm: Contract) -> None:
    idle = gaps(gemm, "ROB-01", 0)[0]
    assert set(range(8)) <= set(idle.tolist())
    assert idle.max() >= 20
    assert idle.max() <= 64


def test_pro_03_sweeps_reset_from_the_shortest_on(gemm: Contract, jobs: Jobs) -> None:
    lengths = {job.reset_cycles for job in jobs(gemm, "PRO-03", 40)}
    assert {1, 2} <= lengths
    assert max(lengths) > 16
    assert min(lengths) == 1


def test_shapes_are_drawn_near_the_corners(gemm: Contract, jobs: Jobs) -> None:
    seen = [values.variables for job in jobs(gemm, "FUN-04", 10) for values in job.operations]
    assert {variables["M"] for variables in seen} == {variables["N"] for variables in seen} == {8, 16, 24}
    depths = {variables["K"] for variables in seen}
    assert {1, 48} <= depths
    assert len(depths) > 10


def test_an_input_is_corner_biased(gemm: Contract, jobs: Jobs) -> None:
    values = np.concatenate([v.inputs["A"].reshape(-1) for job in jobs(gemm, "FUN-04", 10) for v in job.operations])
    share = {int(value): float((values == value).mean()) for value in (-128, -127, -1, 0, 1, 127)}
    assert min(share.values()) > 0.02


def test_results_of_random_operations_are_mostly_visible(gemm: Contract, jobs: Jobs) -> None:
    parts = [
        visible(values)
        for testpoint in ("FUN-04", "FUN-20", "ROB-01")
        for job in jobs(gemm, testpoint, 10)
        for values in job.operations
    ]
    assert float(np.concatenate([part.reshape(-1) for part in parts]).mean()) > 0.5


def test_shapes_follow_the_variables(relu: Contract, jobs: Jobs) -> None:
    for job in jobs(relu, "FUN-04", 3):
        for values in job.operations:
            extents = shapes(relu, relu.operations[0], values.variables)
            assert values.inputs["A"].shape == extents["A"] == (values.variables["M"], values.variables["K"])
