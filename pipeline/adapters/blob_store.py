"""Content-addressed blobs of one tenant in a directory: durable when `put` returns, checked on every `get`."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from pipeline.errors import BlobError, InfrastructureError

DIGEST = re.compile(r"[0-9a-f]{64}")
LARGEST = 4 << 30
"""Bytes. Nothing that a stage keeps comes near it; a larger file is not ours."""


class BlobStore:
    """Blobs lie under `<root>/<first two digits>/<digest>`, mode 0600, directories 0700; a root for each tenant."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, data: bytes) -> str:
        """Store durably and return the SHA-256 in hex. A blob that is there already is checked, and repaired when damaged.

        Raises InfrastructureError P-021 when the disk refuses (full, read-only).
        """
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        with suppress(BlobError):  # damaged: the rename below replaces it
            if path.exists() and self.get(digest) == data:
                return digest
        try:
            self._write(path, data)
        except OSError as error:
            raise InfrastructureError("P-021", reason=os.strerror(error.errno or errno.EIO)) from error
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes; BlobError P-020 when they are missing, no plain file, or no longer match their digest."""
        if not DIGEST.fullmatch(digest):
            raise BlobError("P-020", digest=digest[:64], reason="not a digest")
        try:
            data = _read(self._path(digest))
        except OSError as error:
            raise BlobError("P-020", digest=digest, reason=os.strerror(error.errno or errno.EIO)) from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise BlobError("P-020", digest=digest, reason="the bytes changed")
        return data

    def _path(self, digest: str) -> Path:
        return self._root / digest[:2] / digest

    def _write(self, path: Path, data: bytes) -> None:
        """Temporary file, fsync, rename, fsync of the directory: a reader finds the whole blob or none."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
        for directory in (path.parent, self._root):
            _sync(directory)


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            raise OSError(errno.EINVAL, "not a plain file")
        return file.read()


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
