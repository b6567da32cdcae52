"""Preprocessed text: its tokens and where they come from, and whether another tool would see the same."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.stages.assertions import watching
from pipeline.stages.lexer import Lines, Token, tokens
from pipeline.stages.verilate import TREE

# Macros that tell a design which program reads it: undefined or defined, the design must stay the same.
OWN_MACROS = ("VERILATOR", "verilator", "verilator3")
OTHER_MACROS = ("COCOTB_SIM",)
SYNTHESIS_MACROS = ("SYNTHESIS",)
_LINE = re.compile(r'^[^\S\n]*`line (\d{1,9}) "([^"\n]*)" \d[^\S\n]*$', re.MULTILINE)
_TRANSLATE_OFF = re.compile(
    rb"/[/*][^\S\n]*(?:synopsys|synthesis|pragma|cadence|ambit)[^\S\n]+(?:translate|synthesis)_off.*?"
    rb"(?:synopsys|synthesis|pragma|cadence|ambit)[^\S\n]+(?:translate|synthesis)_on[^\n]*?(?:\*/|(?=\n)|\Z)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a token stands: a file as the tool named it, and a line of it."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class View:
    """A preprocessed text. `found` are its tokens without the tool's own `` `line`` notes; `files` were read, in order."""

    text: str
    lines: Lines
    found: tuple[Token, ...]
    marks: tuple[tuple[int, int, str], ...]  # (line of the text behind the note, line of the file, its name), in order

    @staticmethod
    def of(text: str) -> View:
        """The view that `verilator -E` printed."""
        lines = Lines.of(text)
        notes = list(_LINE.finditer(text))
        marks = tuple((lines.place(note.start())[0] + 1, int(note.group(1)), note.group(2)) for note in notes)
        blank = _LINE.sub(lambda note: " " * len(note.group()), text)
        return View(text, lines, tuple(tokens(blank)), marks)

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the files that were read, once each."""
        return tuple(dict.fromkeys(name for _at, _line, name in self.marks))

    def place(self, offset: int) -> Place:
        """The file and line that the text at `offset` comes from."""
        line, _column = self.lines.place(offset)
        index = bisect_right(self.marks, line, key=lambda mark: mark[0]) - 1
        if index < 0:
            return Place("", line)
        behind, number, name = self.marks[index]
        return Place(name, number + line - behind)

    def code(self) -> list[Token]:
        """Tokens that mean something: no comments."""
        return [token for token in self.found if token.kind != "comment"]


def inside(name: str) -> str | None:
    """The path below the submission's root of a file as the tool named it; None when it lies elsewhere."""
    path = posixpath.normpath(name)
    return path.removeprefix(f"{TREE}/") if path.startswith(f"{TREE}/") else None


def first_difference(one: View, other: View) -> Place | None:
    """Where two views part; None when they hold the same tokens in the same order."""
    left, right = one.code(), other.code()
    for mine, theirs in zip(left, right, strict=False):
        if mine.text != theirs.text:
            return one.place(mine.offset)
    if len(left) == len(right):
        return None
    longer, view = (left, one) if len(left) > len(right) else (right, other)
    return view.place(longer[min(len(left), len(right))].offset)


def first_real_difference(simulated: View, synthesised: View) -> Place | None:
    """Where two views part, when the first may hold assertions and prints that the second lacks."""
    left, right = simulated.code(), synthesised.code()
    words, others = [token.text for token in left], [token.text for token in right]
    at = to = 0
    while at < len(words):
        end = watching(words, at)
        if end > at and words[at:end] != others[to : to + end - at]:
            at = end
            continue
        step = max(end - at, 1)
        if words[at : at + step] != others[to : to + step]:
            return simulated.place(left[at].offset)
        at, to = at + step, to + step
    return synthesised.place(right[to].offset) if to < len(others) else None


def translated(data: bytes) -> bytes:
    """The text without what a comment hides from synthesis; its lines keep their numbers."""
    return _TRANSLATE_OFF.sub(lambda match: b"\n" * match.group().count(b"\n"), data)


def defined_modules(found: Sequence[Token]) -> Iterator[str]:
    """Names of the modules that a text declares."""
    for before, token in pairwise(found):
        if before.kind == "word" and before.text in {"module", "macromodule"} and token.kind in {"word", "escaped"}:
            yield token.name
