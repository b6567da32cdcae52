"""Where the keys and values of a valid TOML text stand. `tomllib` gives values only; this gives the places only."""

from __future__ import annotations

import re
import tomllib

Path = tuple[str | int, ...]
Range = tuple[int, int]
_BLANK = re.compile(r"[ \t]*")
_SKIP = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*'""")
_STRINGS = (
    (re.compile(r'"""\n?((?:\\.|[^\\])*?"{0,2})"""(?!")', re.DOTALL), '"""'),
    (re.compile(r"'''\n?(.*?'{0,2})'''(?!')", re.DOTALL), "'''"),
    (re.compile(r'"((?:\\.|[^"\\\n])*)"'), '"'),
    (re.compile(r"'([^'\n]*)'"), "'"),
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


def scan(text: str) -> tuple[dict[Path, Range], dict[Path, Range]]:
    """Ranges of keys and of values by path. `text` must be valid TOML with at most moderate nesting."""
    scanner = _Scanner(text)
    scanner.document()
    return scanner.keys, scanner.places


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.keys: dict[Path, Range] = {}
        self.places: dict[Path, Range] = {}
        self.lists: dict[Path, int] = {}  # arrays of tables: index of the last one

    def document(self) -> None:
        table: Path = ()
        self.skip(_SKIP)
        while self.at < len(self.text):
            table = self.header() if self.text[self.at] == "[" else self.pair(table)
            self.skip(_SKIP)

    def skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def header(self) -> Path:
        """`[a.b]` or `[[a.b]]`; gives the path that the following pairs belong to."""
        double = self.text.startswith("[[", self.at)
        self.at += 2 if double else 1
        parts, place = self.dotted()
        self.at += 2 if double else 1
        path = self.resolve(parts)
        if double:
            path = (*self.resolve(parts[:-1]), parts[-1])
            self.lists[path] = self.lists.get(path, -1) + 1
            self.keys.setdefault(path, place)
            path = (*path, self.lists[path])
        self.keys[path] = place
        return path

    def resolve(self, parts: tuple[str, ...]) -> Path:
        path: Path = ()
        for part in parts:
            path = (*path, part)
            if path in self.lists:
                path = (*path, self.lists[path])
        return path

    def dotted(self) -> tuple[tuple[str, ...], Range]:
        """A dotted key and its range, blanks around it skipped."""
        self.skip(_BLANK)
        start, parts = self.at, []
        end = start
        while match := _KEY.match(self.text, self.at):
            raw = match[0]
            parts.append(raw if raw[0] not in "\"'" else str(tomllib.loads(f"k={raw}")["k"]))
            end = self.at = match.end()
            self.skip(_BLANK)
            if self.text[self.at : self.at + 1] != ".":
                break
            self.at += 1
            self.skip(_BLANK)
        return tuple(parts), (start, end)

    def pair(self, table: Path) -> Path:
        before = self.at
        parts, place = self.dotted()
        path = (*table, *parts)
        for size in range(len(table) + 1, len(path)):
            self.keys.setdefault(path[:size], place)
        self.keys[path] = place
        self.skip(_BLANK)
        self.at += 1  # the equals sign
        self.value(path)
        self.at = max(self.at, before + 1)
        return table

    def value(self, path: Path) -> None:
        self.skip(_BLANK)
        start, first = self.at, self.text[self.at : self.at + 1]
        if first == "[":
            self.array(path)
        elif first == "{":
            self.inline(path)
        elif first in {'"', "'"}:
            self.string(path)
            return
        else:
            match = _SCALAR.match(self.text, self.at)
            self.at = match.end() if match else self.at + 1
            self.places[path] = (start, start + len(self.text[start : self.at].rstrip()))
            return
        self.places[path] = (start, self.at)

    def string(self, path: Path) -> None:
        for pattern, mark in _STRINGS:
            match = pattern.match(self.text, self.at) if self.text.startswith(mark, self.at) else None
            if match:
                self.places[path] = match.span(1)
                self.at = match.end()
                return
        self.at += 1

    def array(self, path: Path) -> None:
        self.at += 1
        index = 0
        self.skip(_SKIP)
        while self.text[self.at : self.at + 1] not in {"]", ""}:
            self.value((*path, index))
            index += 1
            self.comma()
        self.at += 1

    def inline(self, path: Path) -> None:
        self.at += 1
        self.skip(_SKIP)
        while self.text[self.at : self.at + 1] not in {"}", ""}:
            self.pair(path)
            self.comma()
        self.at += 1

    def comma(self) -> None:
        self.skip(_SKIP)
        if self.text[self.at : self.at + 1] == ",":
            self.at += 1
        self.skip(_SKIP)
