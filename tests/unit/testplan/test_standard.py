"""The standard testplan itself: complete, unique, and refused when it breaks its own rules."""

from __future__ import annotations

from collections import Counter
from importlib import resources

import pytest

from verif.stimulus.registry import FAMILIES
from verif.testplan import reader
from verif.testplan.reader import MILESTONES, PROFILES, parse, standard_testplan

TEXT = resources.files("verif.testplan").joinpath("standard.toml").read_text(encoding="utf-8")
PLAN = standard_testplan()


def test_it_has_every_row_of_the_standard() -> None:
    prefixes = Counter(point.id.split("-")[0] for point in PLAN.testpoints)
    assert prefixes == {
        "PRO": 32, "FUN": 33, "NUM": 20, "PER": 9, "ROB": 8, "RST": 9, "SEC": 6, "PWR": 4, "SAF": 7, "MUT": 1, "LINT": 1,
        "SELF": 1,
    }  # fmt: skip
    assert len(PLAN.testpoints) == len({point.id for point in PLAN.testpoints}) == 131


def test_rows_of_a_family_are_numbered_without_a_hole() -> None:
    for prefix, count in Counter(point.id.split("-")[0] for point in PLAN.testpoints).items():
        ids = [point.id for point in PLAN.testpoints if point.id.startswith(prefix + "-")]
        assert sorted(ids) == [f"{prefix}-{number:02}" for number in range(1, count + 1)]


def test_it_has_every_covergroup_of_the_standard() -> None:
    ids = [group.id for group in PLAN.covergroups]
    assert len(ids) == len(set(ids)) == 14
    assert all(group.coverpoints for group in PLAN.covergroups)
    used = {group for point in PLAN.testpoints for group in point.covergroups}
    assert used <= set(ids)


def test_kinds_milestones_profiles_and_texts_are_legal() -> None:
    for point in PLAN.testpoints:
        assert point.kind in {"static", "directed", "exhaustive", "random"}
        assert point.milestone in MILESTONES
        assert point.profiles
        assert set(point.profiles) <= set(PROFILES)
        assert point.title
        assert point.stimulus
        assert point.checker
        assert point.seeds >= 1
        assert point.milestone == "V2S" or not point.id.startswith("SEC")


def test_only_rows_that_are_not_random_say_how_many_seeds_they_take() -> None:
    assert [point.id for point in PLAN.testpoints if point.kind == "random" and point.seeds != 1] == []


def test_every_generator_belongs_to_a_row_of_the_first_milestone() -> None:
    rows = {point.id: point for point in PLAN.testpoints}
    assert {rows[name].milestone for name in FAMILIES} == {"V1"}


def test_every_row_of_the_first_milestone_that_needs_no_bus_has_a_generator() -> None:
    driven = {"vr", "axis", "cfu"}
    rows = [point for point in PLAN.testpoints if point.milestone == "V1" and driven & set(point.profiles)]
    assert [point.id for point in rows if point.id not in {*FAMILIES, "LINT-01"}] == []


def test_every_generator_makes_what_its_row_says_it_counts() -> None:
    rows = {point.id: point for point in PLAN.testpoints}
    assert {rows[name].kind for name in FAMILIES} <= {"directed", "exhaustive", "random"}


@pytest.mark.parametrize(
    ("find", "put", "words"),
    [
        ('id = "PRO-02"', 'id = "PRO-01"', "ids used twice: .*PRO-01"),
        ('id = "cg_conv"', 'id = "cg_shape"', "ids used twice: .*cg_shape"),
        ('milestone = "V1"', 'milestone = "V4"', "V4"),
        ('kind = "random"', 'kind = "fuzzy"', "fuzzy"),
        ('covergroups = ["cg_bp"]', 'covergroups = ["cg_none"]', "cg_none"),
        ('profiles = ["vr", "axis", "mmio", "cfu"]', 'profiles = ["vr", "asix"]', "asix"),
        ('profiles = ["vr", "axis", "mmio", "cfu"]', "profiles = []", "no profile"),
        ("seeds = 2", "seeds = 0", "no seed"),
        ('title = "valid stable until ready"', 'titel = "valid stable until ready"', "titel"),
        ('title = "valid stable until ready"\n', "", "title"),
        ("crosses =", "crosess =", "crosses"),
    ],
)
def test_a_plan_that_breaks_its_rules_is_refused(find: str, put: str, words: str) -> None:
    assert find in TEXT
    with pytest.raises(reader.TestplanError, match=words):
        parse(TEXT.replace(find, put, 1))
