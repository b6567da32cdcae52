"""Verilator's command line, and what its complaints mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pipeline.domain.finding import Finding, Location
from pipeline.domain.outcome import Outcome
from pipeline.stages.outputs import plain, read_output

PREFIX = "Vassay"
OBJECTS = "obj"
TREE = "tree"
HARNESS = "harness"
TOP = "assay_harness"
# A design sees these wherever it is elaborated: alone by the gate, and here under the harness.
DESIGN_FLAGS = (
    "--no-timing",
    "--timescale-override",
    "1ps/1ps",
    "--x-initial",
    "unique",
    "--x-assign",
    "unique",
)
_QUIET_FLAGS = ("-Wno-fatal", "-Wno-lint", "-Wno-style", "-Werror-UNOPTFLAT", "-Werror-MODDUP", "--quiet-stats")
_MODEL_FLAGS = ("--cc", "--vpi", "--prefix", PREFIX, "--top-module", TOP, "--Mdir", OBJECTS, "--output-split", "0")
_COVERAGE_FLAGS = ("--coverage-line",)
_ERROR = re.compile(
    r"%Error(?:-([A-Z0-9]+))?: tree/((?!(?:[^:]*/)?\.\.(?:/|:))[A-Za-z0-9_./-]{1,400}):(\d{1,7}):(?:(\d{1,5}):)? (.{1,400})"
)
_INTERNAL = re.compile(r"%Error: (?:Internal Error|Verilator internal fault|Command Failed)")
_RULES = {"UNOPTFLAT": "B-003", "MODDUP": "B-002"}
_MAX_FINDINGS = 50
_MAX_SOURCE = 16 << 20


class Waves(StrEnum):
    """What a model can write to a VCD file. Tracing everything doubles the time to build, tracing pins adds a third."""

    NONE = ""
    PINS = "pins"  # of the design, and the signals of the harness around it
    ALL = "all"


_TRACE_FLAGS: Mapping[Waves, tuple[str, ...]] = {
    Waves.NONE: (),
    Waves.PINS: ("--trace-vcd", "--trace-depth", "1"),
    Waves.ALL: ("--trace-vcd",),
}


@dataclass(frozen=True, slots=True)
class Sources:
    """What is compiled: our files first, then the design's. Paths are relative to the work directory."""

    trusted: tuple[str, ...]
    files: tuple[str, ...]
    include_dirs: tuple[str, ...]
    defines: tuple[str, ...]


def flags(waves: Waves) -> tuple[str, ...]:
    """All options that do not depend on the design."""
    return (*_MODEL_FLAGS, *DESIGN_FLAGS, *_QUIET_FLAGS, *_COVERAGE_FLAGS, *_TRACE_FLAGS[waves])


def arguments(sources: Sources, waves: Waves) -> tuple[str, ...]:
    """Verilator's arguments; no option of the submission is among them, its names were validated by the harness job."""
    return (
        *flags(waves),
        *(f"-D{define}" for define in sources.defines),
        *(f"-I{TREE}/{folder}" for folder in sources.include_dirs),
        *(f"{HARNESS}/{name}" for name in sources.trusted),
        *(f"{TREE}/{name}" for name in sources.files),
    )


def tool_failed(log: bytes) -> bool:
    """The tool fell over by itself; that says nothing of the design."""
    return bool(_INTERNAL.search(plain(log, len(log))))


def findings(log: bytes, work: Path) -> tuple[Finding, ...]:
    """One finding per error that Verilator places inside the submission's tree, in its order."""
    found: list[Finding] = []
    for match in _ERROR.finditer(plain(log, len(log))):
        kind, name, line, column, text = match.groups()
        where = Location(name, int(line), int(column or 1), source=_source_line(work, name, int(line)))
        found.append(Finding(_RULES.get(kind or "", "B-001"), Outcome.FAILED, args={"text": text.strip()}, location=where))
    return tuple(found[:_MAX_FINDINGS])


def _source_line(work: Path, name: str, number: int) -> str:
    lines = (read_output(work / TREE, name, _MAX_SOURCE) or b"").splitlines()
    return plain(lines[number - 1][:400]) if 0 < number <= len(lines) else ""


def generated(work: Path) -> Sequence[str]:
    """Names of the C++ files that Verilator wrote, sorted."""
    pattern = re.compile(rf"{PREFIX}[A-Za-z0-9_]{{0,200}}\.cpp")
    return sorted(path.name for path in (work / OBJECTS).iterdir() if pattern.fullmatch(path.name))
