"""Hostile archives through the whole command: REJECTED before anything of them was written or run."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.sim, pytest.mark.xdist_group("e2e")]

FILE, LINK, HARD, FIFO = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE
ENTRIES = {
    "link": (("adder.sv", LINK, b"/etc/passwd"), "I-009"),
    "hard link": (("adder.sv", HARD, b"assay.toml"), "I-009"),
    "pipe": (("adder.sv", FIFO, b""), "I-010"),
    "path of the parent": (("../../adder.sv", FILE, b"x"), "I-008"),
    "absolute path": (("/etc/adder.sv", FILE, b"x"), "I-008"),
    "shell in a name": (("$(touch pwned);`id`.sv", FILE, b"x"), "I-014"),
    "markup in a name": (("<img src=x onerror=alert(1)>.sv", FILE, b"x"), "I-014"),
    "escape sequence in a name": (("\x1b[2J\x1b[31mACCEPTED.sv", FILE, b"x"), "I-014"),
    "option as a name": (("--exe", FILE, b"x"), "I-014"),
    "archive in the archive": (("more.sv", FILE, gzip.compress(b"x")), "I-015"),
}


@pytest.mark.parametrize("case", ENTRIES)
def test_one_hostile_entry_refuses_the_whole(check: Any, kit: Any, case: str) -> None:
    entry, rule = ENTRIES[case]
    answer = check(kit.tarred([("assay.toml", FILE, kit.adder()["assay.toml"]), entry]))
    answer.refused_by("intake", rule)
    assert "".join(c if " " <= c <= "~" else "?" for c in entry[0]) in answer.out


def zipped(size: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for number in range(5):
            archive.writestr(f"{number}.sv", b"/" * (size // 5))
    return buffer.getvalue()


WHOLE: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "I-018"),
    "an empty tar": (lambda: b"\0" * 10240, "I-018"),
    "a text": (lambda: b"module adder; endmodule\n" * 100, "I-001"),
    "a truncated tar.gz": (lambda: gzip.compress(bytes(range(256)) * 300)[:200], "I-002"),
    "65 MiB": (lambda: zipped(65 << 20), "I-003"),
    "a bomb": (lambda: gzip.compress(b"\0" * (70 << 20)), "I-007"),
    "a bomb in xz": (lambda: lzma.compress(b"\0" * (70 << 20), preset=0), "I-007"),
    "a bomb in bzip2": (lambda: bz2.compress(b"\0" * (70 << 20)), "I-007"),
}


@pytest.mark.parametrize("case", WHOLE)
def test_an_archive_that_is_none_is_refused(check: Any, case: str) -> None:
    make, rule = WHOLE[case]
    check(make()).refused_by("intake", rule)


def test_the_same_in_korean(korean: Any, kit: Any) -> None:
    answer = korean(kit.tarred([("../x", FILE, b"x"), ("y", LINK, b"z")]))
    answer.refused_by("intake", "I-008", "I-009")
    assert "부적합" in answer.out
    assert "나가는" in answer.out or "링크" in answer.out


def test_a_link_in_a_folder_is_refused_before_anything_is_submitted(check: Any, kit: Any, tmp_path: Path) -> None:
    for name, data in kit.adder().items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "secret.sv").symlink_to("/etc/passwd")
    answer = check(tmp_path)
    assert (answer.code, answer.run) == (2, None)
    assert "I-041" in answer.err
    assert "secret.sv" in answer.err
