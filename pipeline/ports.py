"""What the engine and the stages need from the world, as Protocols. Adapters implement them; fakes ship in `testing`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from pipeline.domain.evidence import Evidence
from pipeline.domain.run import Run, StageResult, Step, Submission

Cause = Literal["exited", "signalled", "wall", "log", "cancelled"]


class Blobs(Protocol):
    """Content-addressed bytes of one tenant. The digest is checked on every read."""

    def put(self, data: bytes) -> str:
        """Store `data` durably and return its SHA-256 in hex."""

    def get(self, digest: str) -> bytes:
        """The bytes; raises `errors.BlobError` when they are missing or no longer match their digest."""


@dataclass(frozen=True, slots=True)
class SandboxJob:
    """A command for the sandbox. `work` is its writable working directory, `reads` are bound read-only (same path inside).

    Limits: `wall_s` and `cpu_s` in seconds, `memory_bytes` address space per process, `file_bytes` per file written,
    `log_bytes` of merged stdout and stderr kept (more kills the job), `processes` at a time.
    """

    argv: tuple[str, ...]
    work: Path
    reads: tuple[Path, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    wall_s: float = 300.0
    cpu_s: int = 300
    memory_bytes: int = 8 << 30
    file_bytes: int = 1 << 30
    log_bytes: int = 4 << 20
    processes: int = 256


@dataclass(frozen=True, slots=True)
class SandboxResult:
    """How the command ended. `code` is the exit code, or the signal's number when `cause` is signalled."""

    cause: Cause
    code: int
    log: bytes
    wall_s: float
    cpu_s: float

    @property
    def ok(self) -> bool:
        """The command ended by itself with exit code 0."""
        return self.cause == "exited" and self.code == 0


class Sandbox(Protocol):
    """Runs a command where it can harm nobody. `level` as in the documented ladder: 1 to 3, 0 for none."""

    level: int

    def run(self, job: SandboxJob, cancel: threading.Event | None = None) -> SandboxResult:
        """Run to the end, a limit, or `cancel`; never raises for what the command does."""


@dataclass(frozen=True, slots=True)
class Toolchain:
    """The pinned tools as the sandbox sees them. `reads` must be bound read-only for any of the commands to work.

    `digest` is SHA-256 over `versions` (tool -> version, and the SHA-256 of verilator_bin): equal digests mean equal tools.
    """

    python: str
    verilator: str
    verilator_root: Path
    cxx: str
    env: Mapping[str, str]
    reads: tuple[Path, ...]
    versions: Mapping[str, str]
    digest: str


@dataclass(frozen=True, slots=True)
class StageContext:
    """All a stage may see: its run, its step, the evidence of earlier steps, a private work directory, the sandbox."""

    run: Run
    submission: Submission
    step: Step
    evidence: Mapping[str, Mapping[str, Evidence]]  # step name -> role -> evidence, committed steps only
    blobs: Blobs
    sandbox: Sandbox
    toolchain: Toolchain
    work: Path
    cache: Path  # per tenant, may be emptied at any time
    cancel: threading.Event
    progress: Callable[[int, int], None]  # (done, total), for people

    def read(self, step: str, role: str) -> bytes:
        """Bytes of an earlier step's evidence; KeyError when that step left none of this role."""
        return self.blobs.get(self.evidence[step][role].digest)

    def write(self, role: str, data: bytes, media_type: str = "application/octet-stream") -> Evidence:
        """Store bytes as evidence of this step."""
        return Evidence(role, self.blobs.put(data), media_type, len(data))


class Stage(Protocol):
    """One kind of check."""

    name: str

    def run(self, context: StageContext) -> StageResult:
        """Check once. The design's faults are findings; an exception means BROKEN and is retried."""


class Dispatcher(Protocol):
    """Brings (run id, step id) to whoever runs steps. May lose or repeat messages: the store decides."""

    def publish(self, run_id: str, step_id: str) -> None:
        """Send one id pair; raises `errors.BrokerUnavailable` when it cannot."""


class Clock(Protocol):
    """Wall-clock time for people's eyes; leases use the database's clock."""

    def now(self) -> str:
        """ISO 8601 with offset."""
