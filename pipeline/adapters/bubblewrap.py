"""bubblewrap's command line for one job, and what its status says afterwards. Levels and reasons: the sandbox ladder."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.ports import SandboxJob

TMP_BYTES = 1 << 30
SHM_BYTES = 64 << 20
OPEN_FILES = 1024
_SYSTEM = tuple(map(Path, ("/usr", "/bin", "/lib", "/lib64", "/sbin")))
_ETC = tuple(map(Path, ("/etc/alternatives", "/etc/ld.so.cache")))  # no names of users, hosts or networks
_NAMESPACES = ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try")
# To enter a work directory that is the job's own, and to become the job's user; all gone before the job starts.
_SETUP_CAPABILITIES = ("CAP_DAC_READ_SEARCH", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")
# The namespace's first process: waits for the job, so that its CPU time is counted, and reaps what the job leaves behind.
_INIT = ("/bin/sh", "-c", '"$@"; exit $?', "sh")
_STATUS_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Programs:
    """Where the programs are that put a job in its place; absolute paths. `bwrap` is empty at level 0."""

    prlimit: str
    setpriv: str = ""
    bwrap: str = ""
    disable_userns: bool = False


@dataclass(frozen=True, slots=True)
class Descriptors:
    """Open files that bubblewrap inherits: the seccomp filter, where its status goes, a user namespace made for it."""

    seccomp: int
    status: int
    namespace: int | None

    @property
    def all(self) -> tuple[int, ...]:
        """All of them, for `process.run`."""
        return tuple(fd for fd in (self.seccomp, self.status, self.namespace) if fd is not None)


def command(job: SandboxJob, programs: Programs, files: Descriptors, uid: int | None) -> tuple[str, ...]:
    """What to run instead of `job.argv`. `uid` is the job's own one, or None: the caller's, without any capability."""
    return (
        programs.bwrap,
        *_user(programs, files, uid),
        *_NAMESPACES,
        "--die-with-parent",
        "--new-session",
        "--clearenv",
        *(word for name, value in job.env.items() for word in ("--setenv", name, value)),
        *("--hostname", "assay"),
        *_mounts(job),
        *("--chdir", str(job.work)),
        *("--seccomp", str(files.seccomp)),
        *("--json-status-fd", str(files.status)),
        *("--as-pid-1", "--", *_INIT),
        *_drop(programs, uid),
        *limited(job, programs),
    )


def limited(job: SandboxJob, programs: Programs, *, processes: bool = True) -> tuple[str, ...]:
    """The command under its resource limits, soft and hard alike; never above what this process may set."""
    wanted = {
        "cpu": (resource.RLIMIT_CPU, job.cpu_s),
        "as": (resource.RLIMIT_AS, job.memory_bytes),
        "fsize": (resource.RLIMIT_FSIZE, job.file_bytes),
        "nofile": (resource.RLIMIT_NOFILE, OPEN_FILES),
        "core": (resource.RLIMIT_CORE, 0),
    } | ({"nproc": (resource.RLIMIT_NPROC, job.processes)} if processes else {})
    limits = []
    for name, (kind, value) in wanted.items():
        hard = resource.getrlimit(kind)[1]
        limits.append(f"--{name}={value if hard == resource.RLIM_INFINITY else min(value, hard)}")
    return (programs.prlimit, *limits, "--", *job.argv)


def _user(programs: Programs, files: Descriptors, uid: int | None) -> Iterator[str]:
    if uid is None:
        yield from ("--unshare-user", "--cap-drop", "ALL")
        if programs.disable_userns:
            yield "--disable-userns"
        return
    yield from ("--userns", str(files.namespace), "--cap-drop", "ALL")
    for capability in _SETUP_CAPABILITIES:
        yield from ("--cap-add", capability)


def _drop(programs: Programs, uid: int | None) -> tuple[str, ...]:
    if uid is None:
        return ()
    nothing = ("--clear-groups", "--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all", "--no-new-privs")
    return (programs.setpriv, f"--reuid={uid}", f"--regid={uid}", *nothing, "--")


def _mounts(job: SandboxJob) -> Iterator[str]:
    """What the job can see: system and tools to read, its work to write, private memory disks, nothing else."""
    yield from ("--proc", "/proc", "--dev", "/dev")
    yield from _memory_disk("/dev/shm", SHM_BYTES)  # noqa: S108 - a private one
    yield from ("--remount-ro", "/dev")
    yield from _memory_disk("/tmp", TMP_BYTES)  # noqa: S108 - a private one
    for path in _SYSTEM:
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.exists():
            yield from ("--ro-bind", str(path), str(path))
    yield from ("--perms", "0755", "--dir", "/etc")
    for path in _ETC:
        yield from ("--ro-bind-try", str(path), str(path))
    yield from _binds(job)
    yield from ("--remount-ro", "/")


def _binds(job: SandboxJob) -> Iterator[str]:
    """Outer folders first, so that an inner one is not covered. Folders on the way are made here: readable, and empty."""
    made: set[Path] = set()
    options = dict.fromkeys(job.reads, "--ro-bind") | {job.work: "--bind"}
    for path, option in sorted(options.items(), key=lambda item: len(item[0].parts)):
        for parent in reversed(path.parents[:-1]):
            if parent not in made:
                made.add(parent)
                yield from ("--perms", "0755", "--dir", str(parent))
        yield from (option, str(path), str(path))


def _memory_disk(path: str, size: int) -> tuple[str, ...]:
    return ("--perms", "1777", "--size", str(size), "--tmpfs", path)


@dataclass(frozen=True, slots=True)
class Status:
    """bubblewrap's own word. `init`: the host's process id of the namespace's first process, None when there was none.

    `code`: how the command ended (128 + a signal's number), None when it never started or was ended from outside.
    """

    init: int | None
    code: int | None


def read_status(descriptor: int) -> Status:
    """Read what bubblewrap wrote; the job cannot write there, its end of the file is closed before it starts."""
    found: dict[str, int] = {}
    for line in os.pread(descriptor, _STATUS_BYTES, 0).splitlines():
        found |= json.loads(line)
    return Status(found.get("child-pid"), found.get("exit-code"))
