"""A folder and its archive: the top folder that people pack along, what is packed, and what is refused."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path
from types import ModuleType

import pytest

from pipeline.errors import UsageError
from pipeline.stages.archive import pack_folder, read_archive

GOOD = {"assay.toml": b"x = 1\n", "rtl/top.sv": b"module top; endmodule\n"}


def test_a_single_top_folder_is_taken_off_when_the_manifest_is_in_it(kit: ModuleType) -> None:
    inside = kit.tarred([(f"proj/{name}", tarfile.REGTYPE, data) for name, data in GOOD.items()])
    assert read_archive(inside, "assay.toml") == GOOD
    assert set(read_archive(inside, "proj/assay.toml")) == {f"proj/{name}" for name in GOOD}
    assert set(read_archive(inside, "other.toml")) == {f"proj/{name}" for name in GOOD}
    beside = kit.tarred([("proj/assay.toml", tarfile.REGTYPE, b""), ("x", tarfile.REGTYPE, b"")])
    assert set(read_archive(beside, "assay.toml")) == {"proj/assay.toml", "x"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in GOOD.items():
        path = tmp_path / "design" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "design"


def test_a_folder_is_packed_without_what_tools_made(folder: Path) -> None:
    for name in (".git/config", "__pycache__/a.pyc", "sim_build/x", "build/y", "rtl/build/z", "a.vcd", "rtl/b.fst", ".env"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    (folder / ".venv").symlink_to("/")
    assert read_archive(pack_folder(folder), "assay.toml") == GOOD


def test_the_same_folder_gives_the_same_bytes(folder: Path) -> None:
    before = pack_folder(folder)
    os.utime(folder / "assay.toml", (1, 1))
    (folder / "assay.toml").chmod(0o600)
    assert pack_folder(folder) == before


def test_folders_that_are_not_packed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (folder / "link.sv").symlink_to("assay.toml")
    for path, rule in ((folder, "I-041"), (tmp_path / "empty", "I-044"), (tmp_path / "none", "I-040")):
        with pytest.raises(UsageError) as caught:
            pack_folder(path)
        assert caught.value.rule == rule


def test_a_link_to_a_folder_and_a_pipe_are_not_packed(folder: Path) -> None:
    (folder / "etc").symlink_to("/etc")
    with pytest.raises(UsageError, match="I-041"):
        pack_folder(folder)
    (folder / "etc").unlink()
    os.mkfifo(folder / "pipe")
    with pytest.raises(UsageError, match="I-041"):
        pack_folder(folder)


def test_too_much_is_not_packed(folder: Path) -> None:
    for number in range(2000):
        (folder / f"f{number}").touch()
    with pytest.raises(UsageError, match="I-042"):
        pack_folder(folder)
