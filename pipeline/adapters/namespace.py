"""A user namespace made by root, so that jobs run under uids of their own that nothing else on the host has.

Inside it root is root, which lets bubblewrap bind what lies below a home of mode 0700, and a range of unprivileged uids is
itself. The job gets one of those. It must never stay root, not even in a namespace without capabilities: the files below
/proc/sys are root's, so such a job could write kernel.core_pattern, and RLIMIT_NPROC does not count root's processes.
"""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from pipeline.adapters.process import PLAIN_ENV, Child, run, spawn
from pipeline.errors import InfrastructureError
from pipeline.stages.outputs import plain

# 0x70000000 to 0x7FFFFFFF: no distribution, directory service or container engine hands these out.
FIRST_UID = 0x7000_0000
UIDS = 1 << 28
SLOTS = 256
"""Jobs of this process at a time; one more waits."""

_START_S = 5.0
_free: queue.SimpleQueue[int] = queue.SimpleQueue()
for _slot in range(SLOTS):
    _free.put(_slot)


@cache
def user_namespace() -> int | None:
    """An open file of the namespace, which lives as long as this process; None for callers other than root, who need none.

    Raises:
        InfrastructureError: P-111 root may not make one here.
    """
    if os.geteuid() != 0:
        return None
    try:
        return _make()
    except OSError as error:
        raise InfrastructureError("P-111", log=f"a user namespace for jobs: {error.strerror or error}") from error


@contextmanager
def own_uid() -> Iterator[int]:
    """A uid that no other job has meanwhile, of this process or of another one: limits on processes count per uid."""
    slot = _free.get()
    try:
        yield FIRST_UID + os.getpid() % (UIDS // SLOTS) * SLOTS + slot
    finally:
        _free.put(slot)


def _make() -> int:
    holder = spawn(("unshare", "--user", "sleep", "60"), cwd=Path("/"), env=PLAIN_ENV, log=Path(os.devnull))
    try:
        return _prepare(holder)
    finally:
        holder.kill()
        holder.wait()


def _prepare(holder: Child) -> int:
    _until_apart(holder)
    for kind in ("uid", "gid"):
        Path(f"/proc/{holder.pid}/{kind}_map").write_text(f"0 0 1\n{FIRST_UID} {FIRST_UID} {UIDS}\n")
    name = f"/proc/{holder.pid}/ns/user"
    forbid = ("nsenter", f"--user={name}", "sh", "-c", "echo 0 >/proc/sys/user/max_user_namespaces")
    result = run(forbid, cwd=Path("/"), wall_s=_START_S)
    if not result.ok:
        raise OSError(plain(result.log, 200))
    return os.open(name, os.O_RDONLY | os.O_CLOEXEC)


def _until_apart(holder: Child) -> None:
    """Until the holder has left our own namespace; OSError when it does not."""
    ours, end = Path("/proc/self/ns/user").readlink(), time.monotonic() + _START_S
    while Path(f"/proc/{holder.pid}/ns/user").readlink() == ours:
        if time.monotonic() > end or holder.poll() is not None:
            raise OSError("refused by the kernel")
        time.sleep(0.001)
