"""Reads tar (POSIX, GNU and pax) from bytes in memory. Strict: what a lenient reader would skip or guess is a refusal."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.stages.archive_entries import Entries

BLOCK = 512
_ZERO = bytes(BLOCK)
_CHECKSUM = slice(148, 156)
_FILES, _FOLDER, _LINKS, _SPARSE = frozenset({b"0", b"\0"}), b"5", frozenset({b"1", b"2"}), b"S"
_DEVICES = frozenset({b"3", b"4", b"6"})
_LONG_NAME, _LONG_LINK, _PAX, _PAX_GLOBAL = b"L", b"K", b"x", b"g"
_EXTENSIONS = frozenset({_LONG_NAME, _LONG_LINK, _PAX, _PAX_GLOBAL})
_MAX_EXTENSION = 16 << 10
_MAX_EXTENSIONS = 4 << 20


@dataclass(frozen=True, slots=True)
class _Header:
    name: bytes
    kind: bytes
    size: int


def looks_like_tar(data: bytes) -> bool:
    """A first header whose checksum fits, or an empty archive."""
    return data[:BLOCK] == _ZERO or _header(data[:BLOCK]) is not None


def read_tar(data: bytes, entries: Entries) -> None:
    """Hand every entry of the archive to `entries`."""
    _Reader(data, entries).run()


class _Reader:
    def __init__(self, data: bytes, entries: Entries) -> None:
        self.data, self.entries = data, entries
        self.at = self.extensions = 0
        self.name: bytes | None = None  # what an extension header says of the next entry
        self.size: int | None = None

    def run(self) -> None:
        while (block := self.data[self.at : self.at + BLOCK]) != _ZERO:
            header = _header(block)
            if header is None:
                self.entries.damaged(self.at)
            self.entries.tick()
            self.at += BLOCK
            if header.kind in _EXTENSIONS:
                self.extension(header)
            else:
                self.entry(header)
        if self.data.count(0, self.at) != len(self.data) - self.at:
            self.entries.damaged(self.at)

    def content(self, size: int) -> bytes:
        """The next `size` bytes, and past the padding that follows them."""
        found = self.data[self.at : self.at + size]
        if len(found) != size:
            self.entries.damaged(len(self.data))
        self.at += (size + BLOCK - 1) // BLOCK * BLOCK
        return found

    def entry(self, header: _Header) -> None:
        name = header.name if self.name is None else self.name
        size = header.size if self.size is None else self.size
        self.name = self.size = None
        if header.kind in _LINKS:
            self.entries.refuse("I-009", name)
        elif header.kind in _DEVICES:
            self.entries.refuse("I-010", name)
        elif header.kind == _SPARSE:
            self.entries.stop("I-011", name)
        elif header.kind == _FOLDER or (header.kind in _FILES and name.endswith(b"/")):
            self.content(size)
            self.entries.admit(name, "folder")
        elif header.kind in _FILES:
            self.file(name, size)
        else:
            self.entries.stop("I-019", name)

    def file(self, name: bytes, size: int) -> None:
        data = self.content(size)
        self.entries.counted(len(data), name)
        path = self.entries.admit(name, "file")
        if path:
            self.entries.add(path, data)

    def extension(self, header: _Header) -> None:
        start = self.at
        self.extensions += header.size
        if header.size > _MAX_EXTENSION or self.extensions > _MAX_EXTENSIONS:
            self.entries.stop("I-019", header.name)
        payload = self.content(header.size)
        if header.kind == _LONG_NAME:
            self.name = payload.partition(b"\0")[0]
        elif header.kind in {_PAX, _PAX_GLOBAL}:
            self.pax(_records(payload), start, everywhere=header.kind == _PAX_GLOBAL)

    def pax(self, records: dict[bytes, bytes] | None, start: int, *, everywhere: bool) -> None:
        if records is None:
            self.entries.damaged(start)
        name, size = records.get(b"path"), records.get(b"size")
        if any(key.startswith(b"GNU.sparse") for key in records):
            self.entries.stop("I-011", name or b"")
        if everywhere and (name is not None or size is not None):
            self.entries.stop("I-019", name or b"")
        if size is not None:
            if not size.isdigit() or len(size) > len(str(1 << 40)):
                self.entries.damaged(start)
            self.size = int(size)
        self.name = name if name is not None else self.name


def _header(block: bytes) -> _Header | None:
    """The header in `block`; None when it is none."""
    if len(block) != BLOCK:
        return None
    size, wanted = _octal(block[124:136]), _octal(block[_CHECKSUM])
    if size is None or wanted != sum(block) - sum(block[_CHECKSUM]) + 8 * ord(" "):
        return None
    name = block[:100].partition(b"\0")[0]
    prefix = block[345:500].partition(b"\0")[0] if block[257:263] == b"ustar\0" else b""
    return _Header(prefix + b"/" + name if prefix else name, block[156:157], size)


def _octal(field: bytes) -> int | None:
    digits = field.partition(b"\0")[0].strip(b" ")
    if not digits or digits.strip(b"01234567"):
        return None
    return int(digits, 8)


def _records(payload: bytes) -> dict[bytes, bytes] | None:
    """Records `length key=value` of a pax header, each with a line end; None when they are not whole."""
    found, at = dict[bytes, bytes](), 0
    while at < len(payload):
        space = payload.find(b" ", at, at + 6)
        digits = payload[at:space]
        if space < 0 or not digits.isdigit():
            return None
        end = at + int(digits)
        key, equals, value = payload[space + 1 : end - 1].partition(b"=")
        if not equals or not at < end <= len(payload) or payload[end - 1] != ord("\n"):
            return None
        found[key] = value
        at = end
    return found
