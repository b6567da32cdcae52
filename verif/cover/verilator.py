r"""Reader of Verilator's coverage data. Written by the simulator process, so every byte of it is hostile data.

A file is one heading line and one line per point: `C '<fields>' <count>`; a field is \x01, a key, \x02, a value. Keys:
f file, l line, n column, t type, page, o what the point stands for, S the source lines it covers (`8-9,12`), h instance.
Points of several instances of a module are one point here, and so are those of its parameterisations.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, cast

Kind = Literal["line", "branch"]
HEADING = b"# SystemC::Coverage-3"
KINDS = frozenset({"line", "branch"})
MAX_BYTES = 256 << 20
MAX_POINTS = 1_000_000
MAX_RECORD = 1 << 16  # bytes of one line of the file
MAX_LINE = 10_000_000  # greatest line number
MAX_SPAN = 100_000  # source lines of one point
MAX_COUNT = (1 << 64) - 1
_RECORD = re.compile(rb"C '((?:\x01[A-Za-z_]{1,32}\x02[\x20-\x7e]*)+)' (\d{1,20})")
_RANGE = re.compile(r"(\d{1,8})(?:-(\d{1,8}))?")


class CoverageError(ValueError):
    """The bytes are no whole coverage file. The text says at which line of it, and why."""


class Point(NamedTuple):
    """A place that counts how often it was passed. `lines` are the source lines that are passed with it, ascending.

    `kind` is branch for the sides of a two-way choice, line for everything else. `file` is relative to the submission.
    """

    file: str
    line: int
    column: int
    kind: Kind
    label: str
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Record:
    number: int
    fields: Mapping[str, str]
    count: int

    def error(self, why: str) -> CoverageError:
        return CoverageError(f"line {self.number}: {why}")

    def integer(self, key: str, most: int) -> int:
        text = self.fields.get(key, "")
        if not text.isdigit() or len(text) > 8 or int(text) > most:  # noqa: PLR2004  digits of MAX_LINE
            raise self.error(f"{key} is {text[:20]!r}, expected a number up to {most}")
        return int(text)


def read_coverage(data: bytes, root: str = "tree") -> dict[Point, int]:
    """Line and branch points of the files below `root`, each with its count; points of all other files are left out.

    Raises:
        CoverageError: the file is too large, cut short, or a line of it is no record.
    """
    if len(data) > MAX_BYTES:
        raise CoverageError(f"{len(data)} bytes, at most {MAX_BYTES} are read")
    if data.count(b"\n") > MAX_POINTS + 1:
        raise CoverageError(f"more than {MAX_POINTS} points")
    rows = data.split(b"\n")
    if rows[0] != HEADING:
        raise CoverageError(f"line 1: {rows[0][:40]!r}, expected {HEADING.decode()!r}")
    if rows.pop() != b"":
        raise CoverageError("the last line is cut short")
    points: dict[Point, int] = {}
    for number, row in enumerate(rows[1:], 2):
        record = _record(number, row)
        point = _point(record, root)
        if point is not None:
            points[point] = points.get(point, 0) + record.count
    return points


def _record(number: int, row: bytes) -> _Record:
    match = _RECORD.fullmatch(row) if len(row) <= MAX_RECORD else None
    if match is None:
        raise CoverageError(f"line {number}: not a record: {row[:60]!r}")
    pairs = [field.split("\x02") for field in match[1].decode("ascii")[1:].split("\x01")]
    record = _Record(number, dict(pairs), int(match[2]))
    if len(record.fields) != len(pairs):
        raise record.error("a key stands twice")
    if record.count > MAX_COUNT:
        raise record.error(f"count {record.count} is more than {MAX_COUNT}")
    return record


def _point(record: _Record, root: str) -> Point | None:
    """The record's point; None when it is of another type or of another file."""
    kind, name = record.fields.get("t", ""), posixpath.normpath(record.fields.get("f", ""))
    if kind not in KINDS or not name.startswith(f"{root}/"):
        return None
    line, column = record.integer("l", MAX_LINE), record.integer("n", MAX_LINE)
    lines = {line, *_expanded(record)}
    return Point(name[len(root) + 1 :], line, column, cast("Kind", kind), record.fields.get("o", ""), tuple(sorted(lines)))


def _expanded(record: _Record) -> list[int]:
    """Source lines of the record's S, which need not name any."""
    lines: list[int] = []
    text = record.fields.get("S", "")
    for part in text.split(",") if text else []:
        match = _RANGE.fullmatch(part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not 0 < first <= last <= MAX_LINE or last - first + len(lines) >= MAX_SPAN:
            raise record.error(f"S is {text[:40]!r}, expected ascending ranges of at most {MAX_SPAN} lines")
        lines += range(first, last + 1)
    return lines
