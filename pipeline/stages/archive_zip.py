"""Reads zip from bytes in memory. Only what every reader understands alike: stored or deflated, one disk, nothing hidden."""

from __future__ import annotations

import stat
import struct
import zlib
from dataclasses import dataclass

from pipeline.stages.archive_entries import MAX_FILE, MAX_RATIO, RATIO_FLOOR, Entries

SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")
_END, _CENTRAL, _LOCAL = struct.Struct("<4s4H2LH"), struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s5H3L2H")
_MAX_COMMENT = 0xFFFF
_ZIP64_COUNT, _ZIP64 = 0xFFFF, 0xFFFFFFFF
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000
_STORED, _DEFLATED = 0, 8


@dataclass(frozen=True, slots=True)
class _Member:
    """One entry: its data is `data[start:end]`, its local header begins at `header`."""

    name: bytes
    method: int
    crc: int
    size: int
    mode: int
    header: int
    start: int
    end: int


def read_zip(data: bytes, entries: Entries) -> None:
    """Hand every entry of the archive to `entries`."""
    count, start, end = _directory(data, entries)
    members, at = list[_Member](), start
    for _number in range(count):
        member, at = _central(data, at, end, entries)
        members.append(member)
    if at != end:
        entries.damaged(at)
    _apart(members, start, entries)
    for member in members:
        _take(data, member, entries)


def _directory(data: bytes, entries: Entries) -> tuple[int, int, int]:
    """Number of entries, and where the central directory begins and ends."""
    at = data.rfind(SIGNATURES[1], max(0, len(data) - _END.size - _MAX_COMMENT))
    if at < 0 or at + _END.size > len(data):
        entries.damaged(len(data))
    _, disk, first_disk, here, count, size, start, comment = _END.unpack_from(data, at)
    if disk or first_disk or here != count or count == _ZIP64_COUNT or _ZIP64 in {size, start}:
        entries.stop("I-019")
    if start + size != at or at + _END.size + comment != len(data):
        entries.damaged(at)
    return count, start, at


def _central(data: bytes, at: int, end: int, entries: Entries) -> tuple[_Member, int]:
    """The entry whose directory record stands at `at`, and where the next record stands."""
    entries.tick()
    if at + _CENTRAL.size > end:
        entries.damaged(at)
    fields = _CENTRAL.unpack_from(data, at)
    signature, flags, method, crc, packed, size = fields[0], fields[3], fields[4], *fields[7:10]
    named, extra, comment, attributes, header = *fields[10:13], *fields[15:17]
    name = data[at + _CENTRAL.size : at + _CENTRAL.size + named]
    following = at + _CENTRAL.size + named + extra + comment
    if signature != b"PK\x01\x02" or following > end:
        entries.damaged(at)
    if flags & _ENCRYPTED:
        entries.stop("I-017", name)
    if method not in {_STORED, _DEFLATED} or _ZIP64 in {packed, size, header}:
        entries.stop("I-019", name)
    start = _content(data, header, name, entries)
    return _Member(name, method, crc, size, attributes >> 16, header, start, start + packed), following


def _content(data: bytes, header: int, name: bytes, entries: Entries) -> int:
    """Where an entry's data begins; its local header must agree with the directory about the name."""
    if header + _LOCAL.size > len(data):
        entries.damaged(header)
    fields = _LOCAL.unpack_from(data, header)
    signature, named, extra = fields[0], fields[9], fields[10]
    start = header + _LOCAL.size
    if signature != SIGNATURES[0] or data[start : start + named] != name:
        entries.damaged(header)
    return start + int(named) + int(extra)


def _apart(members: list[_Member], directory: int, entries: Entries) -> None:
    """No two entries share bytes, with each other or the directory: so a small archive pretends to be a large one."""
    ends = 0
    for member in sorted(members, key=lambda member: (member.header, member.end)):
        if member.header < ends or member.end > directory:
            entries.stop("I-016", member.name)
        ends = member.end


def _take(data: bytes, member: _Member, entries: Entries) -> None:
    kind = stat.S_IFMT(member.mode)
    if kind == stat.S_IFLNK:
        entries.refuse("I-009", member.name)
    elif kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        entries.refuse("I-010", member.name)
    elif member.name.endswith(b"/") or kind == stat.S_IFDIR:
        entries.admit(member.name, "folder")
    else:
        content = _inflated(data, member, entries)
        path = entries.admit(member.name, "file")
        if path:
            entries.add(path, content)


def _inflated(data: bytes, member: _Member, entries: Entries) -> bytes:
    """The entry's content, whose size is counted and must be what the archive says."""
    packed = data[member.start : member.end]
    content, whole = packed, len(packed) == member.end - member.start
    if member.method == _DEFLATED:
        machine = zlib.decompressobj(-15)
        try:
            content = machine.decompress(packed, entries.room() + 1)
        except zlib.error:
            entries.damaged(member.header)
        whole &= machine.eof and not machine.unused_data
    entries.counted(len(content), member.name)
    if len(content) > MAX_RATIO * len(packed) and len(content) > RATIO_FLOOR:
        entries.stop("I-007", member.name, limit=MAX_RATIO)
    if len(content) > MAX_FILE:
        entries.stop("I-004", member.name, limit=MAX_FILE >> 20)
    if not whole or len(content) != member.size or zlib.crc32(content) != member.crc:
        entries.damaged(member.header)
    return content
