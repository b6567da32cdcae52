"""The folder a sandboxed command may write to: lent to its user, measured while it runs, put in order afterwards.

What the command left is hostile: links, modes without access, chains of folders deeper than any library can walk.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from pipeline.adapters.process import run

MOST_BYTES = 8 << 30
MOST_FILES = 50_000
DEEPEST = 32
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN = 0o700
_REMOVE_S = 60.0


@contextmanager
def lent(work: Path, uid: int | None) -> Iterator[None]:
    """Make the tree under `work` belong to `uid` for a while (None: leave the owner), and put it in order afterwards.

    Afterwards: owned by this process again, every folder open to it, nothing deeper than `DEEPEST`; else OSError.
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


def overflows(work: Path, most_files: int = MOST_FILES, most_bytes: int = MOST_BYTES) -> bool:
    """More than that many files or bytes on disk. Counts what it can reach; the command runs meanwhile."""
    count = size = 0
    for folder in _folders(work, most_files):
        for name in folder.names:
            with suppress(OSError):
                size += os.stat(name, dir_fd=folder.file, follow_symlinks=False).st_blocks * 512
        count += len(folder.names)
        if count > most_files or size > most_bytes:
            return True
    return False


class _Folder(NamedTuple):
    """`file` is open while its turn lasts; `names` are its entries; `depth` is 0 at the top."""

    file: int
    names: list[str]
    depth: int


def _folders(work: Path, most: int | None = None) -> Iterator[_Folder]:
    """Every folder down to `DEEPEST`, parents first; never through a link. `most` + 1 entries of each are enough."""
    pending: list[tuple[str, ...]] = [()]
    while pending:
        path = pending.pop()
        file = _open(work, path)
        if file is None:
            continue
        try:
            names = _names(file, most)
            yield _Folder(file, names, len(path))
            if len(path) < DEEPEST:
                pending += [(*path, name) for name in names if _is_folder(file, name)]
        finally:
            os.close(file)


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


def _names(folder: int, most: int | None) -> list[str]:
    found: list[str] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found.append(entry.name)
            if most is not None and len(found) > most:
                break
    return found


def _mode(folder: int, name: str) -> int:
    """The entry's own mode; 0, which is no kind of file, when it is gone."""
    with suppress(OSError):
        return os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    return 0


def _is_folder(folder: int, name: str) -> bool:
    return stat.S_ISDIR(_mode(folder, name))


def _give(work: Path, uid: int) -> None:
    """Change owners without following links. Group is the user's own number, as the sandbox sets it."""
    os.chown(work, uid, uid, follow_symlinks=False)
    for folder in _folders(work):
        for name in folder.names:
            with suppress(OSError):
                os.chown(name, uid, uid, dir_fd=folder.file, follow_symlinks=False)


def _open_folders(work: Path) -> None:
    """Give back access to folders whose modes forbid it. Parents come first: what is opened here is entered next."""
    work.chmod(work.stat().st_mode | _OPEN)
    for folder in _folders(work):
        for name in folder.names:
            mode = _mode(folder.file, name)
            if stat.S_ISDIR(mode) and mode & _OPEN != _OPEN:
                with suppress(OSError):
                    os.chmod(name, _OPEN, dir_fd=folder.file)


def _remove_depths(work: Path) -> None:
    """Remove what lies deeper than `DEEPEST`: lifted to the top, from where `rm` can walk any depth."""
    grave = ""
    for number, (folder, name) in enumerate(_too_deep(work)):
        grave = grave or tempfile.mkdtemp(prefix=".assay-too-deep-", dir=work)
        os.rename(name, f"{grave}/{number}", src_dir_fd=folder)
    if not grave:
        return
    run(("chmod", "-R", "u+rwx", "--", grave), cwd=work, wall_s=_REMOVE_S)
    if not run(("rm", "-rf", "--one-file-system", "--", grave), cwd=work, wall_s=_REMOVE_S).ok:
        raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), grave)


def _too_deep(work: Path) -> Iterator[tuple[int, str]]:
    """(open folder at `DEEPEST`, a folder in it): all there are."""
    for folder in _folders(work):
        if folder.depth == DEEPEST:
            yield from ((folder.file, name) for name in folder.names if _is_folder(folder.file, name))
