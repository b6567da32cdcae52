"""The matrix bug x testpoint: one row per planted bug, one column per testpoint of the plan, cells count failed jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from rich.text import Text

from pipeline.cli.demo_bank import DESIGN
from pipeline.cli.layout import Part, cut, left, line, right
from pipeline.cli.summary import VERDICT_WORDS
from pipeline.cli.terminal import Face
from pipeline.domain.bank import PlantedBug
from pipeline.domain.outcome import Verdict
from pipeline.domain.verdict import Decision
from pipeline.messages import text

INCONCLUSIVE, MISSED = 3, 1
_HEAD, _CELL, _TITLE = 11, 4, 60


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one planted bug, or of the design itself when `bug` is None."""

    bug: PlantedBug | None
    decision: Decision

    @property
    def name(self) -> str:
        """The bug's id, or the design's name."""
        return self.bug.id if self.bug else DESIGN

    @property
    def failed(self) -> Mapping[str, int]:
        """Testpoint -> jobs that failed, in the plan's order; testpoints without a failure are left out."""
        return {row.id: row.failed for row in self.decision.rows if row.failed}

    @property
    def ok(self) -> bool:
        """The design is ACCEPTED; a bug is REJECTED and the testpoint named for it before is among those that failed."""
        if self.bug is None:
            return self.decision.verdict is Verdict.ACCEPTED
        return self.decision.verdict is Verdict.REJECTED and self.bug.expect in self.failed


def exit_code(rows: Sequence[Row]) -> int:
    """0 when every row is as expected, 3 when something could not be decided, which is our fault, else 1."""
    if any(row.decision.verdict is Verdict.INCONCLUSIVE for row in rows):
        return INCONCLUSIVE
    return 0 if all(row.ok for row in rows) else MISSED


def testpoints(rows: Sequence[Row]) -> tuple[str, ...]:
    """The columns: every testpoint that is planned for any row, in the plan's order."""
    return tuple(dict.fromkeys(point.id for row in rows for point in row.decision.rows if point.state == "planned"))


def matrix_lines(rows: Sequence[Row], face: Face) -> list[Text]:
    """Head, one line per row, legend; then what was missed, and the sum."""
    columns = testpoints(rows)
    matrix = [_matrix_row(row, columns, face) for row in rows]
    legend = line("  ", (text("cli_bank_legend", face.lang), "dim"))
    missed = [_missed(row, face) for row in rows if row.bug and not row.ok]
    return [Text(), *_head(columns), *matrix, legend, *missed, Text(), _sum(rows, face)]


def row_line(row: Row, face: Face) -> Text:
    """One row as it ends, before the matrix is whole."""
    title = row.bug.title if row.bug else ""
    verdict = text(VERDICT_WORDS[row.decision.verdict], face.lang)
    return line("  ", _mark(row, face), f" {left(row.name, _HEAD)}{left(verdict, 14)}{cut(title, _TITLE)}")


def matrix_json(rows: Sequence[Row]) -> dict[str, Any]:
    """The same as one object; keys are part of the command line's contract."""
    bugs = [(row, row.bug) for row in rows if row.bug]
    return {
        "design": {"name": DESIGN, "verdict": rows[0].decision.verdict.value},
        "testpoints": list(testpoints(rows)),
        "bugs": [_json(row, bug) for row, bug in bugs],
        "caught": sum(row.ok for row, _bug in bugs),
        "exit_code": exit_code(rows),
    }


def _json(row: Row, bug: PlantedBug) -> dict[str, Any]:
    return {
        "id": bug.id,
        "class": bug.kind,
        "title": bug.title,
        "rare": bug.rare,
        "expected_testpoint": bug.expect,
        "verdict": row.decision.verdict.value,
        "failed": dict(row.failed),
        "as_expected": row.ok,
    }


def _head(columns: Sequence[str]) -> list[Text]:
    """Families above, numbers below."""
    families = [(family, len(list(group))) for family, group in groupby(name.partition("-")[0] for name in columns)]
    above = "".join(left(f" {family}", _CELL * count) for family, count in families)
    below = "".join(f" {name.partition('-')[2]} " for name in columns)
    return [line(" " * (_HEAD + 2), (words, "bold")) for words in (above, below)]


def _matrix_row(row: Row, columns: Sequence[str], face: Face) -> Text:
    cells: list[Part] = [_cell(row, name) for name in columns]
    rare = text("cli_bank_rare", face.lang) if row.bug and row.bug.rare else ""
    return line(_mark(row, face), " ", left(row.name, _HEAD), *cells, "  ", (rare, "dim"))


def _cell(row: Row, testpoint: str) -> Part:
    """Three columns for the number and one for the mark: an expected testpoint that saw nothing shows its 0."""
    failed = row.failed.get(testpoint, 0)
    expected = row.bug is not None and row.bug.expect == testpoint
    number = str(failed) if failed or expected else "."
    style = ("bold" if failed else "bold red") if expected else ("" if failed else "dim")
    return f"{right(number, _CELL - 1)}{'*' if expected else ' '}", style


def _mark(row: Row, face: Face) -> tuple[str, str]:
    return face.mark("passed" if row.ok else "failed")


def _missed(row: Row, face: Face) -> Text:
    verdict = text(VERDICT_WORDS[row.decision.verdict], face.lang)
    expect = row.bug.expect if row.bug else ""
    words = text("cli_demo_missed", face.lang, expect=expect, verdict=verdict, failed=" ".join(row.failed) or "-")
    return line(face.mark("failed"), f" {left(row.name, _HEAD)}{words}")


def _sum(rows: Sequence[Row], face: Face) -> Text:
    planted = [row for row in rows if row.bug]
    verdict = text(VERDICT_WORDS[rows[0].decision.verdict], face.lang)
    values = {"caught": sum(row.ok for row in planted), "planted": len(planted)}
    words = text("cli_demo_verdict", face.lang, design=DESIGN, verdict=verdict, policy="core-1", **values)
    return line(face.mark("passed" if exit_code(rows) == 0 else "failed"), " ", (words, "bold"))
