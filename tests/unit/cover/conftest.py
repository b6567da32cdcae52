"""A stage context whose evidence is given as bytes and whose sandbox runs our job in this process."""

from __future__ import annotations

import io
import tarfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pipeline.domain.canonical import sha256
from pipeline.domain.evidence import Evidence
from pipeline.domain.run import Run, Step, StepSpec, StepState, Submission
from pipeline.ports import SandboxJob, SandboxResult, StageContext
from pipeline.testing import FakeSandbox, fake_toolchain
from verif.jobs.coverage import main

Contexts = Callable[..., StageContext]


class MemoryBlobs:
    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        self.data[sha256(data)] = data
        return sha256(data)

    def get(self, digest: str) -> bytes:
        return self.data[digest]


def run_job(job: SandboxJob) -> SandboxResult:
    assert job.argv[1:3] == ("-m", "verif.jobs.coverage")
    code = main([str(job.work / name) for name in job.argv[3:]])
    return SandboxResult("exited", code, b"0.dat: line 2: not a record" if code else b"", 0.0, 0.0)


def tar(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


@pytest.fixture
def context(tmp_path: Path) -> Contexts:
    def make(
        tree: Mapping[str, bytes],
        contract: bytes,
        runs: Mapping[str, Mapping[str, bytes]],
        script: Callable[[SandboxJob], SandboxResult] = run_job,
    ) -> StageContext:
        blobs = MemoryBlobs()
        given = {"intake": {"tree": tar(tree), "contract": contract}, **runs}
        evidence = {
            step: {role: Evidence(role, blobs.put(data), "", len(data)) for role, data in roles.items()}
            for step, roles in given.items()
        }
        return StageContext(
            run=Run("run", "tenant", "submission", "core-1", 0, ""),
            submission=Submission("submission", "tenant", "name", "", "assay.toml", ""),
            step=Step("step", "run", "tenant", 9, StepSpec("coverage"), StepState.RUNNING, 1, 1),
            evidence=evidence,
            blobs=blobs,
            sandbox=FakeSandbox(script),
            toolchain=fake_toolchain(),
            work=tmp_path,
            cache=tmp_path,
            cancel=threading.Event(),
            progress=lambda _done, _total: None,
        )

    return make
