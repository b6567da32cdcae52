"""Simulators' file lists (`.f`), read by us: an option that is not known here is refused, never handed to a tool."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from verif.draft.model import DraftError, Fault, Sources
from verif.draft.scan import HEADERS, SUFFIXES, read_source

MAX_LISTS = 32
MAX_WORDS = 20_000
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_LINE_COMMENT = re.compile(r"(?:^|\s)(?://|#).*")
_DEFINE = re.compile(r"[A-Za-z_]\w{0,99}(?:=[\w']{0,99})?")
_TOP = re.compile(r"[A-Za-z_]\w{0,63}")
_JOINED = ("-I", "-D")
_IGNORED = frozenset({"-sv", "--sv", "-g2012", "-sverilog"})
# They make a tool look for modules by itself: which file is compiled would depend on what lies beside it.
_LIBRARY = frozenset({"-y", "-v", "-yextra"})


def read_list(root: Path, name: str) -> Sources:
    """What the list `name`, a path below `root`, states; paths count from `root`, in a list read by -F from that list.

    Raises:
        DraftError: with every fault of every list: N-105, N-120 to N-125.
    """
    reader = _Reader(root)
    reader.read(name, "")
    if not reader.files and not reader.faults:
        reader.fault("N-125", name, 0, list=name)
    if reader.faults:
        raise DraftError(reader.faults)
    return Sources(tuple(reader.files), tuple(reader.folders), dict(reader.defines), top=reader.top, ordered=True)


class _Reader:
    """Collects what the lists state; faults are kept so that all are told at once."""

    def __init__(self, root: Path) -> None:
        self.root, self.top = root, ""
        self.files: dict[str, None] = {}
        self.folders: dict[str, None] = {}
        self.defines: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.lists: list[str] = []

    def fault(self, rule: str, file: str, line: int, **args: str) -> None:
        """Keep one."""
        self.faults.append(Fault(rule, {key: value[:200] for key, value in args.items()}, file, line))

    def read(self, name: str, base: str) -> None:
        """One list; what it names counts from `base`."""
        self.lists.append(name)
        words = _words(read_source(self.root, name))
        for count, (line, word) in enumerate(words):
            if count >= MAX_WORDS:
                self.fault("N-124", name, line, what="words", limit=str(MAX_WORDS))
                return
            self._word(word, words, (name, line, base))

    def _word(self, word: str, rest: Iterator[tuple[int, str]], at: tuple[str, int, str]) -> None:
        name, line, _base = at
        takers: dict[str, Callable[[str, tuple[str, int, str]], None]] = {
            "-I": self._folder, "-D": self._define, "-f": self._list, "-F": self._own_list,
            "-top": self._top, "--top-module": self._top,
        }  # fmt: skip
        if "$" in word:
            self.fault("N-121", name, line, word=word)
        elif word in takers:
            takers[word](next(rest, (line, ""))[1], at)
        elif word[:2] in _JOINED:
            takers[word[:2]](word[2:], at)
        elif word.startswith("+"):
            self._plus(word, at)
        elif word.startswith("-"):
            self._option(word, at)
        else:
            self._file(word, at)

    def _plus(self, word: str, at: tuple[str, int, str]) -> None:
        kind, *values = word[1:].split("+")
        take = {"incdir": self._folder, "define": self._define}.get(kind)
        if take is None or not values:
            self._option(word, at)
            return
        for value in filter(None, values):
            take(value, at)

    def _option(self, word: str, at: tuple[str, int, str]) -> None:
        if word in _IGNORED:
            return
        library = word in _LIBRARY or word.startswith("+libext")
        self.fault("N-120" if library else "N-123", at[0], at[1], option=word)

    def _path(self, word: str, at: tuple[str, int, str]) -> str:
        """The path below the root; empty after a fault."""
        path = posixpath.normpath(posixpath.join(at[2], word))
        if not word or path.startswith(("/", "..")) or not word.isprintable():
            self.fault("N-122", at[0], at[1], word=word)
            return ""
        return path

    def _folder(self, word: str, at: tuple[str, int, str]) -> None:
        path = self._path(word, at)
        if path and not (self.root / path).is_dir():
            self.fault("N-105", at[0], at[1], name=path)
        elif path and path != ".":
            self.folders[path] = None

    def _file(self, word: str, at: tuple[str, int, str]) -> None:
        path = self._path(word, at)
        suffix = PurePosixPath(path).suffix
        if path and suffix in HEADERS:
            return  # found by whoever includes it
        if path and suffix not in SUFFIXES:
            self.fault("N-126", at[0], at[1], name=path)
        elif path and not (self.root / path).is_file():
            self.fault("N-105", at[0], at[1], name=path)
        elif path:
            self.files[path] = None

    def _define(self, word: str, at: tuple[str, int, str]) -> None:
        if not _DEFINE.fullmatch(word):
            self.fault("N-123", at[0], at[1], option=f"-D{word}")
            return
        key, _, value = word.partition("=")
        self.defines[key] = value

    def _top(self, word: str, at: tuple[str, int, str]) -> None:
        if not _TOP.fullmatch(word):
            self.fault("N-123", at[0], at[1], option=word)
        self.top = word

    def _list(self, word: str, at: tuple[str, int, str]) -> None:
        self._nested(word, at, at[2])

    def _own_list(self, word: str, at: tuple[str, int, str]) -> None:
        self._nested(word, at, posixpath.dirname(posixpath.join(at[2], word)))

    def _nested(self, word: str, at: tuple[str, int, str], base: str) -> None:
        path = self._path(word, at)
        if not path:
            return
        if path in self.lists or len(self.lists) >= MAX_LISTS:
            self.fault("N-124", at[0], at[1], what="lists", limit=str(MAX_LISTS))
        elif not (self.root / path).is_file():
            self.fault("N-105", at[0], at[1], name=path)
        else:
            self.read(path, base)


def _words(text: str) -> Iterator[tuple[int, str]]:
    """(line, word) in order, without comments."""
    blank = _COMMENT.sub(lambda match: "\n" * match[0].count("\n"), text)
    for number, line in enumerate(blank.splitlines(), 1):
        for word in _LINE_COMMENT.sub("", line).split():
            yield number, word
