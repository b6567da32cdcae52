"""The part of every simulator that is the same for all designs, compiled once per toolchain and shared read-only.

It holds Verilator's runtime, our main loop and buffer layer, and a precompiled header. Nothing of a submission is in it, so
tenants may share it: it lies beside the tenants' own caches.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import verif.tb
from pipeline.domain.canonical import canonical_json, sha256
from pipeline.errors import InfrastructureError
from pipeline.ports import SandboxJob, StageContext
from pipeline.stages.outputs import plain

OURS = Path(verif.tb.__file__).parent
SOURCES = (
    "assay_dpi.h", "assay_engine.h", "assay_model.h", "assay_engine.cpp", "assay_channels.cpp", "assay_api.cpp",
    "assay_main.cpp", "assay_glue.cpp",
)  # fmt: skip
VERILATED = ("verilated", "verilated_dpi", "verilated_vpi", "verilated_cov", "verilated_threads", "verilated_vcd_c")
COMPILED = ("assay_engine", "assay_channels", "assay_api", "assay_main")
HEADER = "assay_pch.h"
_HEADER_TEXT = "".join(f'#include "{name}.h"\n' for name in ("verilated", "verilated_cov", "verilated_dpi", "verilated_vpi"))
# Generated code is large and runs hot; CET markers and debug information only cost.
COMPILE_FLAGS = ("-std=c++20", "-O2", "-pthread", "-fcf-protection=none", "-w")
_WALL_S = 600.0


@dataclass(frozen=True, slots=True)
class Runtime:
    """A finished archive: `folder` holds objects, headers and the precompiled header; `digest` names its contents."""

    folder: Path
    digest: str

    @property
    def objects(self) -> tuple[str, ...]:
        """Object files to link with every model."""
        return tuple(str(self.folder / f"{name}.o") for name in (*COMPILED, *VERILATED))


def definitions(*, waves: bool) -> tuple[str, ...]:
    """Macros that Verilator's runtime and generated code must agree on."""
    switched = {"VM_COVERAGE": 1, "VM_TRACE": int(waves), "VM_TRACE_VCD": int(waves)}
    fixed = {"VERILATOR": 1, "VL_USER_FATAL": 1, "VM_SC": 0, "VM_TIMING": 0, "VM_TRACE_FST": 0, "VM_TRACE_SAIF": 0}
    return tuple(f"-D{name}={value}" for name, value in {**fixed, **switched}.items())


def runtime_digest(context: StageContext) -> str:
    """SHA-256 over everything the archive depends on: the tools, our sources, the flags."""
    texts = {name: sha256((OURS / name).read_bytes()) for name in SOURCES}
    flags = [*COMPILE_FLAGS, *definitions(waves=False), _HEADER_TEXT, *VERILATED]
    return sha256(canonical_json([context.toolchain.digest, str(context.toolchain.verilator_root), texts, flags]))


def find_runtime(context: StageContext) -> Runtime:
    """The archive for this toolchain, compiled now when it does not exist yet (about 15 s of CPU time).

    Raises:
        InfrastructureError: P-204 when the compiler fails; the design has no part in it.
    """
    digest = runtime_digest(context)
    shared = context.cache.parent / "runtime"
    folder = shared / digest[:32]
    if not folder.is_dir():
        shared.mkdir(parents=True, exist_ok=True)
        with _only_one(shared / "lock"):
            if not folder.is_dir():
                _compile_into(context, folder)
    return Runtime(folder, digest)


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Two workers that start together compile once."""
    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _compile_into(context: StageContext, folder: Path) -> None:
    """Everything at once, as far as there are processors: whoever needs the archive waits for all of it."""
    work = Path(tempfile.mkdtemp(prefix="making-", dir=folder.parent))
    finished = work / "finished"
    finished.mkdir()
    try:
        _copy_sources(finished)
        parts = _parts(context)
        with ThreadPoolExecutor(len(os.sched_getaffinity(0)), "runtime") as pool:
            pending = [pool.submit(_compile, context, work / name, finished / name, *what) for name, what in parts.items()]
            try:
                for one in pending:
                    one.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        for path in finished.iterdir():
            path.chmod(0o444)
        finished.chmod(0o755)
        finished.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _copy_sources(folder: Path) -> None:
    for name in SOURCES:
        shutil.copyfile(OURS / name, folder / name)
    (folder / HEADER).write_text(_HEADER_TEXT)


def _parts(context: StageContext) -> dict[str, tuple[str, ...]]:
    """What to make -> the compiler's words for it. The header, which takes longest, comes first."""
    include = context.toolchain.verilator_root / "include"
    sources = {name: f"{name}.cpp" for name in COMPILED} | {name: str(include / f"{name}.cpp") for name in VERILATED}
    header = {f"{HEADER}.gch": ("-x", "c++-header", HEADER)}
    return header | {f"{name}.o": ("-c", source) for name, source in sources.items()}


def _compile(context: StageContext, work: Path, result: Path, *what: str) -> None:
    """In a folder of its own: each command has a user of its own, to whom its folder is lent."""
    tools, include = context.toolchain, context.toolchain.verilator_root / "include"
    work.mkdir()
    _copy_sources(work)
    options = (*COMPILE_FLAGS, *definitions(waves=False), f"-I{include}", f"-I{include / 'vltstd'}", "-I.")
    job = SandboxJob((tools.cxx, *options, *what, "-o", result.name), work, tools.reads, tools.env, wall_s=_WALL_S)
    done = context.sandbox.run(job, context.cancel)
    if not done.ok:
        raise InfrastructureError("P-204", cause=done.cause, code=done.code, log=plain(done.log))
    (work / result.name).rename(result)
