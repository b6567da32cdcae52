from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.bank import PlantedBug, plant, read_bank
from pipeline.domain.canonical import canonical_json, sha256
from pipeline.domain.finding import Finding, Location
from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StepSpec
from verif.judge.fault import Divergence
from verif.testplan.plan import Plan, development_seed

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
numbers = st.integers(0, 2**64 - 1)
locations = st.builds(Location, texts, st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), texts)
divergences = st.builds(
    Divergence, operation=numbers, operation_kind=texts, variables=st.dictionaries(texts, st.integers()), channel=texts,
    beat=numbers, lane=numbers, element=texts, expected=st.integers(), observed=st.integers(), bits=numbers,
    cycle=numbers, wrong_beats=numbers, compared_beats=numbers,
)  # fmt: skip
findings = st.builds(
    Finding, texts, st.sampled_from([Outcome.FAILED, Outcome.BROKEN]), st.sampled_from(["error", "note"]),
    st.dictionaries(texts, texts, max_size=3), st.none() | locations, texts, st.none() | numbers, st.none() | divergences,
)  # fmt: skip
FINDING = Finding("F-001", Outcome.FAILED, args={"a": "b"}, location=Location("top.sv", 3), testpoint="FUN-01", seed=7)


@given(findings)
def test_a_finding_survives_the_store(finding: Finding) -> None:
    read = Finding.from_json(json.loads(json.dumps(finding.to_json())))
    assert read == finding
    assert read.id == finding.id
    assert len(finding.id) == 16
    assert int(finding.id, 16) >= 0


@pytest.mark.parametrize(
    "other",
    [
        replace(FINDING, rule="F-002"),
        replace(FINDING, args={"a": "c"}),
        replace(FINDING, location=None),
        replace(FINDING, location=Location("top.sv", 4)),
        replace(FINDING, location=Location("top.sv", 3, 2)),
        replace(FINDING, location=Location("sub.sv", 3)),
        replace(FINDING, testpoint="FUN-02"),
        replace(FINDING, seed=8),
        replace(FINDING, seed=None),
    ],
)
def test_findings_of_another_place_or_cause_have_another_id(other: Finding) -> None:
    assert other.id != FINDING.id


def test_equal_findings_of_two_runs_have_equal_ids() -> None:
    again = replace(FINDING, location=Location("top.sv", 3, source="assign y = a;"))
    assert again.id == FINDING.id == "1aae91d4d1de4ce6"


@pytest.mark.parametrize("raw", [{}, {**FINDING.to_json(), "outcome": "odd"}, {**FINDING.to_json(), "location": {"x": 1}}])
def test_what_is_no_finding_is_refused(raw: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Finding.from_json(raw)


def test_canonical_json_is_the_same_bytes_for_the_same_value() -> None:
    assert canonical_json({"b": [1, "é"], "a": None}) == '{"a":null,"b":[1,"é"]}'.encode()
    assert canonical_json({"a": 1, "b": 2}) == canonical_json({"b": 2, "a": 1})
    assert sha256(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [-float("inf")]}])
def test_canonical_json_refuses_what_is_no_number(value: object) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(value)


BUG = PlantedBug("B-1", "c", "t", "top.sv", "a + b", "a - b", "FUN-01", rare=False, why="w")


def test_a_bug_is_planted_at_its_one_place() -> None:
    tree = {"top.sv": b"assign y = a + b;", "other.sv": b"a + b"}
    assert plant(tree, BUG) == {"top.sv": b"assign y = a - b;", "other.sv": b"a + b"}
    assert tree["top.sv"] == b"assign y = a + b;"


@pytest.mark.parametrize("source", [b"", b"a  + b", b"a + b; a + b"])
def test_a_bug_that_has_no_one_place_is_refused(source: bytes) -> None:
    with pytest.raises(ValueError, match="expected once"):
        plant({"top.sv": source}, BUG)


def test_a_bug_that_changes_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="B-1"):
        plant({"top.sv": b"a + b"}, replace(BUG, replace=BUG.find))


ENTRY = """
[[bug]]
id = "B-1"
class = "c"
title = "t"
file = "top.sv"
find = "a + b"
replace = "a - b"
expect = "FUN-01"
rare = false
why = "w"
"""


def test_a_bank_is_read_in_order_and_whole() -> None:
    assert read_bank(ENTRY + ENTRY.replace("B-1", "B-2")) == (BUG, replace(BUG, id="B-2"))
    with pytest.raises(ValueError, match="share an id"):
        read_bank(ENTRY + ENTRY)
    with pytest.raises(KeyError):
        read_bank(ENTRY.replace('why = "w"', ""))


def test_development_seeds_are_the_published_ones() -> None:
    assert development_seed("FUN-01", 0) == int("724c79b7cf6d92d4", 16)
    assert development_seed("FUN-01", 1) == int("8b3844ef3de1ee0e", 16)
    assert development_seed("FUN-01", 0, epoch=1) == int("944882e4578b2859", 16)
    assert development_seed("RST-02", 0) == int("0b1e6c7d691b4fab", 16)


def test_a_plan_survives_being_evidence() -> None:
    text = (
        '{"batches":[{"index":0,"jobs":[{"seed":5,"testpoint":"T"}],"powerup_seeds":[1]}],"design":"d","epoch":0,'
        '"policy":"core-1","testpoints":[{"id":"T","kind":"random","milestone":"V1","reason":"","seeds":[5],'
        '"state":"planned","title":"t"}],"version":"1"}'
    )
    plan = Plan.from_json(text.encode())
    assert plan.to_json() == text.encode()
    assert plan.digest() == sha256(text.encode())


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        (StepSpec("gate"), "gate"),
        (StepSpec("simulate"), "simulate.0"),
        (StepSpec("judge", 3), "judge.3"),
        (StepSpec("build", 1), "build.1"),
    ],
)
def test_step_names(spec: StepSpec, name: str) -> None:
    assert spec.name == name
