"""Merges coverage data of one design: `python -m verif.jobs.coverage OUT FILE...`.

Writes to OUT the JSON {"files": [{"file", "hit", "total", "lines": {"12": 3}, "branches_hit", "branches_total"}]}; lines are
executable lines with their counts. Exit code 0 when it was written, 3 when a FILE is no whole coverage file or all together
are too much; the reason then goes to standard error, and nothing is written.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from verif.cover.merge import by_file, merge
from verif.cover.verilator import CoverageError, Point, read_coverage

DAMAGED = 3
MAX_POINTS = 2_000_000
MAX_LINES = 2_000_000


def summary(points: Mapping[Point, int]) -> dict[str, object]:
    """The result as JSON-ready values; raises CoverageError when it would be too large."""
    files = by_file(points)
    if sum(file.total for file in files) > MAX_LINES:
        raise CoverageError(f"more than {MAX_LINES} executable lines")
    return {
        "files": [
            {
                "file": file.file,
                "hit": file.hit,
                "total": file.total,
                "lines": {str(line): count for line, count in file.lines.items()},
                "branches_hit": file.branches_hit,
                "branches_total": file.branches_total,
            }
            for file in files
        ]
    }


def _merged(names: Sequence[str]) -> dict[Point, int]:
    """One file after the other, so that only one is in memory besides the result."""
    merged: dict[Point, int] = {}
    for name in names:
        try:
            run = read_coverage(Path(name).read_bytes())
        except CoverageError as error:
            raise CoverageError(f"{name}: {error}") from None
        merged = merge([merged, run])
        if len(merged) > MAX_POINTS:
            raise CoverageError(f"{name}: more than {MAX_POINTS} points with the files before it")
    return merged


def main(argv: Sequence[str]) -> int:
    """Merge; 0, or `DAMAGED` with the reason on standard error."""
    out, *names = argv
    try:
        result = summary(_merged(names))
    except CoverageError as error:
        sys.stderr.write(f"{error}\n")
        return DAMAGED
    Path(out).write_text(json.dumps(result, sort_keys=True, separators=(",", ":")))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
