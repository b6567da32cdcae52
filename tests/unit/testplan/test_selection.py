"""From a contract and a policy to the plan: nothing that applies is silently absent, and every absence has its reason."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from verif.contract.model import Contract
from verif.contract.read import read_manifest
from verif.stimulus.registry import FAMILIES
from verif.testplan.features import features
from verif.testplan.plan import Plan, PlannedTestpoint, development_seed
from verif.testplan.reader import standard_testplan
from verif.testplan.select import NOT_IMPLEMENTED, POWER_UP, make_plan, powerup_seeds

ROOT = Path(__file__).resolve().parents[3]
GEMM = "rtl/gemm_axis/assay.toml"
RESET = '[[reset]]\nport = "rst_ni"\nactive = 0\nasync = true\nmin_cycles = 1\n'
PLANNED_GEMM = {
    "PRO-01", "PRO-02", "PRO-03", "PRO-05", "PRO-30", "FUN-01", "FUN-02", "FUN-03", "FUN-04", "FUN-20", "FUN-31", "FUN-32",
    "FUN-33", "NUM-01", "NUM-05", "NUM-06", "NUM-10", "ROB-01", "RST-01", "RST-06", "LINT-01",
}  # fmt: skip
PLANNED_N4 = PLANNED_GEMM - {"NUM-05", "NUM-06", "NUM-10"}
PLANNED_ADD = {
    "PRO-01", "PRO-02", "PRO-30", "PRO-31",
    "FUN-01", "FUN-20", "FUN-31", "FUN-32", "FUN-33", "ROB-01", "RST-01", "RST-06",
    "LINT-01",
}  # fmt: skip


def contract(path: str, **edits: str) -> Contract:
    text = (ROOT / path).read_text()
    for find, put in edits.items():
        assert find in text
        text = text.replace(find, put)
    found, diagnostics = read_manifest(text)
    assert found is not None, diagnostics
    return found


def plan_of(path: str = GEMM, milestones: tuple[str, ...] = ("V1",), epoch: int = 0) -> Plan:
    return make_plan(contract(path), "core-1", milestones, 10, epoch)


def rows(plan: Plan, state: str) -> dict[str, PlannedTestpoint]:
    return {row.id: row for row in plan.testpoints if row.state == state}


@pytest.mark.parametrize(
    ("path", "ids"),
    [(GEMM, PLANNED_GEMM), ("rtl/gemm_axis/assay-n4.toml", PLANNED_N4), ("tests/data/sim/faulty.toml", PLANNED_ADD)],
)
def test_exactly_the_applicable_rows_are_planned(path: str, ids: set[str]) -> None:
    assert set(rows(plan_of(path), "planned")) == ids


def test_every_row_of_the_standard_is_in_the_plan_in_its_order() -> None:
    plan = plan_of()
    assert [row.id for row in plan.testpoints] == [point.id for point in standard_testplan().testpoints]
    assert {row.state for row in plan.testpoints} == {"planned", "not_applicable", "later"}


@pytest.mark.parametrize("path", [GEMM, "tests/data/sim/faulty.toml"])
def test_every_absence_has_a_reason_and_no_seeds(path: str) -> None:
    plan = plan_of(path)
    for row in plan.testpoints:
        assert bool(row.reason) == (row.state != "planned")
        assert bool(row.seeds) == (row.state == "planned")
    reasons = {row.id: row.reason for row in plan.testpoints}
    assert reasons["PRO-09"] == "not for profile axis"
    assert reasons["FUN-08"] == "the manifest declares no conv"


@pytest.mark.parametrize(
    ("section", "row", "others"),
    [
        ("[safety]\nftti_cycles = 20\n", "SAF-05", {"SAF-03", "SAF-07"}),
        ('[safety]\nmechanisms = ["lockstep"]\n', "SAF-07", {"SAF-03", "SAF-05"}),
        ("[security]\nconstant_time = true\n", "SEC-04", {"SEC-05"}),
    ],
)
def test_a_row_applies_when_what_it_needs_is_declared(section: str, row: str, others: set[str]) -> None:
    absent = rows(plan_of(), "not_applicable")
    assert {row, *others} <= set(absent)
    declared = make_plan(contract(GEMM, **{RESET: section + RESET}), "core-1", ("V1",), 10, 0)
    assert row not in rows(declared, "not_applicable")
    assert others <= set(rows(declared, "not_applicable"))


def test_rows_of_other_milestones_are_later_and_applicable() -> None:
    later = rows(plan_of(), "later")
    assert {row.milestone for row in later.values()} == {"V2", "V2S", "V3"}
    assert later["FUN-05"].reason == "milestone V2 is not asked by the policy"
    assert "FUN-08" not in later
    assert not rows(plan_of(milestones=("V1", "V2", "V3")), "later")


def test_security_rows_count_in_the_second_milestone() -> None:
    planned = rows(plan_of(milestones=("V1", "V2")), "planned")
    assert "SEC-01" in planned
    assert "SEC-01" not in rows(plan_of(), "planned")


def test_a_row_without_generator_stays_planned_and_says_so() -> None:
    plan = plan_of(milestones=("V1", "V2"))
    without = [row for row in plan.testpoints if row.state == "planned" and row.id not in FAMILIES and row.id != "LINT-01"]
    assert without
    assert {row.reason for row in without} == {NOT_IMPLEMENTED}
    assert all(row.seeds for row in without)
    assert not {job.testpoint for batch in plan.batches for job in batch.jobs} & {row.id for row in without}


def test_every_planned_row_has_a_generator_or_a_stage_of_its_own() -> None:
    for path in (GEMM, "rtl/gemm_axis/assay-n4.toml", "tests/data/sim/faulty.toml"):
        assert set(rows(plan_of(path), "planned")) <= set(FAMILIES) | {"LINT-01"}


def test_random_rows_have_ten_seeds_and_lint_one() -> None:
    planned = rows(plan_of(), "planned")
    assert {len(row.seeds) for row in planned.values() if row.kind == "random"} == {10}
    assert len([row for row in planned.values() if row.kind == "random"]) == 6
    assert planned["LINT-01"].seeds == (0,)
    assert planned["LINT-01"].kind == "static"


def seeds(plan: Plan) -> Iterator[tuple[str, int]]:
    for row in plan.testpoints:
        yield from ((row.id, seed) for seed in row.seeds)


def test_every_seed_is_a_job_exactly_once() -> None:
    plan = plan_of()
    jobs = [(job.testpoint, job.seed) for batch in plan.batches for job in batch.jobs if job.testpoint != POWER_UP]
    assert len(jobs) == len(set(jobs))
    assert set(jobs) == {pair for pair in seeds(plan) if pair[0] not in {POWER_UP, "LINT-01"}}
    assert [batch.index for batch in plan.batches] == list(range(len(plan.batches)))


def test_power_up_is_one_job_under_eight_distinct_seeds() -> None:
    plan = plan_of()
    batch = next(batch for batch in plan.batches if batch.jobs[0].testpoint == POWER_UP)
    assert len(batch.jobs) == 1
    assert batch.powerup_seeds == rows(plan, "planned")[POWER_UP].seeds
    assert len(set(batch.powerup_seeds)) == 8
    assert all(len(other.powerup_seeds) == 1 for other in plan.batches if other is not batch)


@pytest.mark.parametrize("count", [1, 8, 500])
def test_power_up_seeds_are_distinct_and_in_the_simulators_range(count: int) -> None:
    found = powerup_seeds("RST-01", count, 0)
    assert len(set(found)) == len(found) == count
    assert all(0 < seed < 1 << 31 for seed in found)


def test_development_seeds_are_the_published_ones() -> None:
    text = b"assay development seed v1|0|FUN-04|3"
    assert development_seed("FUN-04", 3) == int.from_bytes(hashlib.sha256(text).digest()[:8], "big")
    assert rows(plan_of(), "planned")["FUN-04"].seeds == tuple(development_seed("FUN-04", index) for index in range(10))


def test_another_epoch_changes_every_random_seed_and_nothing_else() -> None:
    first, second = plan_of(), plan_of(epoch=1)
    for one, other in zip(first.testpoints, second.testpoints, strict=True):
        assert (one.id, one.state, one.reason, len(one.seeds)) == (other.id, other.state, other.reason, len(other.seeds))
        assert not set(one.seeds) & set(other.seeds) or one.kind == "static"


def test_the_plan_is_stable_and_survives_its_json() -> None:
    plan = plan_of()
    assert plan.to_json() == plan_of().to_json()
    assert Plan.from_json(plan.to_json()) == plan
    assert Plan.from_json(plan.to_json()).digest() == plan.digest() == hashlib.sha256(plan.to_json()).hexdigest()
    assert len({plan.digest(), plan_of(epoch=1).digest(), plan_of("rtl/gemm_axis/assay-n4.toml").digest()}) == 3


@pytest.mark.parametrize(
    ("edits", "lost", "gained"),
    [
        ({"half_up": "floor"}, set(), set()),
        (
            {', last = "last" }': " }", 's_axis_a_tlast" }': 's_axis_a_tdata" }'},
            {"axi4stream_last_in", "axi4stream_last_out"},
            set(),
        ),
        ({'protocol = "axi4stream"\n': ""}, {"axi4stream_out", "axi4stream_last_in", "axi4stream_last_out"}, set()),
        ({'A = "i8[M,K]"': 'A = "u8[M,K]"'}, set(), {"mixed_sign"}),
        ({'A = "i8[M,K]"': 'A = "i16[M,K]"'}, set(), {"int16"}),
        ({'B = "i8[K,N]"': 'B = "i4[K,N]"'}, set(), {"int4"}),
        (
            {RESET: "", "[contract]": "reset = []\n[contract]"},
            {"reset"},
            set(),
        ),
        ({"clip(round(": "(round(", ", -128, 127)": ")"}, {"clip"}, set()),
    ],
)
def test_features_follow_the_manifest(edits: dict[str, str], lost: set[str], gained: set[str]) -> None:
    before, after = features(contract(GEMM)), features(contract(GEMM, **edits))
    assert before - after == lost
    assert after - before == gained
