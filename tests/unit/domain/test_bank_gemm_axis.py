"""The bank of the reference design is whole: every edit applies, every expectation can be met, sources name a place."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from pipeline.domain.bank import PlantedBug, plant, read_bank
from pipeline.domain.policy import POLICIES
from verif.contract.read import read_manifest
from verif.testplan.select import make_plan

ROOT = Path(__file__).resolve().parents[3]
DESIGN = ROOT / "rtl" / "gemm_axis"
SOURCE = re.compile(r"[\w.-]+/[\w.-]+(#\d+|@[0-9a-f]{7,40})( \(fixed in [0-9a-f]{7,40}\))?: \S.{20,}")
KINDS = {"data path", "control", "protocol", "back-pressure", "reset", "numerics", "stale data"}


@cache
def bank() -> tuple[PlantedBug, ...]:
    return read_bank((ROOT / "seeds" / "bugs" / "gemm_axis.toml").read_text())


@cache
def files() -> dict[str, bytes]:
    return {path.relative_to(DESIGN).as_posix(): path.read_bytes() for path in DESIGN.rglob("*") if path.is_file()}


@cache
def planned() -> frozenset[str]:
    contract, diagnostics = read_manifest((DESIGN / "assay.toml").read_text())
    assert contract is not None, diagnostics
    policy = POLICIES["core-1"]
    plan = make_plan(contract, policy.name, policy.milestones, policy.random_seeds, 0)
    return frozenset(row.id for row in plan.testpoints if row.state == "planned" and row.milestone == "V1" and row.seeds)


@pytest.mark.parametrize("bug", bank(), ids=lambda bug: bug.id)
def test_an_entry_changes_exactly_one_file_at_one_place(bug: PlantedBug) -> None:
    planted = plant(files(), bug)
    assert [name for name in planted if planted[name] != files()[name]] == [bug.file]
    assert bug.find.split() != bug.replace.split()


@pytest.mark.parametrize("bug", bank(), ids=lambda bug: bug.id)
def test_an_entry_expects_a_testpoint_that_the_design_is_asked_for(bug: PlantedBug) -> None:
    assert bug.expect in planned()
    assert bug.kind in KINDS
    assert bug.title
    assert bug.why.endswith(".")


def test_the_bank_is_large_and_spread_over_classes_and_testpoints() -> None:
    assert len(bank()) >= 12
    assert {bug.kind for bug in bank()} == KINDS
    assert len({bug.expect for bug in bank()}) >= 12
    assert sum(bug.rare for bug in bank()) >= 4


def test_ids_are_numbered_in_order_and_never_twice() -> None:
    assert [bug.id for bug in bank()] == [f"GA-{number:02d}" for number in range(1, len(bank()) + 1)]


def test_no_two_bugs_make_the_same_design() -> None:
    made = {plant(files(), bug)[bug.file] for bug in bank()}
    assert len(made) == len(bank())


def test_at_least_half_name_a_public_source() -> None:
    sourced = [bug for bug in bank() if bug.source]
    assert 2 * len(sourced) >= len(bank())
    assert [bug.id for bug in sourced if not SOURCE.fullmatch(bug.source)] == []
    assert len({bug.source.partition(":")[0] for bug in sourced}) == len(sourced)
