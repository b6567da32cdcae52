"""Source files by their text alone: what each defines, which names it uses, what it includes. Enough to order them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from verif.draft.model import Sources, checked_file, refuse

SUFFIXES = frozenset({".sv", ".v"})
HEADERS = frozenset({".svh", ".vh"})
MAX_BYTES = 16 << 20
MAX_HEADER = 1 << 17
_NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_INCLUDE = re.compile(r'`include\s+"([^"\n]{1,300})"')
_UNIT = re.compile(r"\b(macromodule|module|interface|package|program)\s+(?:automatic\s+|static\s+)?([A-Za-z_][\w$]*)")
_END = re.compile(r"\bend(?:module|interface|package|program)\b")
_WORD = re.compile(r"[A-Za-z_][\w$]*")
_NO_NAME = frozenset({"class", "automatic", "static"})


@dataclass(frozen=True, slots=True)
class Unit:
    """A module, interface, package or program: where it stands, the words of its text, whether it has ports."""

    kind: str
    name: str
    file: str
    words: frozenset[str]
    ports: bool


@dataclass(frozen=True, slots=True)
class Text:
    """One file: its units, all its words, and what it includes."""

    units: tuple[Unit, ...]
    words: frozenset[str]
    includes: tuple[str, ...]


def scan_files(root: Path, files: Iterable[str]) -> dict[str, Text]:
    """Path -> what the file holds; raises DraftError N-105 for one that cannot be read, N-106 for an unusable name."""
    return {name: _scan(name, read_source(root, name)) for name in map(checked_file, files)}


def read_source(root: Path, name: str) -> str:
    """The text of a file below `root`; N-105 when there is none, when it is a link or when it is too large."""
    path = root / name
    if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_BYTES:
        raise refuse("N-105", name=name)
    return path.read_bytes().decode("utf-8", "replace")


def _scan(name: str, text: str) -> Text:
    includes = tuple(_INCLUDE.findall(_COMMENT.sub(" ", text)))
    code = _NOISE.sub(" ", text)
    return Text(tuple(_units(name, code)), frozenset(_WORD.findall(code)), includes)


def _units(name: str, code: str) -> Iterable[Unit]:
    start = 0
    while match := _UNIT.search(code, start):
        end = _END.search(code, match.end())
        stop = end.end() if end else len(code)
        body = code[match.end() : stop]
        if match[2] not in _NO_NAME:
            yield Unit(match[1], match[2], name, frozenset(_WORD.findall(body)), _has_ports(body))
        start = stop


def _has_ports(body: str) -> bool:
    """True when the header's list of ports holds anything: a bench has none. Parentheses after '#' hold parameters."""
    while body.lstrip().startswith("import"):
        body = body.partition(";")[2]
    depth, before, start, ports = 0, "", 0, ""
    for at, letter in enumerate(body[:MAX_HEADER]):
        if letter == "(":
            start = at if not depth else start
            depth += 1
        elif letter == ")":
            depth -= 1
            ports, before = (body[start:at], "") if not depth and before != "#" else (ports, before if depth else "")
        elif not depth and letter == ";":
            break
        elif not depth and not letter.isspace():
            before = letter
    return bool(_WORD.search(ports))


def find_tops(texts: Mapping[str, Text]) -> tuple[str, ...]:
    """Modules with ports that no other module with ports mentions, by name; benches do not count."""
    modules = [u for text in texts.values() for u in text.units if u.kind in {"module", "macromodule"} and u.ports]
    used = {word for unit in modules for word in unit.words - {unit.name}}
    return tuple(sorted({unit.name for unit in modules} - used))


def needed(texts: Mapping[str, Text], top: str, sources: Sources) -> Sources:
    """The files that `top` needs: in the stated order, or with what is used before who uses it; N-104 defined twice."""
    places = _places(texts, top)
    order: dict[str, None] = {}
    _visit(places[top], texts, places, order)
    files = [name for name in sources.files if name in order] if sources.ordered else list(order)
    folders = dict.fromkeys((*sources.include_dirs, *_include_folders(texts, files)))
    return Sources(tuple(files), tuple(folders), sources.defines, sources.parameters, top, sources.ordered)


def _places(texts: Mapping[str, Text], top: str) -> dict[str, str]:
    """Unit name -> its file. Two files that define a name are an error only where the name is needed."""
    places: dict[str, str] = {}
    twice: dict[str, str] = {}
    for file, text in texts.items():
        for unit in text.units:
            if places.setdefault(unit.name, file) != file:
                twice[unit.name] = file
    reached: dict[str, None] = {}
    _visit(places[top], texts, places, reached)
    words = {word for file in reached for word in texts[file].words}
    for name in sorted(set(twice) & words):
        raise refuse("N-104", name=name, first=places[name], second=twice[name])
    return places


def _visit(file: str, texts: Mapping[str, Text], places: Mapping[str, str], order: dict[str, None]) -> None:
    """Depth first without recursion; a cycle ends where it was entered."""
    stack, entered = [(file, False)], set[str]()
    while stack:
        name, left = stack.pop()
        if left:
            order[name] = None
        elif name not in entered:
            entered.add(name)
            stack.append((name, True))
            users = sorted({places[word] for word in texts[name].words & places.keys()} - {name}, reverse=True)
            stack += [(other, False) for other in users if other not in entered]


def included_files(texts: Mapping[str, Text], known: Sequence[str]) -> frozenset[str]:
    """The files among `known` that others include; they are not compiled by themselves."""
    wanted = {PurePosixPath(name).as_posix() for text in texts.values() for name in text.includes}
    return frozenset(name for name in known if any(name == end or name.endswith("/" + end) for end in wanted))


def _include_folders(texts: Mapping[str, Text], files: Iterable[str]) -> list[str]:
    """Folders that a tool must search for what `files` include, beyond the one that it runs in."""
    headers = (name for name in texts if PurePosixPath(name).suffix in HEADERS)
    ends = {PurePosixPath(name).as_posix() for file in (*files, *headers) for name in texts[file].includes}
    holders = {name.removesuffix(end).rstrip("/") for name in texts for end in ends if ("/" + name).endswith("/" + end)}
    return sorted(holders - {""})
