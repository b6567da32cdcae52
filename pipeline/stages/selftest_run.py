"""The simulator of a self-test: the design itself on top, cocotb behind VPI, one process for every test."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import verif.tb
from pipeline.domain.finding import Finding
from pipeline.domain.outcome import Outcome
from pipeline.errors import InfrastructureError
from pipeline.ports import SandboxJob, SandboxResult, StageContext
from pipeline.stages.build import CAPS, MODEL, UNITY
from pipeline.stages.lint import parameter_text
from pipeline.stages.outputs import plain, read_output, unpack_tree
from pipeline.stages.runtime import COMPILE_FLAGS, HEADER, VERILATED, definitions, find_runtime
from pipeline.stages.simulator import environment
from pipeline.stages.verilate import DESIGN_FLAGS, OBJECTS, PREFIX, TREE, findings, generated, tool_failed

MAIN = "assay_selftest.cpp"
OUT = "out"
SEAL, RESULTS, COVERAGE = "seal", "results.xml", "coverage.dat"
_FLAGS = ("--cc", "--vpi", "--public-flat-rw", "--prefix", PREFIX, "--Mdir", OBJECTS, "--output-split", "0")
_QUIET = ("-Wno-fatal", "-Wno-lint", "-Wno-style", "--quiet-stats", "--coverage-line")
_BUILD_S = 600.0
_MAX_MODEL = 512 << 20
_MAX_RESULTS = 4 << 20
_MAX_COVERAGE = 64 << 20
_MEMORY = 4 << 30
_IN_FOLDER = 'cd "$1" && shift && exec "$@"'


class RefusedError(Exception):
    """The design cannot be built; `findings` say why."""

    def __init__(self, found: tuple[Finding, ...]) -> None:
        super().__init__(found[0].rule)
        self.findings = found


@dataclass(frozen=True, slots=True)
class Ran:
    """One process. `sealed`: the simulation came to its own end; only then may `results` and `coverage` be looked at."""

    result: SandboxResult
    sealed: bool
    results: bytes | None
    coverage: bytes | None


class Simulator:
    """Builds once, then runs a test at a time, each in a new folder."""

    def __init__(self, context: StageContext, contract: Mapping[str, Any], tree: bytes, name: str = "design") -> None:
        self.context, self.contract, self.tree = context, contract, tree
        self.plan: Mapping[str, Any] = contract["selftest"]
        self.work = context.work / name
        self.folder = self.work / "model"
        self.wall_s = self.cpu_s = 0.0

    def build(self) -> None:
        """Make the model.

        Raises:
            RefusedError: Verilator refuses the design, or a cap ended it twice.
            InfrastructureError: P-202 Verilator, P-203 the compiler, P-204 the shared runtime.
        """
        work = self.work / "build"
        unpack_tree(self.tree, work / TREE)
        result = self._tool((self.context.toolchain.verilator, *self._sources()), work)
        if not result.ok:
            found = findings(result.log, work)
            if result.cause != "exited" or tool_failed(result.log) or not found:
                raise InfrastructureError("P-202", cause=result.cause, code=result.code, log=plain(result.log))
            raise RefusedError(found)
        self._compile(work)

    def _sources(self) -> tuple[str, ...]:
        contract = self.contract
        return (
            *_FLAGS, "--top-module", self.plan["toplevel"], *DESIGN_FLAGS, *_QUIET,
            *(f"-G{name}={parameter_text(value)}" for name, value in contract["parameters"].items()),
            *(f"-D{define}" for define in contract["defines"]),
            *(f"-I{TREE}/{folder}" for folder in contract["include_dirs"]),
            *(f"{TREE}/{name}" for name in contract["files"]),
        )  # fmt: skip

    def _compile(self, work: Path) -> None:
        tools, runtime = self.context.toolchain, find_runtime(self.context)
        shutil.copyfile(Path(verif.tb.__file__).parent / MAIN, work / MAIN)
        (work / UNITY).write_text("".join(f'#include "{name}"\n' for name in (*generated(work), MAIN)))
        include = tools.verilator_root / "include"
        folders = (f"-I{include}", f"-I{include / 'vltstd'}", f"-I{runtime.folder}", f"-I{OBJECTS}")
        options = (*COMPILE_FLAGS, *definitions(waves=False), *folders, "-include", HEADER)
        self._compiler((tools.cxx, *options, "-c", UNITY, "-o", f"{MODEL}.o"), work, runtime.folder)
        objects = tuple(str(runtime.folder / f"{name}.o") for name in VERILATED)
        libraries = (f"-L{tools.verilator_root.parent / 'cocotb' / 'libs'}", "-pthread", "-s", "-lcocotbvpi_verilator")
        self._compiler((tools.cxx, f"{MODEL}.o", *objects, *libraries, "-o", MODEL), work, runtime.folder)
        model = read_output(work, MODEL, _MAX_MODEL)
        if model is None:
            raise InfrastructureError("P-203", cause="exited", code=0, log="the linker left no executable")
        self.folder.mkdir()
        (self.folder / MODEL).write_bytes(model)
        (self.folder / MODEL).chmod(0o555)

    def _compiler(self, argv: tuple[str, ...], work: Path, runtime: Path) -> None:
        result = self._tool(argv, work, runtime)
        if not result.ok:
            raise InfrastructureError("P-203", cause=result.cause, code=result.code, log=plain(result.log))

    def _tool(self, argv: tuple[str, ...], work: Path, *reads: Path) -> SandboxResult:
        """Run, and once more when a cap ended it: only a cap that repeats is held against the design."""
        tools = self.context.toolchain
        job = SandboxJob(argv, work, (*tools.reads, *reads), tools.env, wall_s=_BUILD_S)
        result = self._run(job)
        if result.cause in CAPS:
            result = self._run(job)
        if result.cause in CAPS:
            args = {"program": Path(argv[0]).name, "cause": result.cause}
            raise RefusedError((Finding("B-004", Outcome.FAILED, args=args),))
        return result

    def run(self, test: Mapping[str, Any], seed: int, attempt: str) -> Ran:
        """Run one test alone under a seed of 64 bits, in a new folder called `attempt`."""
        work = self.work / attempt
        unpack_tree(self.tree, work / TREE)
        out, token = work / OUT, secrets.token_hex(32)
        out.mkdir()
        (out / SEAL).write_text(token)
        limit = int(self.plan["timeout_s"])
        model = (str(self.folder / MODEL), "+verilator+rand+reset+2", f"+verilator+seed+{seed % 0x7FFFFFFF + 1}")
        files = (f"+verilator+coverage+file+{out / COVERAGE}", f"+assay_seal={out / SEAL}")
        argv = ("/bin/sh", "-c", _IN_FOLDER, "sh", f"{TREE}/{self.plan['folder']}", *model, *files, *self.plan["plusargs"])
        reads = (*self.context.toolchain.reads, self.folder)
        env = self._environment(work, test, seed)
        job = SandboxJob(argv, work, reads, env, wall_s=limit, cpu_s=limit + 1, memory_bytes=_MEMORY, processes=64)
        result = self._run(job)
        left = read_output(out, SEAL, len(token))
        return Ran(
            result,
            result.ok and left is not None and secrets.compare_digest(left, token.encode()),
            read_output(out, RESULTS, _MAX_RESULTS),
            read_output(out, COVERAGE, _MAX_COVERAGE),
        )

    def _environment(self, work: Path, test: Mapping[str, Any], seed: int) -> Mapping[str, str]:
        env = dict(environment(self.context.toolchain, test["module"]))
        del env["COCOTB_REWRITE_ASSERTION_FILES"], env["COCOTB_TRUST_INERTIAL_WRITES"]
        folders = dict.fromkeys(str(work / TREE / folder) for folder in (*self.plan["path"], "."))
        return env | {
            "PYTHONPATH": ":".join(folders),  # the submission's folders, and none of ours
            "COCOTB_TOPLEVEL": self.plan["toplevel"],
            "COCOTB_TEST_FILTER": rf"^{re.escape(test['module'])}\.{re.escape(test['name'])}(/.*|_\d{{3}})?$",
            "COCOTB_RANDOM_SEED": str(seed & 0xFFFFFFFF),
            "COCOTB_RESULTS_FILE": str(work / OUT / RESULTS),
            "COCOTB_LOG_LEVEL": "INFO",
        }

    def _run(self, job: SandboxJob) -> SandboxResult:
        result = self.context.sandbox.run(job, self.context.cancel)
        self.wall_s += result.wall_s
        self.cpu_s += result.cpu_s
        return result
