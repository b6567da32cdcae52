"""The judge reads from the stimulus what every operation was given; what does not fit the contract is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from verif.judge.fault import RecordError
from verif.judge.given import given
from verif.records.stimulus import Stimulus
from verif.stimulus.generate import operations


def test_it_is_what_the_generators_made(gemm: Any) -> None:
    jobs = given(gemm.contract, gemm.stimulus)
    assert [len(job) for job in jobs] == [int(row["op_count"]) for row in gemm.stimulus.job]
    for job, found in zip(gemm.batch.jobs, jobs, strict=True):
        for wanted, one in zip(operations(gemm.contract, job), found, strict=True):
            assert (one.kind_index, dict(one.variables)) == (wanted.kind_index, dict(wanted.variables))
            assert set(one.inputs) == set(wanted.inputs)
            assert all(np.array_equal(one.inputs[name], wanted.inputs[name]) for name in wanted.inputs)


def edited(table: str, change: Callable[[Any], Any]) -> Callable[[Stimulus], Stimulus]:
    return lambda stimulus: replace(stimulus, **{table: change(getattr(stimulus, table).copy())})


def field(name: str, row: int, value: int) -> Callable[[Any], Any]:
    def change(rows: Any) -> Any:
        rows[name][row] = value
        return rows

    return change


@pytest.mark.parametrize(
    "spoil",
    [
        edited("element", lambda rows: rows[:-1]),
        edited("element", lambda rows: np.concatenate([rows, rows[:1]])),
        edited("variable", lambda rows: rows[:-1]),
        edited("variable", lambda rows: np.concatenate([rows, rows[:1]])),
        edited("variable", field("high", 0, 1 << 30)),
        edited("variable", field("high", 0, -1)),
        edited("op", field("kind", 0, 9)),
        edited("job", field("op_count", 0, 0)),
        edited("op", lambda rows: rows[:-1]),
    ],
)  # fmt: skip
def test_values_that_are_not_those_of_its_operations_are_refused(gemm: Any, spoil: Callable[[Stimulus], Stimulus]) -> None:
    with pytest.raises(RecordError) as caught:
        given(gemm.contract, spoil(gemm.stimulus))
    assert caught.value.rule == "P-402"
