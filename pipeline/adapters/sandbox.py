"""The sandbox: a job sees the tools, its work directory and nothing else. Level 2 with bubblewrap, level 0 without.

Level 2 is bubblewrap (namespaces, read-only mounts, no capability), a seccomp filter and resource limits; under root each
job has a uid of its own as well. Level 0 sets limits only: for a developer's own design, never certifiable.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.adapters import seccomp
from pipeline.adapters.bubblewrap import Descriptors, Programs, Status, command, limited, read_status
from pipeline.adapters.namespace import own_uid, user_namespace
from pipeline.adapters.process import PLAIN_ENV, run
from pipeline.adapters.workdir import lent, overflows
from pipeline.errors import InfrastructureError, UsageError
from pipeline.ports import Sandbox, SandboxJob, SandboxResult
from pipeline.settings import SANDBOXES
from pipeline.stages.outputs import plain

SYSTEM_PATH = PLAIN_ENV["PATH"]
# Program -> the Debian package that brings it.
PROGRAMS = {"bwrap": "bubblewrap", "prlimit": "util-linux", "setpriv": "util-linux"}
_PROBE_S = 10.0
_END_S = 5.0
_OPEN_TO_ALL = stat.S_IROTH | stat.S_IXOTH
# Ends with 0 only where the filter is on and privileges cannot come back.
_PROBE = ("/bin/sh", "-c", "grep -q 'Seccomp:.2' /proc/self/status && grep -q 'NoNewPrivs:.1' /proc/self/status")


@dataclass(frozen=True, slots=True)
class Rung:
    """One level of the ladder on this host. `detail`: a version or what a program said; `rule`: why not, empty if it is."""

    level: int
    name: str
    available: bool
    detail: str
    rule: str = ""


def open_sandbox(choice: str, search: str = SYSTEM_PATH) -> Sandbox:
    """The sandbox for `choice` (auto | bubblewrap | none), tried once; its programs are looked for in `search`.

    `auto` takes the best level that is available, and never level 0.

    Raises:
        InfrastructureError: P-110 programs are missing, P-111 bubblewrap does not work on this host, P-113 unknown machine.
        UsageError: U-924 no such choice.
    """
    if choice not in SANDBOXES:
        raise UsageError("U-924", value=choice[:40], known=", ".join(SANDBOXES))
    if choice == "none":
        return NoSandbox(Programs(_find(("prlimit",), search)["prlimit"]))
    sandbox = BubblewrapSandbox(_programs(search), user_namespace())
    _try_out(sandbox)
    return sandbox


def sandbox_ladder(search: str = SYSTEM_PATH) -> tuple[Rung, ...]:
    """All levels that exist, best first, each tried on this host."""
    return (_rung(2, "bubblewrap + seccomp + rlimits", "bubblewrap", search), _rung(0, "rlimits", "none", search))


def _rung(level: int, name: str, choice: str, search: str) -> Rung:
    try:
        sandbox = open_sandbox(choice, search)
    except InfrastructureError as error:
        return Rung(level, name, available=False, detail=error.values.get("log", ""), rule=error.rule)
    return Rung(level, name, available=True, detail=sandbox.version if isinstance(sandbox, BubblewrapSandbox) else "")


class NoSandbox:
    """Level 0: the command itself, under resource limits. It can read and write whatever this user can."""

    level = 0

    def __init__(self, programs: Programs) -> None:
        self._programs = programs

    def run(self, job: SandboxJob, cancel: threading.Event | None = None) -> SandboxResult:
        """See `ports.Sandbox`. Processes are not counted: that limit would count all of this user's."""
        with _lent(job, None):
            return run(
                limited(job, self._programs, processes=False),
                cwd=job.work,
                wall_s=job.wall_s,
                env=job.env,
                log_bytes=job.log_bytes,
                cancel=cancel,
                check=lambda: overflows(job.work),
            )


class BubblewrapSandbox:
    """Level 2. With a user namespace made by root every job has its own uid, else it has the caller's, who is not root."""

    level = 2

    def __init__(self, programs: Programs, namespace: int | None) -> None:
        if namespace is None and os.geteuid() == 0:
            raise ValueError("a job must not be root: see namespace")
        self._programs, self._namespace, self._filter = programs, namespace, seccomp.program()

    @property
    def version(self) -> str:
        """Name and version of bubblewrap, and whether jobs have uids of their own."""
        result = run((self._programs.bwrap, "--version"), cwd=Path("/"), wall_s=_PROBE_S)
        return plain(result.log.strip(), 100) + ("" if self._namespace is None else ", a uid for each job")

    def run(self, job: SandboxJob, cancel: threading.Event | None = None) -> SandboxResult:
        """See `ports.Sandbox`.

        Raises:
            InfrastructureError: P-112 bubblewrap could not set the job up, P-114 its processes do not end, P-115 a path to
                read is closed to the job's uid.
        """
        with nullcontext() if self._namespace is None else own_uid() as uid, _lent(job, uid):
            if uid is not None:
                _check_readable(job)
            with _memory_file(self._filter) as filter_file, _memory_file(b"") as status_file:
                files = Descriptors(filter_file, status_file, self._namespace)
                result = run(
                    command(job, self._programs, files, uid),
                    cwd=Path("/"),
                    wall_s=job.wall_s,
                    log_bytes=job.log_bytes,
                    cancel=cancel,
                    pass_fds=files.all,
                    check=lambda: overflows(job.work),
                )
                status = read_status(status_file)
            _wait_for_end(status.init)
        return _judged(result, status)


def _judged(result: SandboxResult, status: Status) -> SandboxResult:
    """What bubblewrap says of its child is what became of the job; without its word the job never ran to an end."""
    if result.cause not in {"exited", "signalled"}:
        return result
    if status.code is None:
        raise InfrastructureError("P-112", code=result.code, log=plain(result.log))
    number = status.code - 128
    if number in signal.valid_signals():
        return replace(result, cause="signalled", code=number)
    return replace(result, cause="exited", code=status.code)


def _wait_for_end(pid: int | None) -> None:
    """Until the first process of the job's namespace is gone: the kernel lets it go last."""
    if pid is None:
        return
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        if not poll.poll(_END_S * 1000):
            raise InfrastructureError("P-114", pid=pid, seconds=f"{_END_S:g}")
    finally:
        os.close(handle)


@contextmanager
def _lent(job: SandboxJob, uid: int | None) -> Iterator[None]:
    try:
        with lent(job.work, uid):
            yield
    except OSError as error:
        raise InfrastructureError("P-116", path=error.filename or job.work, reason=error.strerror) from error


@contextmanager
def _memory_file(data: bytes) -> Iterator[int]:
    descriptor = os.memfd_create("assay")
    try:
        os.write(descriptor, data)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def _check_readable(job: SandboxJob) -> None:
    """A folder that only root may open would make the job fail in a way that looks like the design's fault."""
    for path in job.reads:
        if path.is_dir() and path.stat().st_mode & _OPEN_TO_ALL != _OPEN_TO_ALL:
            raise InfrastructureError("P-115", path=path)


def _find(names: tuple[str, ...], search: str) -> dict[str, str]:
    found = {name: shutil.which(name, path=search) for name in names}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        packages = " ".join(dict.fromkeys(PROGRAMS[name] for name in missing))
        raise InfrastructureError("P-110", programs=", ".join(missing), packages=packages)
    return {name: os.path.realpath(path) for name, path in found.items() if path is not None}


def _programs(search: str) -> Programs:
    found = _find(tuple(PROGRAMS), search)
    options = run((found["bwrap"], "--help"), cwd=Path("/"), wall_s=_PROBE_S).log
    return Programs(found["prlimit"], found["setpriv"], found["bwrap"], b"--disable-userns" in options)


def _try_out(sandbox: BubblewrapSandbox) -> None:
    with tempfile.TemporaryDirectory(prefix="assay-") as work:
        try:
            result = sandbox.run(SandboxJob(_PROBE, Path(work), env=PLAIN_ENV, wall_s=_PROBE_S))
        except InfrastructureError as error:
            raise InfrastructureError("P-111", log=error.values.get("log") or error.values.get("reason", "")) from error
    if not result.ok:
        raise InfrastructureError("P-111", log=plain(result.log) or f"{result.cause} {result.code}")
