from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.adapters.process import PLAIN_ENV
from pipeline.adapters.sandbox import open_sandbox
from pipeline.adapters.toolchain import find_toolchain
from pipeline.ports import Sandbox, SandboxJob, SandboxResult

type_of_options = object


@dataclass
class Box:
    """A sandbox with a work directory; runs shell lines and Python programs in it."""

    sandbox: Sandbox
    work: Path

    def run(self, *argv: str, **options: type_of_options) -> SandboxResult:
        options = {"env": PLAIN_ENV, "wall_s": 20.0} | options
        return self.sandbox.run(SandboxJob(argv, self.work, **options))

    def shell(self, line: str, **options: type_of_options) -> SandboxResult:
        return self.run("/bin/sh", "-c", line, **options)

    def python(self, text: str, **options: type_of_options) -> SandboxResult:
        """With the interpreter of these tests, which may well lie below a home of mode 0700."""
        options.setdefault("reads", find_toolchain().reads)
        return self.run(sys.executable, "-Sc", text, **options)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """Level 2: under root with a uid for each job, else with the caller's."""
    return Box(open_sandbox("bubblewrap"), make_work(tmp_path))


@pytest.fixture
def bare(tmp_path: Path) -> Box:
    """Level 0."""
    return Box(open_sandbox("none"), make_work(tmp_path))


@pytest.fixture
def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root changes owners")


def make_work(tmp_path: Path) -> Path:
    work = tmp_path / "work"
    work.mkdir(mode=0o700, exist_ok=True)
    return work
