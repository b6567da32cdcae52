"""A submission's bytes to files and back. Nothing is written to disk, no mode or owner is looked at, no link is followed."""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.stages.archive_entries import MAX_FILES, MAX_TOTAL, ArchiveError, Entries
from pipeline.stages.archive_stream import unpacked
from pipeline.stages.archive_tar import looks_like_tar, read_tar
from pipeline.stages.archive_zip import SIGNATURES, read_zip

__all__ = ["ArchiveError", "pack_folder", "pack_tree", "read_archive", "tree_files"]

# Made by tools from what is submitted; sent along they would only be old.
LEFT_OUT_FOLDERS = frozenset({"__pycache__", "build", "sim_build"})
LEFT_OUT_SUFFIXES = frozenset({".fst", ".vcd"})


def read_archive(data: bytes, manifest: str) -> dict[str, bytes]:
    """Path -> content of every file in a tar (plain, gzip, bzip2, xz) or zip.

    When everything lies in one top folder and `manifest` is found there, paths are relative to that folder.

    Raises:
        ArchiveError: with one finding (I-001 to I-021) per refusal.
    """
    entries = Entries()
    if not data:
        entries.stop("I-018")
    if data.startswith(SIGNATURES):
        read_zip(data, entries)
    else:
        inner = unpacked(data, entries)
        if not looks_like_tar(inner):
            entries.stop("I-001")
        read_tar(inner, entries)
    return _without_top(entries.finish(), manifest)


def _without_top(files: Mapping[str, bytes], manifest: str) -> dict[str, bytes]:
    tops = {name.partition("/")[0] for name in files}
    top = f"{min(tops)}/"
    if manifest in files or len(tops) > 1 or top + manifest not in files:
        return dict(files)
    return {name.removeprefix(top): data for name, data in files.items()}


def pack_tree(files: Mapping[str, bytes]) -> bytes:
    """The normalised tree: an uncompressed tar, names sorted, owners and times zero; equal files give equal bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:") as tar:
        for name, data in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def tree_files(tree: bytes) -> dict[str, bytes]:
    """What `pack_tree` packed."""
    entries = Entries()
    read_tar(tree, entries)
    return dict(entries.finish())


def pack_folder(folder: Path) -> bytes:
    """A submission archive (tar.gz) of a directory; the same files give the same bytes.

    Hidden files, folders that tools make and waves are left out.

    Raises:
        UsageError: I-040 no folder, I-041 a link or special file, I-042 too much, I-043 unreadable, I-044 empty.
    """
    if not folder.is_dir():
        raise UsageError("I-040", folder=folder)
    files: dict[str, bytes] = {}
    total = 0
    for path in _wanted(folder):
        name = path.relative_to(folder).as_posix()
        files[name] = _content(path, name)
        total += len(files[name])
        if total > MAX_TOTAL or len(files) > MAX_FILES:
            raise UsageError("I-042", folder=folder, files=MAX_FILES, limit=MAX_TOTAL >> 20)
    if not files:
        raise UsageError("I-044", folder=folder)
    return gzip.compress(pack_tree(files), mtime=0)


def _wanted(folder: Path) -> Iterator[Path]:
    """Everything below `folder` that is to be sent, without entering links."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise UsageError("I-043", name=folder, cause=error.strerror) from error
    for entry in entries:
        is_folder = entry.is_dir(follow_symlinks=False)
        if entry.name.startswith(".") or (is_folder and entry.name in LEFT_OUT_FOLDERS):
            continue
        if is_folder:
            yield from _wanted(Path(entry.path))
        elif Path(entry.name).suffix not in LEFT_OUT_SUFFIXES:
            yield Path(entry.path)


def _content(path: Path, name: str) -> bytes:
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise UsageError("I-041", name=name)
        if status.st_size > MAX_TOTAL:
            raise UsageError("I-042", folder=name, files=MAX_FILES, limit=MAX_TOTAL >> 20)
        return path.read_bytes()
    except OSError as error:
        raise UsageError("I-043", name=name, cause=error.strerror) from error
