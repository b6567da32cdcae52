"""A design that follows a variant is explained by that variant; one that follows none is not explained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from verif.contract.model import Contract
from verif.judge.observed import Trace
from verif.stimulus.values import OperationValues
from verif.variants.explain import Crossed, explain
from verif.variants.listing import variants

Load = Callable[..., Contract]
Draw = Callable[[Contract, str, int], list[OperationValues]]
Crossing = Callable[..., Crossed]
OF_GEMM = (
    "C.round.conv_even", "C.round.floor", "C.round.truncate", "C.relu.added", "C.clip.removed",
    "C.clip.low.inside", "C.clip.high.inside", "C.shift.more", "C.shift.less", "C.minus", "S.sum.k.last", "S.sum.k.first",
    "c.loops.nt.mt", "c.loops.r.nt", "c.data.lanes.j", "c.last.never", "c.last.always", "c.last.end.mt", "a.data.lanes.i",
    "b.data.lanes.j", "q.data.lanes.j", "q.data.items", "q.data.bytes.mult", "A.unsigned", "mult.signed", "zp.unsigned",
)  # fmt: skip
OF_GEMM_Q = ("C.relu.removed", "w.loops.j.kt", "c.loops.r.nt", "C.round.conv_even", "B.unsigned")


def follows(contract: Contract, name: str, operations: list[OperationValues], crossing: Crossing) -> list[Crossed]:
    variant = next(one for one in variants(contract) if one.id.endswith("." + name))
    return [crossing(contract, [values], lambda asked: asked.answer(variant) or asked.base) for values in operations]


@pytest.mark.parametrize("name", OF_GEMM)
def test_a_design_that_follows_a_variant_is_explained_by_exactly_that_one(
    load: Load, draw: Draw, crossing: Crossing, name: str
) -> None:
    _explained_by_itself(load("gemm"), draw, crossing, name)


@pytest.mark.parametrize("name", OF_GEMM_Q)
def test_the_same_with_configuration_ports_and_relu(load: Load, draw: Draw, crossing: Crossing, name: str) -> None:
    _explained_by_itself(load("gemm_q"), draw, crossing, name)


def _explained_by_itself(contract: Contract, draw: Draw, crossing: Crossing, name: str) -> None:
    operations = draw(contract, "FUN-33", 2) + draw(contract, "FUN-04", 1) + draw(contract, "NUM-05", 2)
    jobs = follows(contract, name, operations, crossing)
    assert any(job.wrong for job in jobs)
    found = explain(contract, jobs)
    assert found is not None
    assert [one.id.partition(".")[2] for one in found.variants] == [name]
    assert found.more == 0
    failing = [job for job in jobs if job.wrong]
    assert (found.wrong, found.jobs) == (sum(job.wrong for job in failing), len(failing))
    assert found.compared == sum(job.compared for job in failing)


def test_random_data_are_not_explained(load: Load, draw: Draw, crossing: Crossing) -> None:
    contract = load("gemm")
    noise = np.random.Generator(np.random.Philox(3))
    jobs = [crossing(contract, [values], noise=noise) for values in draw(contract, "FUN-33", 1)]
    assert all(job.wrong for job in jobs)
    assert explain(contract, jobs) is None


def test_one_beat_that_differs_forbids_an_explanation(load: Load, draw: Draw, crossing: Crossing) -> None:
    contract = load("gemm")
    jobs = follows(contract, "c.data.lanes.j", draw(contract, "FUN-33", 1), crossing)
    assert explain(contract, jobs) is not None
    trace = jobs[-1].traces["c"]
    words = trace.words.copy()
    words[-1, 0] ^= 1
    jobs[-1] = replace(jobs[-1], traces={"c": Trace(trace.watch, trace.cycles, words)})
    assert explain(contract, jobs) is None


def test_a_passing_job_that_contradicts_a_variant_forbids_it(load: Load, draw: Draw, crossing: Crossing) -> None:
    contract = load("gemm")
    operations = draw(contract, "FUN-33", 1)
    wrong = follows(contract, "C.clip.removed", operations, crossing)
    right = [crossing(contract, [values]) for values in operations]
    assert explain(contract, wrong) is not None
    assert explain(contract, [*wrong, *right]) is None


def test_nothing_wrong_is_not_explained(load: Load, draw: Draw, crossing: Crossing) -> None:
    contract = load("gemm")
    assert explain(contract, [crossing(contract, draw(contract, "FUN-01", 1))]) is None


def test_a_job_that_was_cut_off_is_compared_as_far_as_it_came(load: Load, draw: Draw, crossing: Crossing) -> None:
    contract = load("gemm")
    jobs = follows(contract, "c.data.lanes.j", draw(contract, "FUN-33", 1), crossing)
    cut = [
        replace(job, traces={n: Trace(t.watch, t.cycles[:-3], t.words[:-3]) for n, t in job.traces.items()}) for job in jobs
    ]
    found = explain(contract, cut)
    assert found is not None
    assert found.variants[0].id.endswith("c.data.lanes.j")


def test_variants_that_are_the_same_in_effect_are_named_together(load: Load, draw: Draw, crossing: Crossing) -> None:
    contract = load("gemm_q")  # a sum does not see the order of its terms, so reversing either operand's lanes is the same
    found = explain(contract, follows(contract, "a.data.lanes.i", draw(contract, "FUN-33", 1), crossing))
    assert found is not None
    assert {one.id.partition(".")[2] for one in found.variants} == {"a.data.lanes.i", "w.data.lanes.i"}
    assert found.to_json()["more"] == 0


def test_no_more_than_three_are_named_and_the_others_counted(load: Load, draw: Draw, crossing: Crossing) -> None:
    contract = load("gemm")
    values = draw(contract, "FUN-01", 1)[0]
    zero = replace(values, inputs={name: np.zeros_like(array) for name, array in values.inputs.items()})
    ones = replace(zero, inputs={**zero.inputs, "zp": np.full_like(zero.inputs["zp"], -5)})
    found = explain(contract, follows(contract, "C.relu.added", [ones], crossing))
    assert found is not None
    assert len(found.variants) <= 3
    assert found.variants[0].id.endswith("C.relu.added")
    many = replace(
        ones, inputs={**ones.inputs, "A": ones.inputs["A"] + 1, "B": ones.inputs["B"] + 1, "mult": ones.inputs["mult"] + 1}
    )
    several = explain(contract, follows(contract, "S.sum.k.last", [many], crossing))
    assert several is not None
    assert len(several.variants) + several.more >= 2, "equal terms do not say which of them is missing"
