"""Lint waivers that a design's source carries in comments: found, listed, and taken out of the copy that is linted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.stages.outputs import plain

# Verilator obeys any comment that begins with its name, in either case of the first letter and with or without blanks:
# `lint_*` and `timing_*` switch warnings; `public*` and `forceable` say that somebody outside drives or reads a signal.
_ORDER = re.compile(rb"/[/*]\s*([vV]erilator)\s*(lint_\w{1,20}|timing_\w{1,20}|public\w{0,20}|forceable)(?=([^\n*]{0,80}))")
_NEUTRAL = b"-assay---"  # as long as the word it replaces: lines and columns stay
_RESTORING = frozenset({b"lint_on", b"lint_restore", b"lint_save", b"timing_on"})


@dataclass(frozen=True, slots=True)
class Waiver:
    """One order in a comment that would silence a warning; line and column from 1, `text` as it stands there."""

    file: str
    line: int
    column: int
    text: str


def without_waivers(files: Mapping[str, bytes]) -> tuple[dict[str, bytes], tuple[Waiver, ...]]:
    """A copy of the files in which no comment orders the linter about, byte for byte as long; and what was found.

    Orders that switch warnings on again are taken out as well, but they are no waivers.
    """
    copy, found = dict[str, bytes](), list[Waiver]()
    for name, data in sorted(files.items()):
        found += [_waiver(name, data, match) for match in _ORDER.finditer(data) if match[2] not in _RESTORING]
        copy[name] = _ORDER.sub(lambda match: match[0].replace(match[1], _NEUTRAL, 1), data)
    return copy, tuple(found)


def _waiver(name: str, data: bytes, match: re.Match[bytes]) -> Waiver:
    start = match.start()
    line = data.count(b"\n", 0, start) + 1
    column = len(data[data.rfind(b"\n", 0, start) + 1 : start].decode(errors="replace")) + 1
    return Waiver(name, line, column, plain(match[2] + match[3], 120).strip())
