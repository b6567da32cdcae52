"""Compressed streams: gzip, bzip2 and xz to bytes, counted while they are unpacked."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Protocol

from pipeline.stages.archive_entries import MAX_RATIO, MAX_TOTAL, RATIO_FLOOR, Entries

_CHUNK = 4 << 20
_HEADERS = 16 << 20  # room for the headers and the padding of a tar besides its contents
_XZ_MEMORY = 256 << 20  # `xz -9` needs 65 MiB


class _Machine(Protocol):
    """One stream of any of the three formats."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Gzip:
    """zlib's interface made like that of the others."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


_FORMATS: tuple[tuple[bytes, Callable[[], _Machine]], ...] = (
    (b"\x1f\x8b", _Gzip),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\0", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)),
)


def unpacked(data: bytes, entries: Entries) -> bytes:
    """`data` itself, or what it holds when it is gzip, bzip2 or xz; streams that follow each other belong together.

    Refuses through `entries`: I-002 damaged or cut off, I-003 too much, I-007 packed too tightly.
    """
    make = next((make for magic, make in _FORMATS if data.startswith(magic)), None)
    if make is None:
        return data
    out, rest = bytearray(), data
    while rest:
        try:
            rest = _one_stream(make(), rest, out, len(data), entries)
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError):
            entries.damaged(len(data) - len(rest))
    return bytes(out)


def _one_stream(machine: _Machine, data: bytes, out: bytearray, size: int, entries: Entries) -> bytes:
    """Append one stream to `out`; what follows it."""
    feed = data
    while not machine.eof:
        part = machine.decompress(feed, _CHUNK)
        feed = b""
        out += part
        if len(out) > MAX_RATIO * size and len(out) > RATIO_FLOOR:
            entries.stop("I-007", limit=MAX_RATIO)
        if len(out) > MAX_TOTAL + _HEADERS:
            entries.stop("I-003", limit=MAX_TOTAL >> 20)
        if not part and machine.needs_input and not machine.eof:
            entries.damaged(size)
    return machine.unused_data
