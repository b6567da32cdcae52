"""Rows that try everything, and rows of operations without a sum of products, on the example designs' contracts."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from verif.contract.model import Contract
from verif.stimulus.values import JobValues
from verif.testplan.select import make_plan

Jobs = Callable[[Contract, str, int], list[JobValues]]
Example = Callable[[str], Contract]
EXAMPLES = sorted(path.name for path in (Path(__file__).resolve().parents[2] / "data" / "examples").iterdir())
BYTES = range(-128, 128)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_row_that_applies_to_an_example_has_a_generator(name: str, example: Example) -> None:
    rows = make_plan(example(name), "core-1", ["V1"], 10, 0).testpoints
    assert [row.id for row in rows if row.state == "planned" and row.reason] == []


@pytest.mark.parametrize("name", ["mac_pe", "cfu_simd"])
def test_num_02_multiplies_every_pair_of_operands_of_the_same_indices(name: str, example: Example, jobs: Jobs) -> None:
    pairs: set[int] = set()
    for values in jobs(example(name), "NUM-02", 1)[0].operations:
        pairs |= set(np.unique((values.inputs["A"] + 128) * 256 + values.inputs["B"] + 128).tolist())
    assert len(pairs) == 1 << 16


@pytest.mark.parametrize("name", ["gemm", "gemm_n4"])
def test_num_02_multiplies_every_pair_where_rows_meet_columns(name: str, request: pytest.FixtureRequest, jobs: Jobs) -> None:
    met = np.zeros((256, 256), bool)
    for values in jobs(request.getfixturevalue(name), "NUM-02", 1)[0].operations:
        a, b = values.inputs["A"] + 128, values.inputs["B"] + 128
        for k in range(a.shape[1]):
            met[np.ix_(a[:, k], b[k, :])] = True
    assert met.all()


def test_num_02_gives_indirect_operands_one_value_at_a_time(example: Example, jobs: Jobs) -> None:
    met: set[tuple[int, int]] = set()
    for values in jobs(example("sparse24"), "NUM-02", 1)[0].operations:
        assert len(np.unique(values.inputs["X"])) == 1  # data choose its elements
        met |= set(product(np.unique(values.inputs["W"]).tolist(), np.unique(values.inputs["X"]).tolist()))
    assert met >= set(product(range(-8, 8), (-128, -127, -64, -1, 0, 1, 64, 127)))


def test_fun_16_looks_up_every_entry_in_every_job(example: Example, jobs: Jobs) -> None:
    for job in jobs(example("lut_act"), "FUN-16", 3):
        assert {int(x) for values in job.operations for x in values.inputs["X"]} == set(BYTES)


def test_num_12_puts_every_nibble_into_every_lane(example: Example, jobs: Jobs) -> None:
    lanes: list[set[int]] = [set() for _ in range(4)]
    for values in jobs(example("finn_mvu"), "NUM-12", 1)[0].operations:
        weights = values.inputs["W"].reshape(-1, 4)
        for lane, met in enumerate(lanes):
            met |= set(weights[:, lane].tolist())
    assert lanes == [set(range(-8, 8))] * 4


def test_fun_09_pads_with_both_limits_and_never_with_zero(example: Example, jobs: Jobs) -> None:
    for job in jobs(example("dwconv"), "FUN-09", 5):
        used = [values.variables["zp"] for values in job.operations]
        assert {-128, 127} <= set(used)
        assert 0 not in used


def test_num_05_ties_accumulators_that_are_inputs(example: Example, jobs: Jobs) -> None:
    for job in jobs(example("requant_table"), "NUM-05", 5):
        signs = set[bool]()
        for values in job.operations:
            rows = np.arange(len(values.inputs["X"])) % 4
            exact, shift = values.inputs["X"] * values.inputs["mult"][rows], values.inputs["shift"][rows]
            tied = (shift > 0) & (exact % (1 << shift) == (1 << np.maximum(shift - 1, 0)))
            signs |= set((exact[tied] > 0).tolist())
        assert signs == {True, False}


@pytest.mark.parametrize(("name", "axis"), [("hls_pool", 4), ("pair_avg", 2)])
def test_num_05_ties_averages_of_either_sign(name: str, axis: int, example: Example, jobs: Jobs) -> None:
    for job in jobs(example(name), "NUM-05", 5):
        sums = np.concatenate([values.inputs["X"].reshape(-1, axis).sum(axis=1) for values in job.operations])
        tied = sums[sums % axis == axis // 2]
        assert (tied < 0).any()
        assert (tied > 0).any()


def test_num_10_reaches_the_bounds_through_a_constant_factor(example: Example, jobs: Jobs) -> None:
    for job in jobs(example("hwpe_gain"), "NUM-10", 5):
        scaled = np.concatenate([(values.inputs["X"] * 43 >> 4).reshape(-1) for values in job.operations])
        assert all(((scaled > bound - 4) & (scaled < bound + 4)).any() for bound in (-128, 127))


def test_directed_rows_choose_elements_at_random(example: Example, jobs: Jobs) -> None:
    for testpoint in ("FUN-02", "FUN-03", "NUM-01"):
        for values in jobs(example("sparse24"), testpoint, 1)[0].operations:
            chosen = values.inputs["I"]
            assert chosen.size < 8 or (chosen[..., 0] != chosen[..., 1]).any()


def test_num_16_has_ties_above_even_and_odd_results_in_every_job(example: Example, jobs: Jobs) -> None:
    for job in jobs(example("bf16_dot"), "NUM-16", 5):
        odd = list[bool]()
        for values in job.operations:
            a, b = ((values.inputs[name] << 16).astype(np.uint32).view(np.float32).astype(np.float64) for name in "AB")
            bits = (a * b).view(np.int64)  # exact: 52 - 7 fraction bits are dropped
            odd += ((bits >> 45) & 1)[bits & ((1 << 45) - 1) == 1 << 44].astype(bool).tolist()
        assert min(odd.count(True), odd.count(False)) >= 20


def test_floats_are_mostly_numbers_whose_sums_round(example: Example, jobs: Jobs) -> None:
    for job in jobs(example("bf16_dot"), "FUN-04", 5):
        patterns = np.concatenate([values.inputs["A"].reshape(-1) for values in job.operations])
        exponents = patterns >> 7 & 0xFF
        assert np.mean((exponents >= 124) & (exponents <= 131)) > 0.7
        assert np.mean(exponents == 0xFF) < 0.02


def test_pro_32_changes_the_configuration_from_operation_to_operation(example: Example, jobs: Jobs) -> None:
    for job in jobs(example("scale_cfg"), "PRO-32", 5):
        assert len({tuple(values.variables.values()) for values in job.operations}) >= 2
        assert any(values.source.percent for values in job.operations)


def test_pro_26_stalls_every_function_of_a_unit_in_four_ways(example: Example, jobs: Jobs) -> None:
    job = jobs(example("cfu_simd"), "PRO-26", 1)[0]
    assert len({(values.kind_index, values.sink) for values in job.operations}) == 8
