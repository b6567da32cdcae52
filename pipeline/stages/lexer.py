"""SystemVerilog text as tokens, comments included. It understands no grammar, so it cannot be led astray by one."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["comment", "string", "escaped", "directive", "word", "number", "space", "other"]
# First match wins. A quote without its partner is an ordinary character: what follows it is then read as code, never hidden.
_TOKEN = re.compile(
    r"""
    (?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))
  | (?P<string>"(?:\\.|[^"\\\n])*")
  | (?P<directive>`(?:[A-Za-z_][\w$]*|`|"|\\`")?)
  | (?P<escaped>\\\S+)
  | (?P<word>[A-Za-z_$][\w$]*)
  | (?P<number>\d[\w.]*)
  | (?P<space>\s+)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its kind, its text, and its offset in the text."""

    kind: Kind
    text: str
    offset: int

    @property
    def name(self) -> str:
        """The identifier that the token spells: an escaped one without its backslash."""
        return self.text[1:] if self.kind == "escaped" else self.text


@dataclass(frozen=True, slots=True)
class Lines:
    """Where the lines of a text begin."""

    starts: tuple[int, ...]

    @staticmethod
    def of(text: str) -> Lines:
        """The lines of `text`; only a line feed ends one, as for the tool."""
        return Lines((0, *(match.end() for match in re.finditer("\n", text))))

    def place(self, offset: int) -> tuple[int, int]:
        """(line, column) of an offset, both from 1."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1


def tokens(text: str) -> Iterator[Token]:
    """All tokens but white space."""
    for match in _TOKEN.finditer(text):
        kind: Kind = match.lastgroup  # type: ignore[assignment]  # the pattern's groups are the kinds
        if kind != "space":
            yield Token(kind, match.group(), match.start())
