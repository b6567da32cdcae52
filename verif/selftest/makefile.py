"""A cocotb Makefile, read line by line against a list of what it may say. It is never given to make."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

MAX_BYTES = 64 << 10
_ASSIGN = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*(\?=|:=|::=|\+=|=)\s*(.*)")
_EXPORT = re.compile(r"(?:un)?export(\s+[A-Za-z_][A-Za-z0-9_]*)*")
_INCLUDE = re.compile(r"-?include\s+\$\(shell\s+cocotb-config\s+--makefiles\)/Makefile\.(sim|inc)")
_VARIABLE = re.compile(r"\$(?:\(([^()]*)\)|\{([^{}]*)\})")
_HERE = {"PWD", "CURDIR", "shell pwd"}
_VALUE = re.compile(r"[A-Za-z0-9_.,:/=+*?'\"\[\] -]*")
_MAX_VALUE = 8000


class MakefileError(ValueError):
    """A line that this reader does not take. `line` from 1, `text` what stands there."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(f"{line}: {text}")
        self.line, self.text = line, text


@dataclass(frozen=True, slots=True)
class Makefile:
    """What a Makefile assigns: name -> words, and the line of the last assignment. Paths behind $(PWD) are relative."""

    words: Mapping[str, tuple[str, ...]]
    lines: Mapping[str, int] = field(default_factory=dict)

    def get(self, *names: str) -> tuple[str, ...]:
        """The words of the first of `names` that is assigned."""
        return next((self.words[name] for name in names if self.words.get(name)), ())

    def line(self, *names: str) -> int:
        """Where the first of `names` is assigned; 1 when none is."""
        return next((self.lines[name] for name in names if name in self.lines), 1)


def read_makefile(text: str) -> Makefile:
    """Assignments, comments, exports and the one include that cocotb asks for; nothing else.

    Raises:
        MakefileError: any other line, an unknown variable or function, characters that a shell would act on.
    """
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    for number, line in _logical(text):
        stripped = line.strip()
        if not stripped or _EXPORT.fullmatch(stripped) or _INCLUDE.fullmatch(stripped):
            continue
        match = None if line.startswith("\t") else _ASSIGN.fullmatch(stripped)
        if match is None:
            raise MakefileError(number, stripped[:200])
        name, operator, raw = match.groups()
        value = _expanded(raw.strip(), values, number)
        if operator == "+=" and name in values:
            value = f"{values[name]} {value}"
        if operator != "?=" or name not in values:
            values[name], lines[name] = value[:_MAX_VALUE], number
    return Makefile({name: _words(value, lines[name]) for name, value in values.items()}, lines)


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Lines without comments, those that end in a backslash joined; each with the number of its first."""
    kept, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        first = first if kept else number
        bare = line.partition("#")[0].rstrip() if not line.endswith("\\") else line
        if bare.endswith("\\"):
            kept += bare[:-1] + " "
            continue
        yield first, kept + bare
        kept = ""
    if kept:
        yield first, kept


def _expanded(raw: str, values: Mapping[str, str], number: int) -> str:
    """The value with variables put in; `$(PWD)/x` is `x`, `$(wildcard x)` is `x`."""

    def put(match: re.Match[str]) -> str:
        name = (match[1] or match[2] or "").strip()
        if name in _HERE:
            return "."
        if name.startswith("wildcard "):
            return name.removeprefix("wildcard ").strip()
        if name in values:
            return values[name]
        raise MakefileError(number, match[0][:200])

    for _ in range(3):  # a variable inside a function
        if "$" not in raw:
            break
        raw = _VARIABLE.sub(put, raw)[: 4 * _MAX_VALUE]
    if not _VALUE.fullmatch(raw):
        raise MakefileError(number, raw[:200])
    return raw


def _words(value: str, number: int) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(value))
    except ValueError:
        raise MakefileError(number, value[:200]) from None
