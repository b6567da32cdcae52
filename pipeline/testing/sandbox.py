"""A sandbox that runs nothing: it remembers the jobs and answers as scripted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from pipeline.ports import SandboxJob, SandboxResult, Toolchain

OK = SandboxResult(cause="exited", code=0, log=b"", wall_s=0.0, cpu_s=0.0)


class FakeSandbox:
    """`script` makes the answer, and may write files into `job.work` as the real command would."""

    def __init__(self, script: Callable[[SandboxJob], SandboxResult] = lambda _job: OK, level: int = 2) -> None:
        self.level = level
        self.jobs: list[SandboxJob] = []
        self._script = script

    def run(self, job: SandboxJob, cancel: threading.Event | None = None) -> SandboxResult:
        """Answer at once; `cancelled` when `cancel` is set already."""
        self.jobs.append(job)
        if cancel is not None and cancel.is_set():
            return SandboxResult(cause="cancelled", code=0, log=b"", wall_s=0.0, cpu_s=0.0)
        return self._script(job)


def fake_toolchain(digest: str = "0" * 64) -> Toolchain:
    """A toolchain of that digest whose commands do not exist."""
    root = Path("/nonexistent")
    return Toolchain("python3", "verilator", root, "c++", {}, (), {"verilator": "0"}, digest)
