"""What we print on: two streams, a language, and what the terminal can show. Renderers see only its `Face`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

# state -> glyph, its substitute without UTF-8, style. Colour only repeats what glyph and word already say.
MARKS = {
    "passed": ("✓", "+", "green"),
    "failed": ("✗", "x", "bold red"),
    "broken": ("!", "!", "bold magenta"),
    "skipped": ("/", "/", "dim"),
    "not_applicable": ("-", "-", "dim"),
    "later": (" ", " ", "dim"),
    "running": (">", ">", "cyan"),
    "queued": (".", ".", "dim"),
    "due": ("*", "*", "yellow"),
    "missed": ("?", "?", "bold red"),
}
NARROWEST, WIDEST, PIPED = 60, 160, 100


@dataclass(frozen=True, slots=True)
class Face:
    """What a renderer must know: language, whether glyphs outside ASCII are safe, columns."""

    lang: str = "en"
    utf8: bool = True
    width: int = 80

    def glyph(self, state: str) -> str:
        """The mark of a state."""
        return MARKS[state][0 if self.utf8 else 1]

    def style(self, state: str) -> str:
        """Its colour, for terminals that have one."""
        return MARKS[state][2]

    def mark(self, state: str) -> tuple[str, str]:
        """Glyph and style, as a part of a line."""
        return self.glyph(state), self.style(state)


@dataclass(frozen=True, slots=True)
class Terminal:
    """`live`: the screen may be redrawn. `json`: stdout carries one machine-readable answer and nothing else."""

    out: TextIO
    err: TextIO
    face: Face
    colour: bool = False
    live: bool = False
    json: bool = False

    def console(self, stream: TextIO | None = None) -> Console:
        """A console without markup, highlighting or opinions of its own."""
        return Console(
            file=stream or self.out,
            width=self.face.width,
            color_system="standard" if self.colour else None,
            no_color=not self.colour,
            force_terminal=self.live or self.colour,
            markup=False,
            emoji=False,
            highlight=False,
            legacy_windows=False,
            _environ={},
        )

    def say(self, lines: Iterable[Text]) -> None:
        """Lines for people; nothing when the answer is for a machine."""
        if not self.json:
            _print(self.console(), lines)

    def warn(self, lines: Iterable[Text]) -> None:
        """Lines for people that are not the answer; nothing when it is for a machine."""
        if not self.json:
            _print(self.console(self.err), lines)

    def emit(self, value: Any) -> None:
        """One JSON value in one line; nothing unless the answer is for a machine."""
        if self.json:
            self.out.write(json.dumps(value, ensure_ascii=not self.face.utf8, default=str) + "\n")
            self.out.flush()


def _print(console: Console, lines: Iterable[Text]) -> None:
    for text in lines:
        console.print(text, soft_wrap=True)
    console.file.flush()


def open_terminal(out: TextIO, err: TextIO, env: Mapping[str, str], lang: str, *, as_json: bool, no_color: bool) -> Terminal:
    """The terminal as streams and environment describe it. A pipe, NO_COLOR, --no-color or TERM=dumb turn colour off."""
    screen = out.isatty() and env.get("TERM", "") not in {"", "dumb"}
    colour = screen and not no_color and not env.get("NO_COLOR") and not as_json
    return Terminal(out, err, Face(lang, speaks_utf8(env), _width(out, env)), colour, screen and not as_json, as_json)


def speaks_utf8(env: Mapping[str, str]) -> bool:
    """By the locale's variables, in their order of precedence: Python itself writes UTF-8 even in the C locale."""
    locale = env.get("LC_ALL") or env.get("LC_CTYPE") or env.get("LANG") or ""
    return "utf8" in locale.lower().replace("-", "")


def _width(out: TextIO, env: Mapping[str, str]) -> int:
    if env.get("COLUMNS", "").isdecimal():
        width = int(env["COLUMNS"])
    elif out.isatty():
        try:
            width = os.get_terminal_size(out.fileno()).columns
        except OSError:
            width = 80
    else:
        width = PIPED
    return max(NARROWEST, min(width or PIPED, WIDEST))
