"""Which variants operations tell apart, and that the chosen operations of FUN-33 tell apart what can be."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import numpy as np
import pytest

from verif.contract.model import Contract
from verif.golden.evaluate import evaluate
from verif.stimulus.generate import job_values
from verif.stimulus.values import OperationValues
from verif.testplan.plan import Job, development_seed
from verif.testplan.select import make_plan
from verif.variants.answer import Asked
from verif.variants.listing import variants
from verif.variants.model import Variant
from verif.variants.separate import Separator, separate
from verif.variants.told import told_by

Load = Callable[..., Contract]
Draw = Callable[[Contract, str, int], list[OperationValues]]
SECONDS = 5.0


def variant(contract: Contract, name: str) -> Variant:
    return next(one for one in variants(contract) if one.id.endswith("." + name))


def state(separator: Separator, name: str) -> str:
    raw = separator.to_json()
    if any(one.endswith("." + name) for one in raw["told"]):
        return "told"
    return next(str(one["state"]) for one in raw["left"] if one["id"].endswith("." + name))


@pytest.mark.parametrize("name", ["gemm", "gemm_n16", "gemm_q"])
@pytest.mark.parametrize("index", range(3))
def test_half_even_is_told_from_half_up_within_twenty_operations(load: Load, name: str, index: int) -> None:
    contract = load(name)
    operations = job_values(contract, Job("FUN-33", development_seed("FUN-33", index))).operations
    assert len(operations) <= 20
    separator = Separator(contract)
    for values in operations:
        separator.take(values)
    assert state(separator, "C.round.conv_even") == "told"


def test_what_data_can_tell_apart_is_told_apart_by_one_job(load: Load) -> None:
    contract = load("gemm")
    operations = job_values(contract, Job("FUN-33", development_seed("FUN-33", 0))).operations
    raw = separate(contract, operations).to_json()
    assert {one["state"] for one in raw["left"]} == {"equal", "silent"}
    assert len(raw["told"]) >= 40
    assert len(operations) <= 8


def test_plain_random_operations_miss_what_the_chosen_ones_find(load: Load, draw: Draw) -> None:
    contract = load("gemm")
    few = separate(contract, draw(contract, "FUN-04", 1), most=2)
    assert {state(few, f"C.round.{mode}") for mode in ("tflite_double", "conv_even")} & {"open"}


def test_one_job_is_a_function_of_contract_and_seed(load: Load) -> None:
    contract = load("gemm_q")
    made = [job_values(load("gemm_q"), Job("FUN-33", seed)).operations for seed in (7, 7, 8)]
    same = [one.variables == other.variables for one, other in zip(made[0], made[1], strict=True)]
    assert all(same)
    assert all(np.array_equal(a.inputs["A"], b.inputs["A"]) for a, b in zip(made[0], made[1], strict=True))
    assert [one.variables for one in made[0]] != [one.variables for one in made[2]]
    assert contract == load("gemm_q")


def test_an_equivalent_variant_is_reported_as_such_and_a_dead_one_as_open(load: Load, draw: Draw) -> None:
    contract = load("gemm_q")
    found = separate(contract, draw(contract, "FUN-33", 2))
    assert state(found, "C.round.tflite_single") == "equal"
    assert state(found, "C.clip.low.inside") == "open", "after a relu nothing reaches the lower bound"
    assert state(found, "hold.done") == "time"


def test_a_swap_of_unequal_dimensions_has_no_answer_and_claims_nothing(load: Load, draw: Draw) -> None:
    contract = load("gemm")
    unequal = [one for one in draw(contract, "FUN-04", 3) if one.variables["M"] != one.variables["K"]]
    found = Separator(contract)
    for values in unequal:
        found.take(values)
    assert state(found, "S.index.A") == "silent"


def test_signs_are_read_from_the_same_bits(load: Load, draw: Draw) -> None:
    contract = load("gemm")
    one = variant(contract, "A.unsigned")
    asked = Asked(contract, draw(contract, "FUN-01", 1)[0])
    answer = asked.answer(one)
    assert answer is not None
    inputs = {**asked.values.inputs, "A": asked.values.inputs["A"] & 0xFF}
    expected = evaluate(one.contract, one.contract.operations[0], asked.values.variables, inputs)
    again = evaluate(contract, contract.operations[0], asked.values.variables, asked.values.inputs)
    assert not np.array_equal(expected["C"], again["C"])
    values = asked.base[3], answer[3]
    assert (values[0].words != values[1].words).any()


def test_reversed_input_lanes_are_reversed_rows(load: Load, draw: Draw) -> None:
    contract = load("gemm")
    asked = Asked(contract, draw(contract, "FUN-01", 1)[0])
    answer = asked.answer(variant(contract, "a.data.lanes.i"))
    rows = asked.tensors["C"][::-1]
    assert answer is not None
    got = answer[3].values[0].values
    want = [sum((int(value) & 0xFF) << (8 * lane) for lane, value in enumerate(row)) for row in rows]
    assert [int(one) for one in got] == want


def test_a_reading_that_is_not_total_has_no_answer(load: Load) -> None:
    contract = load("gemm", {'M = "T..3*T step T"': 'M = "2*T..3*T step T"', 'N = "T..3*T step T"': 'N = "2*T..3*T step T"'})
    values = job_values(contract, Job("FUN-01", 5)).operations[0]
    assert Asked(contract, values).answer(variant(contract, "a.loops.nt.mt")) is None


def test_variants_of_a_tensor_that_no_output_carries_are_open(load: Load, draw: Draw) -> None:
    contract = load("add")
    found = separate(contract, draw(contract, "FUN-33", 2))
    assert state(found, "A.signed") == "open", "the sum wraps to the width that the sign decides"


def test_what_was_judged_is_counted_and_stays_the_same(load: Load, draw: Draw, crossing: Callable[..., object]) -> None:
    contract = load("gemm")
    jobs = [crossing(contract, draw(contract, testpoint, 1)) for testpoint in ("FUN-01", "FUN-03", "NUM-05")]
    first, again = (told_by(contract, jobs).to_json() for _ in range(2))  # type: ignore[arg-type]
    assert first == again
    assert first["told"]
    assert set(first["told"]).isdisjoint(one["id"] for one in first["left"])
    assert len(first["told"]) + len(first["left"]) == len(variants(contract))


@pytest.mark.slow
def test_separation_of_all_operations_of_a_plan_stays_in_its_budget(load: Load) -> None:
    contract = load("gemm")
    plan = make_plan(contract, "core-1", ("V1",), 10, 0)
    operations = [values for batch in plan.batches for job in batch.jobs for values in job_values(contract, job).operations]
    start = process_time()
    separate(contract, operations)
    assert process_time() - start < SECONDS
