"""Merging does not depend on order or grouping, and the sums per file follow the documented rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verif.cover.merge import FileCoverage, by_file, merge
from verif.cover.verilator import Point

POINTS = st.sampled_from(
    [
        Point("a.sv", 1, 1, "line", "block", (1, 2)),
        Point("a.sv", 2, 5, "branch", "if", (2, 3)),
        Point("a.sv", 2, 6, "branch", "else", (2,)),
        Point("a.sv", 2, 6, "branch", "else", (2, 4)),
        Point("b.sv", 1, 1, "line", "block", (1, 2)),
    ]
)
RUNS = st.lists(st.dictionaries(POINTS, st.integers(0, 5), max_size=6), max_size=5)


@given(RUNS, st.randoms(use_true_random=False))
def test_the_order_of_runs_does_not_matter(runs: list[dict[Point, int]], random: object) -> None:
    shuffled = list(runs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert merge(shuffled) == merge(runs)
    assert by_file(merge(shuffled)) == by_file(merge(runs))


@given(RUNS, st.integers(0, 5))
def test_the_grouping_of_runs_does_not_matter(runs: list[dict[Point, int]], cut: int) -> None:
    assert merge([merge(runs[:cut]), merge(runs[cut:])]) == merge(runs)


@given(RUNS)
def test_nothing_is_lost_or_made_up(runs: list[dict[Point, int]]) -> None:
    merged = merge(runs)
    assert merge([merged]) == merge([merged, {}]) == merged
    assert sum(merged.values()) == sum(count for run in runs for count in run.values())
    assert set(merged) == {point for run in runs for point in run}


@given(RUNS)
def test_a_line_is_hit_exactly_when_one_of_its_points_is(runs: list[dict[Point, int]]) -> None:
    merged = merge(runs)
    found = {(file.file, line): count for file in by_file(merged) for line, count in file.lines.items()}
    assert set(found) == {(point.file, line) for point in merged for line in point.lines}
    for (name, line), count in found.items():
        counts = [n for point, n in merged.items() if point.file == name and line in point.lines]
        assert count == max(counts)
        assert (count > 0) == any(counts)


def test_merging_adds_and_leaves_its_arguments_alone() -> None:
    point = Point("a.sv", 1, 1, "line", "block", (1, 2))
    first, second = {point: 1}, {point: 2}
    assert merge([first, second]) == {point: 3}
    assert (first, second) == ({point: 1}, {point: 2})


@pytest.mark.parametrize(("then", "otherwise", "line", "hit"), [(0, 20, 20, 1), (6, 14, 14, 2), (0, 0, 0, 0)])
def test_a_choice_on_one_line_hits_the_line_once_and_each_side_as_a_branch(
    then: int, otherwise: int, line: int, hit: int
) -> None:
    points = {Point("a.sv", 7, 5, "branch", "if", (7,)): then, Point("a.sv", 7, 6, "branch", "else", (7,)): otherwise}
    assert by_file(points) == (FileCoverage("a.sv", {7: line}, hit, 2),)
    assert by_file(points)[0].hit == int(line > 0)


def test_the_body_of_a_side_that_never_ran_is_not_hit() -> None:
    points = {Point("a.sv", 7, 5, "branch", "if", (7, 8)): 0, Point("a.sv", 7, 6, "branch", "else", (7,)): 20}
    assert by_file(points)[0].lines == {7: 20, 8: 0}


def test_files_and_lines_are_sorted() -> None:
    points = {Point(name, line, 1, "line", "block", (line,)): 1 for name in ("b.sv", "a.sv") for line in (10, 9)}
    assert [(file.file, list(file.lines)) for file in by_file(points)] == [("a.sv", [9, 10]), ("b.sv", [9, 10])]
