"""The gate's calls of Verilator: preprocess, elaborate alone, elaborate under the harness. All in the sandbox."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.domain.finding import Finding, Location
from pipeline.domain.outcome import Outcome
from pipeline.errors import InfrastructureError
from pipeline.ports import SandboxJob, SandboxResult, StageContext
from pipeline.stages.build import CAPS, CONTROL_FILE
from pipeline.stages.outputs import plain, read_output
from pipeline.stages.shim import INTERFACED, SHIM, SHIM_FILE, interface_ports, shim
from pipeline.stages.verilate import DESIGN_FLAGS, HARNESS, PREFIX, TOP, TREE, findings, tool_failed
from pipeline.stages.views import View, inside

PORTS_FILE = "ports.json"
MAX_FINDINGS = 50
_QUIET_FLAGS = ("-Wno-fatal", "-Wno-lint", "-Wno-style", "-Werror-MODDUP", "--quiet-stats")
_MAX_TEXT = 64 << 20
_MAX_TREE = 128 << 20
_WALL_S = 120.0
_JOB_WALL_S = 60.0
# Preprocessed text goes to a file of its own: mixed with warnings it could hide a word.
_TO_FILE = 'out="$1"; shift; exec "$@" > "$out"'
_WHERE = re.compile(r"^%Error(?:-[A-Z0-9]+)?: ([^:\n]{1,400}):\d{1,7}:", re.MULTILINE)
_NO_TOP = re.compile(r"^%Error: Specified --top-module '", re.MULTILINE)
_NO_PARAMETER = re.compile(r"^%Error: Parameters from the command line were not found [^:]*: (.{1,400})", re.MULTILINE)
_NO_SUCH_PARAMETER = re.compile(rf"^%Error[^:\n]*: {SHIM_FILE}:[^\n]*Parameter not found: ('[^'\n]{{1,400}}')", re.MULTILINE)
_PORT = "G-050"
_WORD = re.compile(r"[A-Za-z0-9_$]{1,200}")
# What the tool says -> rule. The group, where there is one, is the name that the message needs.
_KINDS = (
    (re.compile(r"Cannot find include file: '([^']*)'"), "G-042"),
    (re.compile(r"(?:Import package not found: |Package/class for .* not found: )'([^']*)'"), "G-043"),
    (re.compile(r"Cannot find file containing (?:module|interface)[^:]*: '([^']*)'"), "G-044"),
    (re.compile(r"Can't find definition of [^:]*: '([^']*)'"), "G-045"),
    (re.compile(r"Duplicate declaration of (?:module|package|interface|program)[^:]*: '([^']*)'"), "G-049"),
    (re.compile(r"Unsupported: (Interface)d port on top level module"), _PORT),
    (re.compile(r"Unsupported: (ref)/const ref as primary input/output"), _PORT),
    (re.compile(r"'__VGIfaceParam()"), _PORT),  # how the tool calls the type of a port that is just `interface`
)


class RefusedError(Exception):
    """The tool, or the gate, refuses the design; `findings` say why."""

    def __init__(self, found: Sequence[Finding]) -> None:
        super().__init__(found[0].rule if found else "")
        self.findings = tuple(found[:MAX_FINDINGS])


@dataclass(frozen=True, slots=True)
class Design:
    """What intake read from the manifest: paths relative to the submission's root, defines as NAME=VALUE."""

    top: str
    files: tuple[str, ...]
    include_dirs: tuple[str, ...]
    defines: tuple[str, ...]
    parameters: Mapping[str, int]
    profile: str = ""

    @staticmethod
    def from_json(data: bytes) -> Design:
        """Read intake's evidence `contract`; raises InfrastructureError P-514 when it is not what intake writes."""
        try:
            raw = json.loads(data)
            files, folders, defines = (tuple(map(str, raw[key])) for key in ("files", "include_dirs", "defines"))
            parameters = {str(name): int(value) for name, value in raw["parameters"].items()}
            return Design(str(raw["top"]), files, folders, defines, parameters, str(raw.get("profile", "")))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InfrastructureError("P-514", detail=type(error).__name__) from None

    @property
    def sources(self) -> tuple[str, ...]:
        """Defines, include folders and files as arguments, in the build's order."""
        folders = (f"-I{TREE}/{folder}" for folder in self.include_dirs)
        return (*(f"-D{define}" for define in self.defines), *folders, *(f"{TREE}/{name}" for name in self.files))


@dataclass(frozen=True, slots=True)
class Elaborated:
    """The tool's tree of an elaborated design, and its files (key of a location -> name)."""

    tree: Mapping[str, Any]
    files: Mapping[str, str]


class Elaborator:
    """Runs the tool in `context.work`, which holds the submission; adds up what that costs."""

    def __init__(self, context: StageContext, design: Design) -> None:
        self.context, self.design = context, design
        self.wall_s = self.cpu_s = 0.0

    def preprocess(self, work: Path, *options: str) -> View:
        """The preprocessed text of the design in `work`, with `options` behind the manifest's defines."""
        tool = (self.context.toolchain.verilator, "-E", *DESIGN_FLAGS, *_QUIET_FLAGS, *self.design.sources, *options)
        job = self._job(("/bin/sh", "-c", _TO_FILE, "sh", "text.sv", *tool), work)
        result = self._run_capped(replace(job, file_bytes=_MAX_TEXT), "verilator -E")
        data = read_output(work, "text.sv", _MAX_TEXT - 1)
        if data is None:
            raise RefusedError([_too_large("preprocessed text", _MAX_TEXT)])
        self._check(result, work)
        return View.of(data.decode("utf-8", "replace"))

    def alone(self, work: Path) -> Elaborated:
        """The design by itself, with the manifest's parameters: a name that only our harness could supply is an error.

        A design with interface ports is elaborated below a module of ours that holds nothing but these interfaces.
        """
        parameters = (f"-G{name}={value}" for name, value in self.design.parameters.items())
        argv = self._elaboration("alone", self.design.top, (*parameters, *self.design.sources))
        result = self._run_capped(self._job(argv, work), "verilator")
        interfaces = self._interfaces(work, argv) if INTERFACED.search(plain(result.log, len(result.log))) else {}
        if not interfaces:
            self._check(result, work)
            return self._read(work / "alone")
        (work / SHIM_FILE).write_text(shim(self.design.top, self.design.parameters, interfaces))
        return self._elaborate(work, "around", SHIM, (SHIM_FILE, *self.design.sources))

    def harnessed(self, work: Path, trusted: Sequence[str]) -> Elaborated:
        """The design below the harness, compiled in the build's order."""
        ours = (f"{HARNESS}/{name}" for name in (CONTROL_FILE, *trusted))
        return self._elaborate(work, "under", TOP, (*ours, *self.design.sources))

    def module(self, name: str, *arguments: str) -> SandboxResult:
        """Run one of our own modules beside the submission."""
        return self._run(self._job((self.context.toolchain.python, "-m", name, *arguments), self.context.work, _JOB_WALL_S))

    def _elaborate(self, work: Path, out: str, top: str, sources: Sequence[str]) -> Elaborated:
        self._check(self._run_capped(self._job(self._elaboration(out, top, sources), work), "verilator"), work)
        return self._read(work / out)

    def _elaboration(self, out: str, top: str, sources: Sequence[str]) -> tuple[str, ...]:
        form = ("--json-only", "--prefix", PREFIX, "--Mdir", out, "--top-module", top)
        return (self.context.toolchain.verilator, *form, *DESIGN_FLAGS, *_QUIET_FLAGS, *sources)

    def _interfaces(self, work: Path, argv: tuple[str, ...]) -> dict[str, str]:
        """The interface ports of the top, as the tool parsed it before it gave up."""
        self._run_capped(self._job((*argv, "--dump-tree-json"), work), "verilator")
        parsed = sorted(path.name for path in (work / "alone").glob(f"{PREFIX}_*_cellsort.tree.json"))
        data = read_output(work / "alone", parsed[0], _MAX_TREE) if parsed else None
        return {} if data is None else interface_ports(_loaded(data), self.design.top)

    def _read(self, folder: Path) -> Elaborated:
        data, meta = (read_output(folder, f"{PREFIX}.tree{kind}.json", _MAX_TREE) for kind in ("", ".meta"))
        if data is None or meta is None:
            raise RefusedError([_too_large("elaborated design", _MAX_TREE)])
        try:
            files = json.loads(meta)["files"]
            return Elaborated(_loaded(data), {key: str(entry["filename"]) for key, entry in files.items()})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InfrastructureError("P-513", detail=type(error).__name__) from None

    def _check(self, result: SandboxResult, work: Path) -> None:
        """Raise what the log of a failed call means."""
        if result.ok:
            return
        log = plain(result.log, len(result.log))
        crashed = result.cause != "exited" or tool_failed(result.log)
        found = [] if crashed else [*self._elsewhere(log), *map(self._kept_inside, _classified(result, work))]
        if not found:
            said = "\n".join(line for line in log.splitlines() if line.startswith("%"))  # source lines may be a host file's
            raise InfrastructureError("P-511", cause=result.cause, code=result.code, log=said[:2000])
        raise RefusedError(found)

    def _elsewhere(self, log: str) -> list[Finding]:
        """Complaints that have no place in the submission."""
        found = [_finding("G-041", top=self.design.top)] if _NO_TOP.search(log) else []
        found += [_finding("G-046", names=match.group(1)) for match in _NO_PARAMETER.finditer(log)]
        names = dict.fromkeys(match.group(1) for match in _WHERE.finditer(log))
        ours = (f"{HARNESS}/", "<", SHIM_FILE)
        found += [_finding("G-046", names=match.group(1)) for match in _NO_SUCH_PARAMETER.finditer(log)]
        return found + [_finding("G-047", name=name) for name in names if inside(name) is None and not name.startswith(ours)]

    def _kept_inside(self, found: Finding) -> Finding:
        """A missing include that could not be inside the submission, wherever it is looked for, says so."""
        name = found.args.get("name", "")
        folders = (TREE, *(f"{TREE}/{folder}" for folder in self.design.include_dirs))
        if found.rule != "G-042" or any(inside(posixpath.join(folder, name)) for folder in folders):
            return found
        return replace(found, rule="G-047")

    def _run_capped(self, job: SandboxJob, program: str) -> SandboxResult:
        """Run, and once more when a cap ended it: only a cap that repeats is held against the design."""
        result = self._run(job)
        if result.cause in CAPS:
            result = self._run(job)
        if result.cause in CAPS:
            raise RefusedError([_finding("G-060", program=program, cause=result.cause)])
        return result

    def _job(self, argv: tuple[str, ...], work: Path, wall_s: float = _WALL_S) -> SandboxJob:
        return SandboxJob(argv, work, self.context.toolchain.reads, self.context.toolchain.env, wall_s=wall_s)

    def _run(self, job: SandboxJob) -> SandboxResult:
        result = self.context.sandbox.run(job, self.context.cancel)
        self.wall_s += result.wall_s
        self.cpu_s += result.cpu_s
        return result


def _loaded(data: bytes) -> Any:
    """JSON that the tool wrote; too deep a tree is the design's fault, anything else that is wrong with it is not."""
    try:
        return json.loads(data)
    except RecursionError:
        raise RefusedError([Finding("G-061", Outcome.FAILED, args={"what": "nesting", "limit": "1000"})]) from None
    except ValueError as error:
        raise InfrastructureError("P-513", detail=type(error).__name__) from None


def _finding(rule: str, **args: str) -> Finding:
    return Finding(rule, Outcome.FAILED, args=args)


def _too_large(what: str, limit: int) -> Finding:
    return _finding("G-061", what=what, limit=f"{limit >> 20} MiB")


def _classified(result: SandboxResult, work: Path) -> list[Finding]:
    """The tool's complaints about the submission's files, each under the rule that tells the user most."""
    placed = (_placed(finding) for finding in findings(result.log, work))
    found = [_kind(finding) for finding in placed if finding is not None]
    # A port that cannot be bound brings complaints after it that say nothing more.
    return [finding for finding in found if finding.rule == _PORT] or found


def _placed(found: Finding) -> Finding | None:
    """The finding with the plain path of its file; None when that leaves the submission."""
    name = inside(f"{TREE}/{found.location.file}") if found.location else None
    return replace(found, location=replace(found.location, file=name)) if found.location and name else None


def _kind(found: Finding) -> Finding:
    text = found.args["text"]
    for pattern, rule in _KINDS:
        match = pattern.search(text)
        if match and rule == _PORT:
            return replace(
                found, rule=rule, args={"name": _word(found.location), "text": match.group(1).lower() or "generic interface"}
            )
        if match:
            return replace(found, rule=rule, args={"name": match.group(1), "text": text})
    return replace(found, rule="G-040")


def _word(where: Location | None) -> str:
    match = _WORD.match(where.source, where.column - 1) if where else None
    return match.group() if match else "-"
