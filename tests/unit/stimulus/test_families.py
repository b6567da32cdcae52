"""Every registered generator, on every kind of contract: legal, bounded, deterministic, drivable, computable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from verif.contract.expr import evaluate as evaluate_expression
from verif.contract.model import Contract, Operation
from verif.contract.scope import allowed, input_tensors, shapes, variable_values
from verif.golden.evaluate import evaluate
from verif.records import stimulus as file
from verif.stimulus.encode import WATCHDOG, encode
from verif.stimulus.exhaustive import BUDGET
from verif.stimulus.function import LARGE
from verif.stimulus.generate import operations
from verif.stimulus.registry import FAMILIES
from verif.stimulus.shapes import cost
from verif.stimulus.values import JobValues, OperationValues
from verif.testplan.plan import Batch, Job, Plan, development_seed
from verif.testplan.select import make_plan

Jobs = Callable[[Contract, str, int], list[JobValues]]
SEEDS = 2
JOB_BUDGET = 2500  # beats of one job
EXHAUSTIVE = {"NUM-02", "FUN-16"}  # their operations are large, so that few of them hold every pair of values


def plan_of(contract: Contract) -> Plan:
    return make_plan(contract, "core-1", ["V1"], 10, 0)


def planned(contract: Contract) -> set[str]:
    return {row.id for row in plan_of(contract).testpoints if row.state == "planned"}


def batch(testpoint: str, *seeds: int) -> Batch:
    return Batch(0, tuple(Job(testpoint, seed) for seed in seeds), (1,))


def check_legal(contract: Contract, values: OperationValues) -> Operation:
    operation = contract.operations[values.kind_index]
    assert list(values.variables) == list(operation.vars)
    for name, value in values.variables.items():
        assert value in variable_values(contract, operation, name, values.variables)
    assert allowed(contract, operation, values.variables)
    assert set(values.inputs) == set(input_tensors(operation))
    extents = shapes(contract, operation, values.variables)
    for name, array in values.inputs.items():
        kind = operation.tensors[name]
        assert (array.dtype, array.shape) == (np.int64, extents[name])
        assert kind.low <= int(array.min()) <= int(array.max()) <= kind.high
    return operation


@pytest.mark.parametrize("testpoint", FAMILIES)
def test_every_value_is_legal_and_within_budget(contract: Contract, testpoint: str, jobs: Jobs) -> None:
    for job in jobs(contract, testpoint, SEEDS):
        assert bool(job.operations) >= (testpoint in planned(contract))
        total = 0
        for values in job.operations:
            operation = check_legal(contract, values)
            beats = cost(contract, operation, values.variables)
            assert beats <= (BUDGET if testpoint in EXHAUSTIVE else LARGE)
            total += beats
        assert total <= (100 if testpoint in EXHAUSTIVE else 1) * JOB_BUDGET
        assert job.reset_cycles >= max(reset.min_cycles for reset in contract.resets)


@pytest.mark.parametrize("testpoint", FAMILIES)
def test_every_operation_can_be_computed_and_driven(contract: Contract, testpoint: str, jobs: Jobs) -> None:
    if testpoint not in planned(contract):
        assert testpoint in FAMILIES
        return
    job = jobs(contract, testpoint, 1)[0]
    for values in job.operations:
        evaluate(contract, contract.operations[values.kind_index], values.variables, values.inputs)
    made = encode(contract, plan_of(contract), batch(testpoint, development_seed(testpoint, 0)))
    assert len(made.op) == len(job.operations) == made.job["op_count"][0]
    assert len(made.segment) == len(made.op) * len(contract.channels)
    assert made.segment["count"].sum() == len(made.beat)


@pytest.mark.parametrize("testpoint", FAMILIES)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(contract: Contract, testpoint: str) -> None:
    if testpoint not in planned(contract):
        assert testpoint in FAMILIES
        return
    plan, first, second = plan_of(contract), development_seed(testpoint, 0), development_seed(testpoint, 1)
    once = encode(contract, plan, batch(testpoint, first)).pack()
    assert encode(contract, plan, batch(testpoint, first)).pack() == once
    assert encode(contract, plan, batch(testpoint, second)).pack() != once


@pytest.mark.parametrize("testpoint", FAMILIES)
def test_another_seed_gives_other_data(gemm: Contract, testpoint: str) -> None:
    if testpoint not in planned(gemm):
        assert testpoint in FAMILIES
        return
    made = [encode(gemm, plan_of(gemm), batch(testpoint, development_seed(testpoint, index))) for index in (0, 1)]
    assert made[0].word.tobytes() != made[1].word.tobytes()
    assert made[0].job["idle_seed"][0] != made[1].job["idle_seed"][0]


def test_a_job_does_not_depend_on_its_batch(gemm: Contract) -> None:
    plan, seeds = plan_of(gemm), (1, 2)
    alone = encode(gemm, plan, batch("FUN-04", seeds[1]))
    both = encode(gemm, plan, batch("FUN-04", *seeds))
    assert both.word["value"][-len(alone.word) :].tolist() == alone.word["value"].tolist()
    assert both.beat[-len(alone.beat) :].tolist() == alone.beat.tolist()
    assert both.job["deadline"][1] == alone.job["deadline"][0]


def test_operations_are_what_the_job_does(gemm: Contract, jobs: Jobs) -> None:
    job, made = Job("FUN-04", development_seed("FUN-04", 0)), jobs(gemm, "FUN-04", 1)[0]
    for one, other in zip(operations(gemm, job), made.operations, strict=True):
        assert one.variables == other.variables
        assert all(np.array_equal(one.inputs[name], other.inputs[name]) for name in one.inputs)


def test_the_deadline_covers_the_declared_cycles_the_stalls_and_the_quiet_windows(gemm: Contract, jobs: Jobs) -> None:
    for testpoint in ("ROB-01", "FUN-32"):
        job, made = (
            jobs(gemm, testpoint, 1)[0],
            encode(gemm, plan_of(gemm), batch(testpoint, development_seed(testpoint, 0))),
        )
        names = [{**v.variables, "T": gemm.design.parameters["N"]} for v in job.operations]
        cycles = [
            evaluate_expression(gemm.operations[v.kind_index].max_cycles.value, n)
            for v, n in zip(job.operations, names, strict=True)
        ]
        least = WATCHDOG * sum(cycles) + int(made.beat["gap"].sum()) + job.quiet + sum(v.quiet for v in job.operations)
        assert made.job["deadline"][0] >= least


def test_the_head_names_the_plan_and_the_channels(gemm: Contract) -> None:
    plan = plan_of(gemm)
    made = encode(gemm, plan, replace(batch("FUN-01", 7), index=3))
    assert made.head[0].item() == (plan.digest().encode(), 3, 0)
    handshake = (0, file.FROM_HANDSHAKE, 0)  # the first clock, and nothing to count from
    ways = [(b"a", file.IN, 65, 3), (b"b", file.IN, 65, 3), (b"q", file.IN, 256, 8), (b"c", file.OUT, 65, 3)]
    rows = [(name, way, *handshake, bits, words) for name, way, bits, words in ways]
    assert [row.item() for row in made.channel] == rows
    assert made.job["testpoint"][0] == b"FUN-01"
    assert made.job["seed"][0] == 7


def test_an_output_carries_no_words(gemm: Contract) -> None:
    made = encode(gemm, plan_of(gemm), batch("FUN-04", 1))
    words = [channel["words"] if channel["dir"] == file.IN else 0 for channel in made.channel]
    carried = made.segment["count"].reshape(-1, len(words)) * np.array(words)
    assert int(carried.sum()) == len(made.word)
