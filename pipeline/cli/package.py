"""The bytes of what is to be checked: a folder is packed, an archive is read as it is."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.cli.world import Shell
from pipeline.errors import UsageError

MOST_BYTES = 512 << 20


def read_package(shell: Shell, given: Path) -> bytes:
    """The archive; UsageError U-921 when there is none. Intake judges what is in it, not this."""
    path = shell.path(given)
    try:
        if path.is_dir():
            return shell.world.pack(path)
        if path.stat().st_size > MOST_BYTES:
            raise UsageError("U-921", path=given, reason=f"> {MOST_BYTES >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise UsageError("U-921", path=given, reason=os.strerror(error.errno or 0)) from None
