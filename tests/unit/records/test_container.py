"""The container refuses everything but a whole file of its schema, before it allocates anything."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verif.records import container, record, stimulus
from verif.records.container import ContainerError
from verif.records.record import Record
from verif.records.stimulus import Stimulus

MAGIC = b"ASSAYTST"
SCHEMA: dict[str, np.dtype[np.void]] = {
    "head": np.dtype([("name", "S8"), ("seed", "<u8")]),
    "beat": np.dtype([("gap", "<u4"), ("mode", "u1")]),
    "word": np.dtype([("value", "<u4")]),
}
HEAD, ENTRY, CRC = 16, 24, 4
ROWS = {"head": [(b"plan", 1 << 63)], "beat": [(3, 1), (0, 0), (7, 1)], "word": [(value,) for value in range(5)]}
TABLES = {name: np.array(rows, SCHEMA[name]) for name, rows in ROWS.items()}
GOOD = container.pack(MAGIC, 3, SCHEMA, TABLES)
DIRECTORY = HEAD + ENTRY * len(SCHEMA)


def unpack(data: bytes) -> dict[str, Any]:
    return container.unpack(data, MAGIC, 3, SCHEMA)


def sealed(body: bytes) -> bytes:
    """With the CRC that belongs to it, so that only the other checks can object."""
    return body + struct.pack("<I", zlib.crc32(body))


def with_rows(index: int, rows: int) -> bytes:
    body = bytearray(GOOD[:-CRC])
    struct.pack_into("<Q", body, HEAD + ENTRY * index + 16, rows)
    return sealed(bytes(body))


def test_what_was_packed_comes_back() -> None:
    found = unpack(GOOD)
    assert {name: table.tolist() for name, table in found.items()} == {name: rows for name, rows in ROWS.items()}  # noqa: C416
    assert len(GOOD) == DIRECTORY + 16 + 3 * 5 + 5 * 4 + CRC


def test_tables_are_views_of_the_file_and_read_only() -> None:
    assert all(not table.flags.writeable and table.base is not None for table in unpack(GOOD).values())


@pytest.mark.parametrize("length", range(len(GOOD)))
def test_every_truncation_is_refused(length: int) -> None:
    with pytest.raises(ContainerError):
        unpack(GOOD[:length])


@pytest.mark.parametrize("place", range(len(GOOD)))
def test_one_flipped_bit_anywhere_is_refused(place: int) -> None:
    for bit in (0, 7):
        damaged = bytearray(GOOD)
        damaged[place] ^= 1 << bit
        with pytest.raises(ContainerError):
            unpack(bytes(damaged))


@pytest.mark.parametrize("tail", [b"\0", b"x" * 4, GOOD])
def test_trailing_bytes_are_refused(tail: bytes) -> None:
    with pytest.raises(ContainerError, match="the directory asks for"):
        unpack(GOOD + tail)
    with pytest.raises(ContainerError, match="the directory asks for"):
        unpack(sealed(GOOD[:-CRC] + tail))


def test_a_damaged_body_is_named_as_such() -> None:
    damaged = bytearray(GOOD)
    damaged[-CRC - 1] ^= 0x10
    with pytest.raises(ContainerError, match="CRC-32 differs"):
        unpack(bytes(damaged))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"ASSAYREC" + GOOD[8:-CRC], "not a"),
        (GOOD[:8] + struct.pack("<II", 4, 3) + GOOD[16:-CRC], "schema version 4"),
        (GOOD[:8] + struct.pack("<II", 3, 2) + GOOD[16:-CRC], "with 2 tables"),
        (GOOD[:8] + struct.pack("<II", 3, 0xFFFFFFFF) + GOOD[16:-CRC], "with 4294967295 tables"),
        (GOOD[:16] + b"tail" + GOOD[20:-CRC], "table 0 is"),
        (GOOD[:40] + GOOD[64:88] + GOOD[40:64] + GOOD[88:-CRC], "table 1 is"),
    ],
)
def test_another_header_is_refused_also_with_a_right_checksum(body: bytes, words: str) -> None:
    with pytest.raises(ContainerError, match=words):
        unpack(sealed(body))


@pytest.mark.parametrize("index", range(len(SCHEMA)))
@pytest.mark.parametrize("rows", [1 << 20, 1 << 32, (1 << 63) // 5, (1 << 64) - 1])
def test_a_huge_row_count_is_refused_before_anything_is_allocated(index: int, rows: int) -> None:
    hostile = with_rows(index, rows)
    tracemalloc.start()
    try:
        with pytest.raises(ContainerError, match="the directory asks for"):
            unpack(hostile)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_row_counts_that_wrap_around_are_refused() -> None:
    for index, layout in enumerate(SCHEMA.values()):
        rows = len(list(TABLES.values())[index])
        with pytest.raises(ContainerError):
            unpack(with_rows(index, (rows + (1 << 64) // layout.itemsize) % (1 << 64)))


def test_rows_moved_from_one_table_to_another_change_the_length() -> None:
    body = bytearray(with_rows(1, 2)[:-CRC])
    struct.pack_into("<Q", body, HEAD + ENTRY * 2 + 16, 6)
    with pytest.raises(ContainerError):
        unpack(sealed(bytes(body)))


@given(st.binary(max_size=400))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(ContainerError):
        unpack(noise)


@given(st.integers(0, len(GOOD)), st.binary(max_size=40), st.integers(0, 40), st.booleans())
def test_edited_files_are_read_or_refused_but_never_crash(place: int, put: bytes, cut: int, resealed: bool) -> None:  # noqa: FBT001
    edited = GOOD[:place] + put + GOOD[place + cut :]
    try:
        tables = unpack(sealed(edited[:-CRC]) if resealed else edited)
    except ContainerError:
        return
    assert container.pack(MAGIC, 3, SCHEMA, tables) == (sealed(edited[:-CRC]) if resealed else edited)


@given(st.lists(st.integers(0, (1 << 64) - 1) | st.integers(0, 9), min_size=3, max_size=3), st.binary(max_size=200))
def test_any_directory_is_read_or_refused_but_never_crashes(rows: list[int], body: bytes) -> None:
    head = struct.pack("<8sII", MAGIC, 3, 3)
    entries = b"".join(struct.pack("<16sQ", name.encode(), count) for name, count in zip(SCHEMA, rows, strict=True))
    try:
        tables = unpack(sealed(head + entries + body))
    except ContainerError:
        return
    assert [len(table) for table in tables.values()] == rows


@pytest.mark.parametrize(("module", "kind"), [(record, Record), (stimulus, Stimulus)])
def test_both_files_come_back_and_refuse_each_other(module: Any, kind: Any) -> None:
    rng = np.random.default_rng(1)
    tables = {
        name: np.frombuffer(rng.integers(1, 100, layout.itemsize * 3, np.uint8).tobytes(), layout)
        for name, layout in module.SCHEMA.items()
    }
    data = kind(**tables).pack()
    found = kind.unpack(data)
    for name, table in tables.items():
        assert getattr(found, name).tobytes() == table.tobytes()
    with pytest.raises(ContainerError):
        (Stimulus if kind is Record else Record).unpack(data)
    with pytest.raises(ContainerError):
        kind.unpack(data[:-1])


@given(st.binary(max_size=300))
def test_neither_file_crashes_on_noise(noise: bytes) -> None:
    for kind, magic, version in ((Record, record.MAGIC, record.VERSION), (Stimulus, stimulus.MAGIC, stimulus.VERSION)):
        with pytest.raises(ContainerError):
            kind.unpack(noise)
        with pytest.raises(ContainerError):
            kind.unpack(magic + struct.pack("<II", version, len(stimulus.SCHEMA)) + noise)
