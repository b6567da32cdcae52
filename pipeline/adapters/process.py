"""The only user of `subprocess`: run a command to its end under caps, or start one that lives longer."""

from __future__ import annotations

import os
import select
import signal
import subprocess  # noqa: TID251 - the one module that may
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.ports import Cause, SandboxResult

# What a child gets when the caller names nothing: enough to find programs, nothing that could be a secret.
PLAIN_ENV: Mapping[str, str] = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
NOT_STARTED = 127
_TICK_S = 0.05
_CHECK_S = 0.5
_CHUNK = 1 << 16
_LAST_WORDS_S = 1.0


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    wall_s: float,
    env: Mapping[str, str] | None = None,
    log_bytes: int = 4 << 20,
    cancel: threading.Event | None = None,
    pass_fds: Sequence[int] = (),
    check: Callable[[], bool] | None = None,
) -> SandboxResult:
    """Run `argv` in a session of its own until it ends, `wall_s` seconds pass, it prints more than `log_bytes`, or `cancel`.

    stdout and stderr share one log, cut at `log_bytes`. `env` is the whole environment (`PLAIN_ENV` when None). `check` is
    called twice a second; True ends the command with cause `log`: it put out too much. Whatever the end, nothing of its
    process group survives. A program that cannot be started is exit code 127 with the reason as its log.
    """
    started = time.monotonic()
    try:
        child = subprocess.Popen(  # noqa: S603 - argv is a list, no shell reads it
            list(argv),
            cwd=cwd,
            env=dict(PLAIN_ENV if env is None else env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=tuple(pass_fds),
        )
    except (OSError, ValueError) as error:
        return SandboxResult("exited", NOT_STARTED, str(error).encode(errors="replace"), time.monotonic() - started, 0.0)
    watch = _Watch(child, started + wall_s, log_bytes, cancel or threading.Event(), check or _nothing)
    try:
        cause = watch.until_end()
    finally:
        _kill_group(child.pid)
    code, cpu_s = watch.reap()
    watch.drain()
    if cause == "exited" and watch.flooded:
        cause = "log"
    if cause == "exited" and code < 0:
        cause, code = "signalled", -code
    return SandboxResult(cause, abs(code), bytes(watch.log), time.monotonic() - started, cpu_s)


def _nothing() -> bool:
    return False


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


@dataclass(slots=True)
class _Watch:
    """Follows one child: its log through a pipe, its end through a pidfd."""

    child: subprocess.Popen[bytes]
    deadline: float
    log_bytes: int
    cancel: threading.Event
    check: Callable[[], bool]
    log: bytearray = field(default_factory=bytearray)
    flooded: bool = False

    def until_end(self) -> Cause:
        pidfd = os.pidfd_open(self.child.pid)
        try:
            return self._follow(pidfd)
        finally:
            os.close(pidfd)

    def _follow(self, pidfd: int) -> Cause:
        poll, pipe = select.poll(), self._pipe()
        poll.register(pidfd, select.POLLIN)
        poll.register(pipe, select.POLLIN)
        checked = time.monotonic()
        while True:
            ready = {fd for fd, _event in poll.poll(_TICK_S * 1000)}
            if pipe in ready and not self._read(pipe):
                poll.unregister(pipe)
            now = time.monotonic()
            if pidfd in ready:
                return "log" if self.flooded else "exited"
            if cause := self._ended(now):
                return cause
            if now - checked >= _CHECK_S:
                checked = now
                self.flooded = self.check()

    def _ended(self, now: float) -> Cause | None:
        if self.flooded:
            return "log"
        if self.cancel.is_set():
            return "cancelled"
        return "wall" if now >= self.deadline else None

    def _pipe(self) -> int:
        if self.child.stdout is None:
            raise ValueError("the child has no pipe")
        return self.child.stdout.fileno()

    def _read(self, pipe: int) -> bool:
        data = os.read(pipe, _CHUNK)
        room = self.log_bytes - len(self.log)
        self.log += data[:room]
        self.flooded |= len(data) > room
        return bool(data)

    def drain(self) -> None:
        """Read what was still written before the end.

        The pipe closes when the last writer is gone; one that left the group may hold it open for ever: this waits a moment.
        """
        poll, pipe, end = select.poll(), self._pipe(), time.monotonic() + _LAST_WORDS_S
        poll.register(pipe, select.POLLIN)
        while (left := end - time.monotonic()) > 0 and poll.poll(left * 1000):
            if not self._read(pipe):
                break
        if self.child.stdout is not None:
            self.child.stdout.close()

    def reap(self) -> tuple[int, float]:
        """The exit code (negative signal number) and the CPU seconds of the child and of what it waited for."""
        _pid, status, usage = os.wait4(self.child.pid, 0)
        self.child.returncode = os.waitstatus_to_exitcode(status)
        return self.child.returncode, usage.ru_utime + usage.ru_stime


class Child:
    """A long-lived child in a session of its own. `log` receives stdout and stderr, appended."""

    def __init__(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path) -> None:
        """Start it; raises OSError when the program cannot be started or the log cannot be opened."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(log, flags, 0o600)
        try:
            self._child = subprocess.Popen(  # noqa: S603 - argv is a list, no shell reads it
                list(argv),
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=handle,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        finally:
            os.close(handle)

    @property
    def pid(self) -> int:
        """Its process id, which is also the id of its group."""
        return self._child.pid

    def poll(self) -> int | None:
        """The exit code (negative signal number) once it has ended, else None."""
        return self._child.poll()

    def terminate(self) -> None:
        """Ask it, and not its children, to end; those are its own to end in order."""
        if self.poll() is None:
            self._child.terminate()

    def kill(self) -> None:
        """End its whole group now."""
        _kill_group(self.pid)

    def wait(self, timeout_s: float | None = None) -> int | None:
        """Wait for its end; the exit code, or None when `timeout_s` seconds were not enough."""
        try:
            return self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None


def spawn(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path) -> Child:
    """Start a long-lived child; see `Child`."""
    return Child(argv, cwd=cwd, env=env, log=log)
