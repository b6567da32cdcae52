"""TOML text to values, and where every key and value stands in it."""

from __future__ import annotations

import bisect
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from verif.contract.diagnostic import Diagnostic
from verif.contract.model import Span
from verif.contract.places import Path, scan

MAX_BYTES = 256 << 10
MAX_NESTING = 32
_TOKEN = re.compile(r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL)
_AT = re.compile(r"(.*?) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)
_DIGITS = re.compile(r"[0-9_]{4000,}")


class SourceError(ValueError):
    """A text that is not TOML, or too large; carries the one diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.rule)
        self.diagnostic = diagnostic


@dataclass(frozen=True, slots=True)
class Source:
    """Values of a TOML text with their places. A path is keys and list positions: ("channel", 0, "fields", "data")."""

    values: Mapping[str, Any]
    keys: Mapping[Path, Span]
    places: Mapping[Path, Span]
    inside: Mapping[Path, Mapping[str, Span]]

    def key(self, path: Path) -> Span:
        """Where the key stands; the nearest enclosing key when a table was made implicitly."""
        return _nearest(self.keys, path)

    def place(self, path: Path) -> Span:
        """Where the value stands, without quotes for a string; the nearest enclosing place otherwise."""
        return self.places[path] if path in self.places else _nearest(self.keys, path)

    def below(self, path: Path) -> dict[str, Span]:
        """Every place below `path`, by dotted relative path; keys with "@" before."""
        return dict(self.inside.get(path, {}))


def load(text: str) -> Source:
    """Values and places of `text`; raises SourceError."""
    text = text.replace("\r\n", "\n")
    _limits(text)
    values = _parse(text)
    keys, places = scan(text)
    spans = _Spans(text)
    key_spans = {path: spans.of(*place) for path, place in keys.items()}
    place_spans = {path: spans.of(*place) for path, place in places.items()}
    return Source(values, key_spans, place_spans, _inside(key_spans, place_spans))


def _inside(keys: Mapping[Path, Span], places: Mapping[Path, Span]) -> dict[Path, dict[str, Span]]:
    found: dict[Path, dict[str, Span]] = {}
    for mark, table in (("@", keys), ("", places)):
        for path, span in table.items():
            for size in range(1, len(path)):
                found.setdefault(path[:size], {})[mark + ".".join(map(str, path[size:]))] = span
    return found


def _nearest(spans: Mapping[Path, Span], path: Path) -> Span:
    while path:
        if path in spans:
            return spans[path]
        path = path[:-1]
    return Span(1, 1)


class _Spans:
    def __init__(self, text: str) -> None:
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.end = len(text)

    def of(self, start: int, stop: int) -> Span:
        """The span of text[start:stop]; the first line's part when it has several."""
        line = bisect.bisect_right(self.starts, start)
        following = self.starts[line] - 1 if line < len(self.starts) else self.end
        return Span(line, start - self.starts[line - 1] + 1, max(1, min(stop, following) - start))


def _limits(text: str) -> None:
    """Refuse what would cost too much to parse; strings and comments do not count as nesting."""
    size = len(text.encode("utf-8", "replace"))
    if size > MAX_BYTES:
        raise SourceError(Diagnostic("E-MAN-001", Span(1, 1), {"size": str(size), "limit": str(MAX_BYTES)}))
    plain = _TOKEN.sub(lambda match: "\n" * match[0].count("\n"), text)
    depth, line = 0, 1
    for character in plain:
        depth += (character in "[{") - (character in "]}")
        line += character == "\n"
        if depth > MAX_NESTING:
            raise _deep(line)
    line = 1
    for part in re.split(r"([=,{\[\]}\n])", plain):
        line += part == "\n"
        if part.count(".") > MAX_NESTING:
            raise _deep(line)


def _deep(line: int) -> SourceError:
    return SourceError(Diagnostic("E-MAN-003", Span(line, 1), {"limit": str(MAX_NESTING)}))


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _AT.fullmatch(str(error))
        detail = (match[1] if match else str(error))[:120]
        line, column = (int(match[2]), int(match[3])) if match and match[2] else (text.rstrip("\n").count("\n") + 1, 1)
    except (ValueError, RecursionError):  # an integer beyond Python's own limit of digits
        found = _DIGITS.search(text)
        detail, column = "a number is too long", 1
        line = text.count("\n", 0, found.start()) + 1 if found else 1
    detail = "".join(character if character.isprintable() else "?" for character in detail)
    raise SourceError(Diagnostic("E-MAN-002", Span(line, column), {"detail": detail}))
