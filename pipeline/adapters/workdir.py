"""The folder a sandboxed command may write to: lent to its user, measured while it runs, put in order afterwards.

What the command left is hostile: links, modes without access, chains of folders deeper than any library can walk.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MOST_BYTES = 8 << 30
MOST_FILES = 50_000
DEEPEST = 32
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_GRAVE = ".assay-too-deep-"


@contextmanager
def lent(work: Path, uid: int | None) -> Iterator[None]:
    """Make the tree under `work` belong to `uid` for a while (None: leave the owner), and put it in order afterwards.

    Afterwards: owned by this process again, every folder open to it, nothing deeper than `DEEPEST`.
    """
    if uid is not None:
        _give(work, uid)
    try:
        yield
    finally:
        if uid is not None:
            _give(work, os.geteuid())
        _open_folders(work)
        _remove_depths(work)


def overflows(work: Path) -> bool:
    """More than `MOST_FILES` files or `MOST_BYTES` bytes on disk. Counts what it can reach; the command runs meanwhile."""
    count = size = 0
    for folder, names in _folders(work):
        for name in names:
            with suppress(OSError):
                size += os.stat(name, dir_fd=folder, follow_symlinks=False).st_blocks * 512
        count += len(names)
        if count > MOST_FILES or size > MOST_BYTES:
            return True
    return False


def _folders(work: Path) -> Iterator[tuple[int, list[str]]]:
    """(open folder, its entries) of every folder down to `DEEPEST`, parents first; never through a link."""
    pending: list[tuple[str, ...]] = [()]
    while pending:
        path = pending.pop()
        folder = _open(work, path)
        if folder is None:
            continue
        try:
            names = _names(folder)
            yield folder, names
            if len(path) < DEEPEST:
                pending += [(*path, name) for name in names if _is_folder(folder, name)]
        finally:
            os.close(folder)


def _open(work: Path, path: tuple[str, ...]) -> int | None:
    try:
        folder = os.open(work, _FOLDER)
    except OSError:
        return None
    for name in path:
        try:
            inner = os.open(name, _FOLDER, dir_fd=folder)
        except OSError:
            return None
        finally:
            os.close(folder)
        folder = inner
    return folder


def _names(folder: int) -> list[str]:
    """At most `MOST_FILES` + 1 entries: enough to know that there are too many."""
    found: list[str] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found.append(entry.name)
            if len(found) > MOST_FILES:
                break
    return found


def _is_folder(folder: int, name: str) -> bool:
    with suppress(OSError):
        return stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    return False


def _give(work: Path, uid: int) -> None:
    """Change owners without following links. Group is the user's own number, as the sandbox sets it."""
    os.chown(work, uid, uid, follow_symlinks=False)
    for folder, names in _folders(work):
        for name in names:
            with suppress(OSError):
                os.chown(name, uid, uid, dir_fd=folder, follow_symlinks=False)


def _open_folders(work: Path) -> None:
    """Give back access to folders whose modes forbid it; a second look enters what the first one opened."""
    for _round in range(DEEPEST):
        closed = [(os.dup(folder), name) for folder, names in _folders(work) for name in names if _closed(folder, name)]
        for folder, name in closed:
            with suppress(OSError):
                os.chmod(name, 0o700, dir_fd=folder)
            os.close(folder)
        if not closed:
            return


def _closed(folder: int, name: str) -> bool:
    with suppress(OSError):
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        return stat.S_ISDIR(mode) and mode & 0o700 != 0o700
    return False


def _remove_depths(work: Path) -> None:
    """Remove what lies deeper than `DEEPEST`: lift it to the top, where it is shallow, until nothing is deep."""
    count = 0
    while grave := _lift_one(work, count):
        count += 1
        while inner := _lift_one(grave, count, work):
            count += 1
            del inner
        shutil.rmtree(grave, ignore_errors=True)
