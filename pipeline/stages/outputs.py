"""Files that come back from the sandbox, and the tree that goes in. What a sandboxed program left behind is hostile data."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from pathlib import Path, PurePosixPath

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_KEPT = frozenset(b"\n\t") | frozenset(range(0x20, 0x7F))


def read_output(directory: Path, name: str, limit: int) -> bytes | None:
    """Bytes of a regular file with one link and at most `limit` bytes; None when there is no such file."""
    try:
        handle = os.open(directory / name, _FLAGS)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1 or status.st_size > limit:
            return None
        data = file.read(limit + 1)
    return data if len(data) <= limit else None


def plain(text: bytes, limit: int = 4000) -> str:
    """The last `limit` bytes of a log as printable ASCII: control bytes and everything else become '?'."""
    return bytes(byte if byte in _KEPT else 0x3F for byte in text[-limit:]).decode("ascii")


def unpack_tree(archive: bytes, target: Path, *, without: tuple[str, ...] = ()) -> None:
    """Unpack the normalised tree (our own tar, made by intake) into the new folder `target`, without some endings.

    ValueError for a name that leads elsewhere and for anything but a file: intake lets neither in.
    """
    target.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
        for member in tar:
            name, file = PurePosixPath(member.name), tar.extractfile(member) if member.isreg() else None
            if file is None or name.is_absolute() or ".." in name.parts:
                raise ValueError(f"not a file of a tree: {member.name!r}")
            if without and member.name.endswith(without):
                continue
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.read())
            path.chmod(0o644)
