"""The submission's files as text: which bytes and words are refused in them, before any tool reads them."""

from __future__ import annotations

import io
import posixpath
import re
import tarfile
from collections.abc import Iterator, Sequence
from itertools import pairwise

from pipeline.domain.finding import Finding, Location
from pipeline.domain.outcome import Outcome
from pipeline.stages.elaborate import Design
from pipeline.stages.lexer import Lines, Token, tokens
from pipeline.stages.outputs import plain
from pipeline.stages.scan import Hit, forbidden, raw_directives
from pipeline.stages.views import inside, translated

_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_DEFINE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}=[A-Za-z0-9_']{0,99}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,199}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
# Characters that show text in another order than the tool reads it.
_BIDIRECTIONAL = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_COVERAGE_OFF = re.compile(rb"[Vv]erilator\W*coverage_(?:block_)?off")
_MOST_SOURCE = 400


class Texts:
    """All files of a submission, read in memory from the normalised archive; nothing of it is executed or written."""

    def __init__(self, archive: bytes) -> None:
        self.data: dict[str, bytes] = {}
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
            for member in tar:
                file = tar.extractfile(member)
                if file is not None:
                    self.data[member.name] = file.read()
        self.names = frozenset(self.data)
        self._scanned: set[str] = set()

    @property
    def untranslated(self) -> list[str]:
        """Files that hide a part of themselves from synthesis by a comment."""
        return [name for name in sorted(self._scanned) if translated(self.data[name]) != self.data[name]]

    def refused(self, design: Design) -> Iterator[Finding]:
        """Net: names that are no plain words, then bytes and words of every file that the manifest or an include names."""
        yield from self._names(design)
        for name, data in self.data.items():
            off = _COVERAGE_OFF.search(data)
            if off:
                before = data[: off.start()].decode("utf-8", "replace")
                hit = Hit("G-007", len(before), 1, {"name": "coverage_off"})
                yield self._found(name, data.decode("utf-8", "replace"), hit)
        yield from self.scanned(self._reachable(design))

    def scanned(self, names: Sequence[str]) -> Iterator[Finding]:
        """The same for the files `names`, each once."""
        for name in names:
            if name in self.data and name not in self._scanned:
                self._scanned.add(name)
                yield from self._file(name, self.data[name])

    def _names(self, design: Design) -> Iterator[Finding]:
        """No name may be read as an option, a pattern or a variable, wherever it is used."""
        paths = (*self.data, *design.files, *design.include_dirs)
        wrong = [path for path in paths if not all(map(_SEGMENT.fullmatch, path.split("/"))) and path != "."]
        wrong += [define for define in design.defines if not _DEFINE.fullmatch(define)]
        wrong += [name for name in (design.top, *design.parameters) if not _NAME.fullmatch(name)]
        for name in dict.fromkeys(wrong):
            yield Finding("G-006", Outcome.FAILED, args={"name": plain(name.encode("utf-8", "replace"), 200)})

    def _reachable(self, design: Design) -> list[str]:
        """The manifest's files and, as far as literals tell, whatever they include under any condition."""
        found: dict[str, None] = dict.fromkeys(design.files)
        waiting = list(found)
        while waiting:
            for name in self._included(waiting.pop(), design):
                if name in self.data and name not in found:
                    found[name] = None
                    waiting.append(name)
        return list(found)

    def _included(self, name: str, design: Design) -> Iterator[str]:
        named = [token for token in _tokens(self.data.get(name, b"")) if token.kind in {"directive", "string"}]
        for before, token in pairwise(named):
            if before.text == "`include" and token.kind == "string":
                path = token.text[1:-1]
                yield from (posixpath.normpath(f"{folder}/{path}") for folder in design.include_dirs)
                yield inside(path) or path

    def _file(self, name: str, data: bytes) -> Iterator[Finding]:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            readable = data.decode("utf-8", "replace")
            offset = len(data[: error.start].decode("utf-8"))
            yield self._found(name, readable, Hit("G-001", offset, 1, {"byte": f"0x{data[error.start]:02X}"}))
            return
        found = list(tokens(text))
        hits = [*_characters(text), *_absolute(found), *raw_directives(text, found), *forbidden(found, None)]
        yield from (self._found(name, text, hit) for hit in sorted(hits, key=lambda hit: hit.offset))

    def _found(self, name: str, text: str, hit: Hit) -> Finding:
        line, column = Lines.of(text).place(hit.offset)
        where = Location(name, line, column, hit.length, self.line(name, line))
        return Finding(hit.rule, Outcome.FAILED, args=hit.args, location=where)

    def line(self, name: str, number: int) -> str:
        """A line of a file for people: control bytes stripped, cut; empty when there is none."""
        lines = self.data.get(name, b"").split(b"\n")
        return plain(lines[number - 1][:_MOST_SOURCE].rstrip(b"\r")) if 0 < number <= len(lines) else ""

    def locate(self, file: str, line: int, spelled: str, column: int = 0) -> Location | None:
        """A place as the tool named it; where the line holds `spelled`, the column is that of the word."""
        name = inside(file)
        if name is None or name not in self.data:
            return None
        source = self.line(name, line)
        at = source.find(spelled) if spelled else -1
        if at >= 0:
            return Location(name, line, at + 1, len(spelled), source)
        return Location(name, line, max(column, 1), 1, source)


def _tokens(data: bytes) -> Iterator[Token]:
    return tokens(data.decode("utf-8", "replace"))


def _characters(text: str) -> Iterator[Hit]:
    for rule, pattern in (("G-002", _CONTROL), ("G-003", _BIDIRECTIONAL)):
        for match in pattern.finditer(text):
            yield Hit(rule, match.start(), 1, {"code": f"U+{ord(match.group()):04X}"})


def _absolute(found: Sequence[Token]) -> Iterator[Hit]:
    """Includes that cannot stay inside the submission, wherever they stand."""
    for before, token in pairwise(found):
        if before.text == "`include" and token.kind in {"string", "other"} and token.text[:2] in {'"/', "<"}:
            yield Hit("G-047", token.offset, len(token.text), {"name": token.text.strip('"')[:200]})
