"""The `build` stage: harness, Verilator, one C++ file, one executable. Tenants share nothing compiled from a design."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.domain.canonical import canonical_json, sha256
from pipeline.domain.finding import Finding
from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StageResult
from pipeline.errors import InfrastructureError
from pipeline.ports import SandboxJob, SandboxResult, StageContext
from pipeline.stages.outputs import plain, read_output, unpack_tree
from pipeline.stages.runtime import COMPILE_FLAGS, HEADER, Runtime, definitions, find_runtime, runtime_digest
from pipeline.stages.verilate import (
    HARNESS,
    OBJECTS,
    TREE,
    Sources,
    Waves,
    arguments,
    findings,
    flags,
    generated,
    tool_failed,
)

BUILD_FILE = "assay_build.json"
CONTROL_FILE = "assay_control.vlt"
UNITY = "assay_unity.cc"
MODEL = "assay_model"
CAPS = frozenset({"wall", "log"})
_MAX_TEXT = 4 << 20
_MAX_MODEL = 512 << 20
_WALL_S = 600.0
_LINK_FLAGS = ("-pthread", "-s", "-Wl,--export-dynamic-symbol=assay_*", "-lcocotbvpi_verilator")


@dataclass(frozen=True, slots=True)
class Built:
    """What became of a build: the executable's bytes (empty when the design is at fault) and how long it took."""

    model: bytes
    findings: tuple[Finding, ...]
    cached: bool
    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class _Harness:
    sources: Sources
    periods_ps: tuple[int, ...]
    digest: str


class BuildStage:
    """Makes the simulator of one design, or takes it from the tenant's cache."""

    name = "build"

    def run(self, context: StageContext) -> StageResult:
        """PASSED with evidence `model`, or FAILED with one finding per error in the design's files."""
        built = build_model(context, context.work)
        metrics = {"cached": float(built.cached), "build_wall_s": built.wall_s, "build_cpu_s": built.cpu_s}
        if built.findings:
            return StageResult(Outcome.FAILED, built.findings, metrics=metrics)
        evidence = context.write("model", built.model, "application/x-executable")
        return StageResult(Outcome.PASSED, evidence=(evidence,), metrics=metrics | {"model_bytes": float(len(built.model))})


def build_model(context: StageContext, work: Path, waves: Waves = Waves.NONE) -> Built:
    """Build in the new or empty folder `work`, or take the model from the cache.

    Raises:
        InfrastructureError: P-201 no harness, P-202 Verilator, P-203 the C++ compiler, P-204 the shared runtime.
    """
    steps = _Steps(context, work)
    tree = context.read("intake", "tree")
    unpack_tree(tree, work / TREE)
    harness = steps.harness()
    key = _key(context, sha256(tree), harness, waves)
    cached = _from_cache(context.cache / "models" / key)
    if cached is not None:
        return Built(cached, (), cached=True, wall_s=steps.wall_s, cpu_s=steps.cpu_s)
    try:
        wrong = steps.verilate(harness, waves)
        model = b"" if wrong else steps.compile(harness, find_runtime(context), waves)
    except _CapError as cap:
        wrong, model = (Finding("B-004", Outcome.FAILED, args={"program": cap.program, "cause": cap.cause}),), b""
    if model:
        _to_cache(context.cache / "models", key, model)
    return Built(model, wrong, cached=False, wall_s=steps.wall_s, cpu_s=steps.cpu_s)


class _CapError(Exception):
    """A program met a cap twice."""

    def __init__(self, program: str, cause: str) -> None:
        super().__init__(program)
        self.program, self.cause = program, cause


class _Steps:
    """The sandbox jobs of one build; adds up what they cost."""

    def __init__(self, context: StageContext, work: Path) -> None:
        self.context, self.work = context, work
        self.wall_s = self.cpu_s = 0.0

    def harness(self) -> _Harness:
        """The generated harness of the design, as `verif.jobs.harness` wrote it."""
        (self.work / "ports.json").write_bytes(self.context.read("gate", "ports"))
        files = (TREE, self.context.submission.manifest, "ports.json", HARNESS)
        result = self._run((self.context.toolchain.python, "-m", "verif.jobs.harness", *files))
        described = read_output(self.work / HARNESS, BUILD_FILE, _MAX_TEXT)
        if not result.ok or described is None:
            raise InfrastructureError("P-201", cause=result.cause, code=result.code, log=plain(result.log))
        raw: dict[str, Any] = json.loads(described)
        names = [*raw["trusted"], CONTROL_FILE, BUILD_FILE]
        texts = [read_output(self.work / HARNESS, name, _MAX_TEXT) for name in names]
        digest = sha256(canonical_json([None if text is None else sha256(text) for text in texts]))
        parts = (tuple(raw[part]) for part in ("files", "include_dirs", "defines"))
        return _Harness(Sources((CONTROL_FILE, *raw["trusted"]), *parts), tuple(map(int, raw["periods_ps"])), digest)

    def verilate(self, harness: _Harness, waves: Waves) -> tuple[Finding, ...]:
        """Run Verilator; the design's errors."""
        result = self._run_capped((self.context.toolchain.verilator, *arguments(harness.sources, waves)))
        if result.ok:
            return ()
        found = findings(result.log, self.work)
        if result.cause != "exited" or tool_failed(result.log) or not found:
            raise InfrastructureError("P-202", cause=result.cause, code=result.code, log=plain(result.log))
        return found

    def compile(self, harness: _Harness, runtime: Runtime, waves: Waves) -> bytes:
        """Compile everything Verilator wrote as one C++ file and link it with the shared runtime; the executable's bytes."""
        files = [*generated(self.work), "assay_glue.cpp"]
        (self.work / UNITY).write_text("".join(f'#include "{name}"\n' for name in files))
        tools = self.context.toolchain
        include = tools.verilator_root / "include"
        folders = (f"-I{include}", f"-I{include / 'vltstd'}", f"-I{runtime.folder}", f"-I{OBJECTS}")
        periods = harness.periods_ps
        clocks = (f"-DASSAY_CLOCKS={len(periods)}", f"-DASSAY_PERIODS={','.join(map(str, periods))}")
        options = (*COMPILE_FLAGS, *definitions(waves=bool(waves)), *folders, "-include", HEADER, *clocks)
        self._compiler((tools.cxx, *options, "-c", UNITY, "-o", f"{MODEL}.o"), runtime)
        libraries = tools.verilator_root.parent / "cocotb" / "libs"
        self._compiler((tools.cxx, f"{MODEL}.o", *runtime.objects, f"-L{libraries}", *_LINK_FLAGS, "-o", MODEL), runtime)
        model = read_output(self.work, MODEL, _MAX_MODEL)
        if model is None:
            raise InfrastructureError("P-203", cause="exited", code=0, log="the linker left no executable")
        return model

    def _compiler(self, argv: tuple[str, ...], runtime: Runtime) -> None:
        result = self._run_capped(argv, runtime.folder)
        if not result.ok:
            raise InfrastructureError("P-203", cause=result.cause, code=result.code, log=plain(result.log))

    def _run_capped(self, argv: tuple[str, ...], *reads: Path) -> SandboxResult:
        """Run, and once more when a cap ended it: only a cap that repeats is held against the design, as `_CapError`."""
        result = self._run(argv, *reads)
        if result.cause in CAPS:
            result = self._run(argv, *reads)
        if result.cause in CAPS:
            raise _CapError(Path(argv[0]).name, result.cause)
        return result

    def _run(self, argv: tuple[str, ...], *reads: Path) -> SandboxResult:
        tools = self.context.toolchain
        job = SandboxJob(argv, self.work, (*tools.reads, *reads), tools.env, wall_s=_WALL_S)
        result = self.context.sandbox.run(job, self.context.cancel)
        self.wall_s += result.wall_s
        self.cpu_s += result.cpu_s
        return result


def _key(context: StageContext, tree: str, harness: _Harness, waves: Waves) -> str:
    """SHA-256 over sources, defines, parameters (in the harness' text), harness, flags, runtime and tools."""
    options = [flags(waves), COMPILE_FLAGS, definitions(waves=bool(waves)), _LINK_FLAGS]
    return sha256(canonical_json([tree, harness.digest, options, runtime_digest(context), context.toolchain.digest]))


def _from_cache(path: Path) -> bytes | None:
    """A cached model, when it still matches the digest it was stored with."""
    data = read_output(path.parent, path.name, _MAX_MODEL + 64)
    if data is None or sha256(data[64:]) != data[:64].decode("ascii", "replace"):
        return None
    return data[64:]


def _to_cache(folder: Path, key: str, model: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix="making-", dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(sha256(model).encode() + model)
    Path(name).replace(folder / key)
