"""Contexts for single stages: blobs in memory, and the plan job run in this process instead of a sandbox."""

from __future__ import annotations

import io
import sys
import tarfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import pytest

from pipeline.domain.canonical import sha256
from pipeline.domain.evidence import Evidence
from pipeline.domain.run import Run, Step, StepSpec, StepState, Submission
from pipeline.ports import Sandbox, SandboxJob, SandboxResult, StageContext
from pipeline.stages.archive import pack_tree
from pipeline.testing import FakeSandbox, fake_toolchain
from verif.jobs import plan

ROOT = Path(__file__).resolve().parents[3]
GEMM = ROOT / "rtl" / "gemm_axis"
Entry = tuple[str, bytes, bytes]  # name, type, data or link target


class MemoryBlobs:
    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        self.data[sha256(data)] = data
        return sha256(data)

    def get(self, digest: str) -> bytes:
        return self.data[digest]


def plan_here(job: SandboxJob) -> SandboxResult:
    """What the sandbox would do, without one."""
    assert job.argv[1:3] == ("-m", "verif.jobs.plan")
    tree, manifest, out, *rest = job.argv[3:]
    code = plan.main([str(job.work / tree), manifest, str(job.work / out), *rest])
    return SandboxResult("exited", code, b"", 0.0, 0.0)


def ended(cause: str, code: int = 0, log: bytes = b"") -> SandboxResult:
    return SandboxResult(cause, code, log, 0.0, 0.0)  # type: ignore[arg-type]  # the caller names one of the causes


def tarred(entries: Sequence[Entry], mode: str = "w:") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=tarfile.GNU_FORMAT) as tar:  # type: ignore[call-overload]
        for name, kind, data in entries:
            info = tarfile.TarInfo(name)
            info.type = kind
            if kind in {tarfile.SYMTYPE, tarfile.LNKTYPE}:
                info.linkname = data.decode()
                tar.addfile(info)
            else:
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def gemm_files(*edits: tuple[str, str]) -> dict[str, bytes]:
    """The reference design, with exact edits of its manifest."""
    files = {p.relative_to(GEMM).as_posix(): p.read_bytes() for p in GEMM.rglob("*") if p.is_file()}
    text = files["assay.toml"].decode()
    for find, put in edits:
        assert text.count(find) == 1, find
        text = text.replace(find, put)
    return files | {"assay.toml": text.encode()}


@dataclass
class Maker:
    """Makes contexts below `root`."""

    root: Path
    count: int = 0

    def __call__(
        self, archive: bytes, sandbox: Sandbox | None = None, manifest: str = "assay.toml", epoch: int = 0
    ) -> StageContext:
        self.count += 1
        blobs = MemoryBlobs()
        work = self.root / f"work{self.count}"
        work.mkdir()
        return StageContext(
            run=Run("run", "tenant", "submission", "core-1", epoch, ""),
            submission=Submission("submission", "tenant", "name", blobs.put(archive), manifest, ""),
            step=Step("step", "run", "tenant", 0, StepSpec("intake"), StepState.RUNNING, 1, 1),
            evidence={},
            blobs=blobs,
            sandbox=sandbox or FakeSandbox(plan_here),
            toolchain=fake_toolchain(),
            work=work,
            cache=self.root / "cache",
            cancel=threading.Event(),
            progress=lambda _done, _total: None,
        )

    def lint(
        self, files: Mapping[str, bytes], contract: bytes, script: Callable[[SandboxJob], SandboxResult]
    ) -> StageContext:
        """A context with what intake leaves behind."""
        context = self(b"", FakeSandbox(script))
        evidence: dict[str, Evidence] = {}
        for role, data in (("tree", pack_tree(files)), ("contract", contract)):
            evidence[role] = Evidence(role, context.blobs.put(data), "", len(data))
        return replace(context, evidence={"intake": evidence})


@pytest.fixture
def make_context(tmp_path: Path) -> Maker:
    return Maker(tmp_path)


@pytest.fixture(scope="session")
def kit() -> ModuleType:
    """This file's own names, for tests: files under tests/ cannot import each other."""
    return sys.modules[__name__]
