"""A file of named NumPy tables: header, table directory, tables, CRC-32.

Layout (little endian): magic 8 bytes, schema version u32, table count u32, then per table {name 16s, rows u64}, then the
tables' bytes in directory order, then the CRC-32 (u32) of all that came before. Row layouts are fixed by the schema, never
by the file, so a hostile file can only lie about row counts, and these must add up to the file's exact length.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.void]
Schema = Mapping[str, np.dtype[np.void]]
_HEAD = struct.Struct("<8sII")
_ENTRY = struct.Struct("<16sQ")
_CRC = struct.Struct("<I")


class ContainerError(ValueError):
    """The bytes are not a whole file of this schema and version."""


def pack(magic: bytes, version: int, schema: Schema, tables: Mapping[str, Table]) -> bytes:
    """Bytes of a file holding `tables`, one per entry of `schema`, in the schema's order."""
    parts = [_HEAD.pack(magic, version, len(schema))]
    parts += [_ENTRY.pack(name.encode(), len(tables[name])) for name in schema]
    parts += [np.ascontiguousarray(tables[name], dtype=layout).tobytes() for name, layout in schema.items()]
    body = b"".join(parts)
    return body + _CRC.pack(zlib.crc32(body))


def unpack(data: bytes, magic: bytes, version: int, schema: Schema) -> dict[str, Table]:
    """Tables of a file, checked before anything is allocated.

    Raises:
        ContainerError: magic, version, directory, length or CRC differ from what the schema asks.
    """
    rows = _directory(data, magic, version, schema)
    tables: dict[str, Table] = {}
    offset = _HEAD.size + _ENTRY.size * len(schema)
    for name, layout in schema.items():
        tables[name] = np.frombuffer(data, dtype=layout, count=rows[name], offset=offset)
        offset += rows[name] * layout.itemsize
    return tables


def _directory(data: bytes, magic: bytes, version: int, schema: Schema) -> dict[str, int]:
    start = _HEAD.size + _ENTRY.size * len(schema)
    if len(data) < start + _CRC.size:
        raise ContainerError(f"file is cut short: {len(data)} bytes, header alone needs {start + _CRC.size}")
    found_magic, found_version, count = _HEAD.unpack_from(data)
    if found_magic != magic:
        raise ContainerError(f"not a {magic!r} file")
    if found_version != version or count != len(schema):
        raise ContainerError(f"schema version {found_version} with {count} tables, expected {version} with {len(schema)}")
    rows: dict[str, int] = {}
    for index, name in enumerate(schema):
        found, number = _ENTRY.unpack_from(data, _HEAD.size + _ENTRY.size * index)
        if found.rstrip(b"\0") != name.encode():
            raise ContainerError(f"table {index} is {found!r}, expected {name!r}")
        rows[name] = number
    expected = start + sum(rows[name] * layout.itemsize for name, layout in schema.items()) + _CRC.size
    if len(data) != expected:
        raise ContainerError(f"{len(data)} bytes, the directory asks for {expected}")
    if _CRC.unpack_from(data, len(data) - _CRC.size)[0] != zlib.crc32(memoryview(data)[: -_CRC.size]):
        raise ContainerError("CRC-32 differs: the file was damaged or cut")
    return rows
