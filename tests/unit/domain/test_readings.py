"""Readings of all batches together, and explanations read from what a judgement holds."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from pipeline.domain.finding import Finding
from pipeline.domain.outcome import Outcome
from pipeline.domain.readings import Explained, merged


def left(name: str, state: str = "open") -> dict[str, Any]:
    return {"id": name, "word": "variant_relu_added", "args": {"target": "C"}, "state": state}


def part(told: list[str], *rest: dict[str, Any], operations: int = 4, cut: int = 0) -> dict[str, Any]:
    return {"version": 1, "operations": operations, "cut": cut, "told": told, "left": list(rest)}


def explained(**changes: Any) -> dict[str, Any]:
    return {"wrong": 44, "compared": 76, "jobs": 3, "variants": [left("a.lanes")], "more": 0} | changes


def test_what_one_batch_told_apart_is_told_apart() -> None:
    found = merged([part(["a"], left("b"), left("c")), part(["b"], left("a"), left("c"))])
    assert found is not None
    assert (found.told, found.operations, found.comparable) == (2, 8, 3)
    assert [one.id for one in found.left] == ["c"]


def test_one_batch_without_an_answer_is_enough_to_claim_nothing() -> None:
    for parts in (
        [part([], left("a")), part([], left("a", "silent"))],
        [part([], left("a", "silent")), part([], left("a"))],
    ):
        found = merged(parts)
        assert found is not None
        assert [one.state for one in found.left] == ["silent"]
        assert found.comparable == 0


def test_equal_and_timed_ones_are_not_counted_as_comparable() -> None:
    found = merged([part(["x"], left("a", "equal"), left("b", "time"), left("c"), cut=7)])
    assert found is not None
    assert (found.told, found.comparable, found.cut) == (1, 2, 7)
    assert [one.id for one in found.having("equal")] == ["a"]


def test_nothing_measured_is_nothing() -> None:
    assert merged([]) is None


@pytest.mark.parametrize(
    "spoiled",
    [
        part([], left("a", "maybe")),
        part([], left("a\x1b[2J")),
        part([], left("a" * 300)),
        part(["a"] * 2000),
        part(["a"], operations=-1),
        part(["a"], operations=True),
        part([], left("a") | {"args": {str(number): "" for number in range(20)}}),
    ],
)
def test_hostile_readings_are_refused(spoiled: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        merged([spoiled])


@pytest.mark.parametrize("changes", [{"variants": []}, {"variants": [left("a")] * 9}, {"wrong": -1}, {"jobs": "3"}])
def test_hostile_explanations_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Explained.from_json(explained(**changes))


def test_a_finding_keeps_its_explanation_and_its_id() -> None:
    raw = Finding("J-002", Outcome.FAILED, testpoint="FUN-04", seed=3).to_json() | {"explained": explained()}
    found = Finding.from_json(raw)
    assert found.explained == Explained.from_json(explained())
    assert Finding.from_json(found.to_json()) == found
    assert found.id == Finding.from_json(raw | {"explained": None}).id
    assert asdict(found)["explained"]["readings"][0]["id"] == "a.lanes"


def test_a_finding_of_before_has_none() -> None:
    raw = Finding("J-002", Outcome.FAILED).to_json()
    del raw["explained"]
    assert Finding.from_json(raw).explained is None
