"""Merges coverage of many runs, and sums it up per file.

Merging adds the counts of equal points, so neither order nor grouping of the runs matters. A line is hit when any of its
points was hit: when one side of a two-way choice ran, the line with the choice ran. What the line figure does not see, a
side that never ran while it shares its line with one that did, the branch figure shows. A line's count is the greatest of
its points' counts: at least that often it ran.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from verif.cover.verilator import Point


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """One source file: executable line -> count, ascending, and how many sides of two-way choices ran of how many."""

    file: str
    lines: Mapping[int, int]
    branches_hit: int
    branches_total: int

    @property
    def hit(self) -> int:
        """Executable lines that ran."""
        return sum(count > 0 for count in self.lines.values())

    @property
    def total(self) -> int:
        """Executable lines."""
        return len(self.lines)


def merge(runs: Iterable[Mapping[Point, int]]) -> dict[Point, int]:
    """Every point of any run with the sum of its counts; no run gives no point."""
    merged: dict[Point, int] = {}
    for run in runs:
        for point, count in run.items():
            merged[point] = merged.get(point, 0) + count
    return merged


def by_file(points: Mapping[Point, int]) -> tuple[FileCoverage, ...]:
    """Coverage of every file that has a point, sorted by name."""
    counts: dict[str, dict[int, int]] = {}
    branches: dict[str, list[bool]] = {}
    for point, count in points.items():
        lines = counts.setdefault(point.file, {})
        for line in point.lines:
            lines[line] = max(lines.get(line, 0), count)
        if point.kind == "branch":
            branches.setdefault(point.file, []).append(count > 0)
    return tuple(
        FileCoverage(file, dict(sorted(lines.items())), sum(branches.get(file, [])), len(branches.get(file, [])))
        for file, lines in sorted(counts.items())
    )
