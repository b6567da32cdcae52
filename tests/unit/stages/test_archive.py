from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import zipfile
from collections.abc import Callable
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.stages.archive import ArchiveError, pack_tree, read_archive, tree_files

FILE, FOLDER = tarfile.REGTYPE, tarfile.DIRTYPE
GOOD = {"assay.toml": b"x = 1\n", "rtl/top.sv": b"module top; endmodule\n"}
SEGMENT = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", fullmatch=True)
CONTENT = st.binary(max_size=200).map(lambda data: b"." + data)  # never the beginning of an archive
PATHS = st.lists(SEGMENT, min_size=1, max_size=4).map("/".join)


def rules(data: bytes) -> list[str]:
    with pytest.raises(ArchiveError) as caught:
        read_archive(data, "assay.toml")
    return [finding.rule for finding in caught.value.findings]


def outcome(data: bytes) -> int:
    """How many files were read; how many refusals there were, as a negative number."""
    try:
        return len(read_archive(data, "assay.toml"))
    except ArchiveError as error:
        return -len(error.findings)


def zipped(entries: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED, mode: int = 0) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, data, method)
    return buffer.getvalue()


def patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def central(data: bytes, number: int = 0) -> int:
    at = -1
    for _ in range(number + 1):
        at = data.index(b"PK\x01\x02", at + 1)
    return at


def with_checksum(block: bytes) -> bytes:
    total = sum(block[:148]) + sum(block[156:512]) + 8 * 32
    return block[:148] + f"{total:06o}\0 ".encode() + block[156:]


def distinct(files: dict[str, bytes]) -> dict[str, bytes]:
    """Without files that no file system could keep beside each other."""
    kept: dict[str, bytes] = {}
    taken: dict[str, str] = {}
    for name, data in files.items():
        steps = name.split("/")
        prefixes = ["/".join(steps[:count]) for count in range(1, len(steps) + 1)]
        clash = any(taken.get(p.lower(), p) != p or p in kept for p in prefixes) or any(
            k.startswith(f"{name}/") for k in kept
        )
        if not clash:
            taken |= {prefix.lower(): prefix for prefix in prefixes}
            kept[name] = data
    return kept


@pytest.mark.parametrize("mode", ["w:", "w:gz", "w:bz2", "w:xz"])
def test_every_tar_format_is_read(kit: ModuleType, mode: str) -> None:
    entries = [("./", FOLDER, b""), ("./rtl/", FOLDER, b""), *((f"./{name}", FILE, data) for name, data in GOOD.items())]
    assert read_archive(kit.tarred(entries, mode), "assay.toml") == GOOD


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_zip_is_read(method: int) -> None:
    assert read_archive(zipped([("rtl/", b""), *GOOD.items()], method), "assay.toml") == GOOD


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_names_of_both_tar_families(form: int) -> None:
    name = "/".join(["d" * 60] * 5) + "/top.sv"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:", format=form) as tar:
        info = tarfile.TarInfo(name)
        info.size, info.mtime = 3, 1234.5
        tar.addfile(info, io.BytesIO(b"abc"))
    assert read_archive(buffer.getvalue(), "assay.toml") == {name: b"abc"}


def test_prefix_of_posix_headers() -> None:
    name = "p" * 90 + "/" + "n" * 90
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:", format=tarfile.USTAR_FORMAT) as tar:
        tar.addfile(tarfile.TarInfo(name))
    assert read_archive(buffer.getvalue(), "assay.toml") == {name: b""}


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("/etc/passwd", "I-008"),
        ("rtl/../../x", "I-008"),
        ("..\\x", "I-008"),
        (".git/config", "I-014"),
        ("rtl/.hidden", "I-014"),
        ("-Wno-lint", "I-014"),
        ("a b.sv", "I-014"),
        ("a\nb.sv", "I-014"),
        ("a\u202eb.sv", "I-014"),
        ("a\x1b[31m.sv", "I-014"),
        ("C:x.sv", "I-014"),
        ("n" * 101, "I-014"),
        ("/".join("d" * 13), "I-006"),
    ],
)
def test_names_that_are_refused(kit: ModuleType, name: str, rule: str) -> None:
    assert rules(kit.tarred([("assay.toml", FILE, b""), (name, FILE, b"")])) == [rule]
    assert rules(zipped([("assay.toml", b""), (name, b"")])) == [rule]


def test_a_name_at_the_limits_is_taken(kit: ModuleType) -> None:
    name = "/".join("d" * 11) + "/" + "n" * 100
    assert name in read_archive(kit.tarred([(name, FILE, b"")]), "assay.toml")


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        (tarfile.SYMTYPE, "I-009"),
        (tarfile.LNKTYPE, "I-009"),
        (tarfile.CHRTYPE, "I-010"),
        (tarfile.BLKTYPE, "I-010"),
        (tarfile.FIFOTYPE, "I-010"),
        (tarfile.GNUTYPE_SPARSE, "I-011"),
        (tarfile.CONTTYPE, "I-019"),
        (b"M", "I-019"),
    ],
)
def test_kinds_of_tar_entries_that_are_refused(kit: ModuleType, kind: bytes, rule: str) -> None:
    target = b"assay.toml" if rule == "I-009" else b""
    assert rules(kit.tarred([("assay.toml", FILE, b""), ("odd", kind, target)])) == [rule]


def test_a_file_behind_a_link_is_not_reached(kit: ModuleType) -> None:
    entries = [("out", tarfile.SYMTYPE, b"/tmp"), ("out/evil", FILE, b"x"), ("assay.toml", FILE, b"")]
    assert rules(kit.tarred(entries)) == ["I-009"]


@pytest.mark.parametrize(
    ("mode", "rule"), [(0o120777, "I-009"), (0o010644, "I-010"), (0o060644, "I-010"), (0o140644, "I-010")]
)
def test_kinds_of_zip_entries_that_are_refused(mode: int, rule: str) -> None:
    assert rules(zipped([("odd", b"/etc/passwd")], mode=mode)) == [rule]


def test_modes_are_never_looked_at() -> None:
    assert read_archive(zipped([("a.sv", b"x")], mode=0o106777), "assay.toml") == {"a.sv": b"x"}


def test_pax_sparse_is_refused() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo("a")
        info.pax_headers = {"GNU.sparse.major": "1"}
        tar.addfile(info)
    assert rules(buffer.getvalue()) == ["I-011"]


def test_global_pax_header_of_git_is_read_but_names_no_file() -> None:
    def archive(headers: dict[str, str]) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:", format=tarfile.PAX_FORMAT, pax_headers=headers) as tar:
            tar.addfile(tarfile.TarInfo("a.sv"))
        return buffer.getvalue()

    assert read_archive(archive({"comment": "0" * 40}), "assay.toml") == {"a.sv": b""}
    assert rules(archive({"path": "b.sv"})) == ["I-019"]


@pytest.mark.parametrize(
    ("first", "second", "rule"),
    [
        ("rtl/a.sv", "rtl/a.sv", "I-012"),
        ("rtl/a.sv", "./rtl//a.sv", "I-012"),
        ("rtl/a.sv", "rtl/A.sv", "I-013"),
        ("rtl/a.sv", "RTL/b.sv", "I-013"),
        ("rtl", "rtl/a.sv", "I-021"),
        ("rtl/a.sv", "rtl", "I-021"),
    ],
)
def test_names_that_meet(kit: ModuleType, first: str, second: str, rule: str) -> None:
    assert rules(kit.tarred([(first, FILE, b"1"), (second, FILE, b"2")])) == [rule]
    if first != second:
        assert rules(zipped([(first, b"1"), (second, b"2")])) == [rule]


def test_every_refusal_is_told_at_once_with_the_name(kit: ModuleType) -> None:
    entries = [("/abs", FILE, b""), ("ok.sv", FILE, b""), ("l", tarfile.SYMTYPE, b"x"), (".h", FILE, b"")]
    with pytest.raises(ArchiveError) as caught:
        read_archive(kit.tarred(entries), "assay.toml")
    found = [(f.rule, f.location.file if f.location else "") for f in caught.value.findings]
    assert found == [("I-008", "/abs"), ("I-009", "l"), ("I-014", ".h")]


def test_a_flood_of_refusals_ends(kit: ModuleType) -> None:
    assert len(rules(kit.tarred([(f".{n}", FILE, b"") for n in range(200)]))) == 50


@pytest.mark.parametrize(
    "data", [gzip.compress(b"x", mtime=0), bz2.compress(b"x"), lzma.compress(b"x"), zipped([("a", b"")])]
)
def test_nested_archives_are_refused(kit: ModuleType, data: bytes) -> None:
    assert rules(kit.tarred([("inner.bin", FILE, data)])) == ["I-015"]


def test_a_tar_in_a_tar_is_refused(kit: ModuleType) -> None:
    assert rules(kit.tarred([("inner", FILE, kit.tarred([("a", FILE, b"")]))])) == ["I-015"]


def test_too_many_files(kit: ModuleType) -> None:
    assert len(read_archive(kit.tarred([(f"f{n}", FILE, b"") for n in range(2000)], "w:gz"), "x")) == 2000
    assert rules(kit.tarred([(f"f{n}", FILE, b"") for n in range(2001)], "w:gz")) == ["I-005"]
    assert rules(zipped([(f"f{n}", b"") for n in range(2001)])) == ["I-005"]


def test_a_flood_of_folders_ends(kit: ModuleType) -> None:
    assert rules(kit.tarred([("d/", FOLDER, b"")] * 8001)) == ["I-005"]


def test_one_file_too_large(kit: ModuleType) -> None:
    noise = os.urandom(16 << 20)
    assert read_archive(kit.tarred([("a", FILE, noise)]), "x") == {"a": noise}
    assert rules(kit.tarred([("a", FILE, noise + b"x")])) == ["I-004"]
    assert rules(zipped([("a", noise + b"x")])) == ["I-004"]


def test_all_files_together_too_large(kit: ModuleType) -> None:
    noise = os.urandom(13 << 20)
    entries = [(f"f{n}", noise) for n in range(5)]
    assert rules(kit.tarred([(name, FILE, data) for name, data in entries])) == ["I-003"]
    assert rules(zipped(entries, zipfile.ZIP_STORED)) == ["I-003"]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_bombs_are_stopped_while_they_unpack(kit: ModuleType, pack: Callable[[bytes], bytes]) -> None:
    assert rules(pack(kit.tarred([("zeros", FILE, bytes(8 << 20))]))) == ["I-007"]


def test_zip_bombs_are_stopped_while_they_unpack() -> None:
    assert rules(zipped([("zeros", bytes(8 << 20))])) == ["I-007"]


@pytest.mark.parametrize("mode", ["w:", "w:gz", "w:bz2", "w:xz"])
def test_truncated_anywhere(kit: ModuleType, mode: str) -> None:
    whole = kit.tarred([("assay.toml", FILE, os.urandom(3000))], mode)
    end = len(whole) if mode != "w:" else 512 + 3072  # what follows in a plain tar is padding
    for cut in {1, 3, 100, 511, 512, 513, 700, end // 2, end - 1}:
        assert rules(whole[: min(cut, end)]) in (["I-001"], ["I-002"])


def test_truncated_zip_anywhere() -> None:
    whole = zipped(list(GOOD.items()))
    assert all(rules(whole[:cut]) in (["I-001"], ["I-002"]) for cut in range(1, len(whole)))


def test_a_damaged_header_in_the_middle_is_not_the_end(kit: ModuleType) -> None:
    whole = kit.tarred([("a", FILE, b"1"), ("b", FILE, b"2"), ("assay.toml", FILE, b"3")])
    assert rules(patched(whole, 1024, b"\xff")) == ["I-002"]


def test_nothing_hides_behind_the_end(kit: ModuleType) -> None:
    one, other = kit.tarred([("a", FILE, b"1")]), kit.tarred([("b", FILE, b"2")])
    assert rules(one + other) == ["I-002"]
    assert rules(gzip.compress(one, mtime=0) + gzip.compress(other, mtime=0)) == ["I-002"]
    assert rules(gzip.compress(one, mtime=0) + b"hidden") == ["I-002"]


def test_gzip_members_that_follow_each_other_belong_together(kit: ModuleType) -> None:
    whole = kit.tarred([("a", FILE, b"1")])
    assert read_archive(gzip.compress(whole[:700], mtime=0) + gzip.compress(whole[700:], mtime=0), "x") == {"a": b"1"}


def test_a_tar_header_that_lies_about_the_size(kit: ModuleType) -> None:
    whole = kit.tarred([("a", FILE, b"1")])
    lying = with_checksum(patched(whole, 124, b"77777777777\0")[:512]) + whole[512:]
    assert rules(lying) == ["I-002"]
    negative = with_checksum(patched(whole, 124, b"\xff" * 12)[:512]) + whole[512:]
    assert rules(negative) == ["I-001"]


@pytest.mark.parametrize("size", [0, 1, 999, 0xFFFFFFFE])
def test_a_zip_that_lies_about_the_size(size: int) -> None:
    whole = zipped([("a", b"0123456789" * 50)])
    assert rules(patched(whole, central(whole) + 24, struct.pack("<L", size))) == ["I-002"]


def test_a_zip_whose_checksum_is_wrong() -> None:
    whole = zipped([("a", b"abc")], zipfile.ZIP_STORED)
    assert rules(whole.replace(b"abc", b"abd")) == ["I-002"]


def test_a_zip_whose_two_names_differ() -> None:
    whole = zipped([("aaaa", b"x")])
    assert rules(patched(whole, 30, b"bbbb")) == ["I-002"]


def test_overlapping_zip_entries() -> None:
    whole = zipped([("aaaa", b"x" * 50), ("bbbb", b"x" * 50)], zipfile.ZIP_STORED)
    twice = patched(whole, central(whole, 1) + 42, struct.pack("<L", 0))
    assert rules(patched(twice, central(whole, 1) + 46, b"aaaa")) == ["I-016"]
    longer = patched(whole, central(whole) + 20, struct.pack("<2L", 90, 90))
    assert rules(longer) == ["I-016"]


def test_a_zip_entry_that_reaches_into_the_directory() -> None:
    whole = zipped([("aaaa", b"x")], zipfile.ZIP_STORED)
    assert rules(patched(whole, central(whole) + 20, struct.pack("<2L", 9, 9))) == ["I-016"]


@pytest.mark.parametrize("flag", [0x0001, 0x0040, 0x2000])
def test_encrypted_zip(flag: int) -> None:
    whole = zipped([("a", b"x")])
    assert rules(patched(whole, central(whole) + 8, struct.pack("<H", flag))) == ["I-017"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_methods_that_are_not_read(method: int) -> None:
    assert rules(zipped([("a", b"x")], method)) == ["I-019"]


def test_a_zip_behind_something_else_is_refused() -> None:
    assert rules(b"#!/bin/sh\n" + zipped([("a", b"x")])) == ["I-001"]
    assert rules(zipped([("a", b"x")]) + b"tail") == ["I-002"]


@pytest.mark.parametrize("data", [b"", bytes(10240), zipped([]), zipped([("d/", b"")])])
def test_empty_archives(data: bytes) -> None:
    assert rules(data) == ["I-018"]


@pytest.mark.parametrize("data", [b"hello", b"x" * 2000, gzip.compress(b"hello", mtime=0)])
def test_what_is_no_archive(data: bytes) -> None:
    assert rules(data) == ["I-001"]


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=4096), st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0"])
)
def test_noise_never_raises_anything_else(noise: bytes, start: bytes) -> None:
    with pytest.raises(ArchiveError) as caught:
        read_archive(start + noise, "assay.toml")
    assert all(finding.rule.startswith("I-0") for finding in caught.value.findings)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damage_never_raises_anything_else(data: st.DataObject) -> None:
    whole = data.draw(
        st.sampled_from([pack_tree(GOOD), gzip.compress(pack_tree(GOOD), mtime=0), zipped(list(GOOD.items()))])
    )
    at = data.draw(st.integers(0, min(len(whole), 2600) - 1))
    count = outcome(patched(whole, at, data.draw(st.binary(min_size=1, max_size=4))))
    assert -50 <= count < 0 or 0 < count <= len(GOOD)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(PATHS, CONTENT, min_size=1, max_size=8).map(distinct))
def test_packing_keeps_everything(files: dict[str, bytes]) -> None:
    packed = pack_tree(files)
    assert tree_files(packed) == files
    assert packed == pack_tree(dict(reversed(files.items())))
    assert read_archive(gzip.compress(packed, mtime=0), "\0") == files


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(PATHS, CONTENT, min_size=1, max_size=8).map(distinct))
def test_zip_and_tar_agree(files: dict[str, bytes]) -> None:
    assert read_archive(zipped(list(files.items())), "\0") == files
