"""A job that keeps some of its operations: these do not change, and ordinary plans do not know of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verif.contract.model import Contract
from verif.contract.read import read_manifest
from verif.records.stimulus import Stimulus
from verif.stimulus.encode import encode
from verif.stimulus.generate import Generator, OperationsError, job_values, operations
from verif.testplan.plan import Batch, Job, Plan
from verif.testplan.select import make_plan

MANIFEST = Path(__file__).resolve().parents[3] / "rtl" / "gemm_axis" / "assay.toml"
SEED = 7


@pytest.fixture(scope="module")
def contract() -> Contract:
    found, _ = read_manifest(MANIFEST.read_text())
    assert found is not None
    return found


@pytest.fixture(scope="module")
def plan(contract: Contract) -> Plan:
    return make_plan(contract, "core-1", ("V1",), 2, 0)


def made(contract: Contract, plan: Plan, *jobs: Job) -> Stimulus:
    return encode(contract, plan, Batch(0, jobs, (1,)))


def operation(stimulus: Stimulus, number: int) -> list[object]:
    """Everything that the file says of one operation, wherever it lies."""
    channels, found = len(stimulus.channel), list[object]()
    row = stimulus.op[number]
    found += [int(row["kind"]), int(row["wait_previous"]), int(row["quiet"])]
    for channel in range(channels):
        segment = stimulus.segment[number * channels + channel]
        first, count, word = int(segment["beat_first"]), int(segment["count"]), int(segment["word_first"])
        words = count * int(stimulus.channel["words"][channel]) if int(stimulus.channel["dir"][channel]) == 0 else 0
        found.append(stimulus.beat[first : first + count].tobytes())
        found.append(stimulus.word["value"][word : word + words].tobytes())
    return found


@given(st.data())
def test_operations_that_are_kept_do_not_change(contract: Contract, plan: Plan, data: st.DataObject) -> None:
    testpoint = data.draw(st.sampled_from(["PRO-05", "ROB-01", "FUN-31"]))
    whole = made(contract, plan, Job(testpoint, SEED))
    ops = tuple(sorted(data.draw(st.sets(st.integers(0, len(whole.op) - 1), min_size=1))))
    part = made(contract, plan, Job(testpoint, SEED, ops))
    assert [operation(part, at) for at in range(len(ops))] == [operation(whole, op) for op in ops]
    assert int(part.job["op_count"][0]) == len(ops)
    kept = [name for name in part.job.dtype.names or () if name not in {"op_count", "deadline"}]
    assert part.job[kept] == whole.job[kept]


def test_all_operations_are_the_whole_job(contract: Contract, plan: Plan) -> None:
    whole, all_kept = (made(contract, plan, Job("PRO-01", SEED, ops)) for ops in ((), (0, 1, 2)))
    assert whole.pack() == all_kept.pack()


def test_trials_of_one_job_are_generated_once(contract: Contract) -> None:
    asked: list[Job] = []

    def source(given: Contract, job: Job):  # type: ignore[no-untyped-def]  # noqa: ANN202 - JobValues
        asked.append(job)
        return job_values(given, job)

    generator = Generator(contract, source)
    counts = [len(generator.operations(Job("PRO-05", SEED, ops))) for ops in ((), (1,), (2, 4))]
    generator.operations(Job("PRO-05", SEED + 1))
    assert (counts[1:], asked) == ([1, 2], [Job("PRO-05", SEED), Job("PRO-05", SEED + 1)])


@pytest.mark.parametrize("ops", [(99,), (-1,), (1, 1), (2, 1)])
def test_operations_that_do_not_exist_or_stand_out_of_order_are_refused(
    contract: Contract, plan: Plan, ops: tuple[int, ...]
) -> None:
    with pytest.raises(OperationsError):
        made(contract, plan, Job("PRO-05", SEED, ops))
    with pytest.raises(OperationsError):
        operations(contract, Job("PRO-05", SEED, ops))


def test_a_plan_tells_of_operations_only_where_not_all_run(plan: Plan) -> None:
    assert b'"ops"' not in plan.to_json()
    cut = Plan(plan.version, plan.policy, plan.design, 0, plan.testpoints, (Batch(0, (Job("PRO-05", SEED, (1, 3)),), (1,)),))
    assert json.loads(cut.to_json())["batches"][0]["jobs"] == [{"ops": [1, 3], "seed": SEED, "testpoint": "PRO-05"}]
    assert Plan.from_json(cut.to_json()) == cut
    assert Plan.from_json(plan.to_json()) == plan
    other = Plan(
        plan.version, plan.policy, plan.design, 0, plan.testpoints, (Batch(0, (Job("PRO-05", SEED, (1, 4)),), (1,)),)
    )
    assert cut.digest() != other.digest()


def test_what_is_expected_is_numbered_as_in_the_whole_job(contract: Contract) -> None:
    from verif.judge.predict import predict

    whole = predict(contract, operations(contract, Job("PRO-05", SEED)))
    part = predict(contract, operations(contract, Job("PRO-05", SEED, (2, 5))), (2, 5))
    for channel, expected in part.items():
        assert {segment.operation for segment in expected.segments} == {2, 5}
        same = [segment for segment in whole[channel].segments if segment.operation in {2, 5}]
        for one, other in zip(expected.segments, same, strict=True):
            assert np.array_equal(one.packed.words, other.packed.words)
