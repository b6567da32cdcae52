from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.adapters.namespace import FIRST_UID
from pipeline.adapters.workdir import DEEPEST, lent, overflows

UID = FIRST_UID + 7


def chain(top: Path, count: int) -> None:
    """Folders d/d/d/... below `top`, however deep, with a file in each; no path that the kernel finds too long."""
    folder = os.open(top, os.O_RDONLY)
    for _ in range(count):
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
        os.mkdir("d", dir_fd=folder)
        inner = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)


def depth(top: Path) -> int:
    return max((len(path.relative_to(top).parts) for path in top.rglob("*") if path.is_dir()), default=0)


def test_an_ordinary_tree_stays_as_it_is(tmp_path: Path) -> None:
    with lent(tmp_path, None):
        (tmp_path / "a" / "b").mkdir(parents=True)
        (tmp_path / "a" / "b" / "file").write_text("text")
        (tmp_path / "a").chmod(0o755)
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == ["a", "a/b", "a/b/file"]
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("count", [DEEPEST - 1, DEEPEST, DEEPEST + 1, 250, 3000])
def test_what_is_deeper_than_any_library_walks_is_removed(tmp_path: Path, count: int) -> None:
    with lent(tmp_path, None):
        chain(tmp_path, count)
    assert depth(tmp_path) == min(count, DEEPEST)
    assert [path.name for path in tmp_path.iterdir() if path.name not in {"d", "file"}] == []


def test_many_deep_branches_are_removed_at_once(tmp_path: Path) -> None:
    with lent(tmp_path, None):
        for branch in range(40):
            (tmp_path / str(branch)).mkdir()
            chain(tmp_path / str(branch), DEEPEST + 9)
    assert depth(tmp_path) == DEEPEST
    assert len(list(tmp_path.iterdir())) == 40


def test_folders_without_access_are_opened(tmp_path: Path) -> None:
    with lent(tmp_path, None):
        chain(tmp_path, DEEPEST + 5)
        for path in sorted((path for path in tmp_path.rglob("*") if path.is_dir()), reverse=True):
            path.chmod(0)
        tmp_path.chmod(0)
    assert depth(tmp_path) == DEEPEST
    assert {path.stat().st_mode & 0o700 for path in [tmp_path, *tmp_path.rglob("d")]} == {0o700}


def test_links_are_never_followed(tmp_path: Path) -> None:
    outside, work = tmp_path / "outside", tmp_path / "work"
    (outside / "deep").mkdir(parents=True, mode=0o500)
    chain(outside, DEEPEST + 5)
    work.mkdir()
    with lent(work, None):
        (work / "link").symlink_to(outside)
    assert (outside / "deep").stat().st_mode & 0o777 == 0o500
    assert depth(outside) == DEEPEST + 5
    assert (work / "link").is_symlink()


@pytest.mark.usefixtures("as_root")
def test_owners_change_and_come_back(tmp_path: Path) -> None:
    outside, work = tmp_path / "outside", tmp_path / "work"
    outside.write_text("ours")
    (work / "a").mkdir(parents=True)
    (work / "a" / "file").write_text("text")
    (work / "link").symlink_to(outside)
    with lent(work, UID):
        owners = {path.lstat().st_uid for path in [work, *work.rglob("*")]}
        assert owners == {UID}
        assert outside.stat().st_uid == 0
        (work / "new").write_text("more")
        os.chown(work / "new", UID, UID)
    assert {path.lstat().st_uid for path in [work, *work.rglob("*")]} == {0}


@pytest.mark.usefixtures("as_root")
def test_owners_come_back_when_the_job_raises(tmp_path: Path) -> None:
    with pytest.raises(KeyError), lent(tmp_path, UID):
        raise KeyError
    assert tmp_path.stat().st_uid == 0


def test_overflow_by_files_in_one_folder_or_in_many(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).mkdir()
        for number in range(9):
            (tmp_path / name / str(number)).touch()
    assert overflows(tmp_path, most_files=29)
    assert not overflows(tmp_path, most_files=30)
    assert overflows(tmp_path / "a", most_files=8)


def test_overflow_by_bytes_on_disk_and_not_by_holes(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    assert not overflows(tmp_path, most_bytes=1 << 20)
    (tmp_path / "full").write_bytes(bytes(2 << 20))
    os.sync()
    assert overflows(tmp_path, most_bytes=1 << 20)


def test_overflow_of_a_folder_that_vanished_is_none(tmp_path: Path) -> None:
    assert not overflows(tmp_path / "gone")
