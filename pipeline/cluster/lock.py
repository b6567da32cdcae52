"""One centre on one home: a lock that its process holds, with its process id inside. A worker knows its centre by it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from pipeline.errors import UsageError

NAME = "up.lock"


class HomeLock:
    """Held from `take` to `release`, and never longer than this process lives."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._file = -1

    def take(self) -> None:
        """Raises UsageError U-904 when another centre holds it."""
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(self._home / NAME, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            raise UsageError("U-904", home=self._home) from None
        os.ftruncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        self._file = file

    def release(self) -> None:
        """Let the next centre in; nothing when it is not held."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def is_centre(home: Path, pid: int) -> bool:
    """Whether that process holds, or was the last to hold, the lock of `home`."""
    try:
        return (home / NAME).read_text() == str(pid)
    except OSError:
        return False
