"""The `lint` stage: Verilator reads the design alone, with every warning on and every waiver in its source taken out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.domain.finding import Finding, Location
from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StageResult, TestpointCount
from pipeline.errors import InfrastructureError
from pipeline.ports import SandboxJob, SandboxResult, StageContext
from pipeline.stages.archive import pack_tree, tree_files
from pipeline.stages.build import CAPS
from pipeline.stages.lint_rules import REMARK, rule_of
from pipeline.stages.outputs import plain, unpack_tree
from pipeline.stages.planned import source_line
from pipeline.stages.verilate import DESIGN_FLAGS, TREE, tool_failed
from pipeline.stages.waivers import Waiver, without_waivers

TESTPOINT = "LINT-01"
WALL_S = 300.0
_FLAGS = ("--lint-only", "-Wall", "-Wno-fatal", "-Wno-context", "--quiet-stats", "--error-limit", "1000")
_MESSAGE = re.compile(
    r"^%(Error|Warning)(?:-([A-Z0-9_]{1,40}))?: (?:tree/([A-Za-z0-9_./-]{1,1300}):(\d{1,7}):(?:(\d{1,6}):)? )?(.{1,400})",
    re.MULTILINE,
)
_SUMMARY = re.compile(r"Exiting due to \d+ (?:error|warning)")
_WORD = re.compile(r"[A-Za-z0-9_$]+")
_MAX_FINDINGS = 100
_MAX_WAIVERS = 20
_INT32 = range(-(1 << 31), 1 << 31)


@dataclass(frozen=True, slots=True)
class Message:
    """One thing Verilator said: its code may be empty, its place None when it names none inside the submission."""

    rule: str
    code: str
    text: str
    location: Location | None


class LintStage:
    """Lints what assay.toml names, elaborated from its top module with its parameters."""

    name = "lint"

    def run(self, context: StageContext) -> StageResult:
        """PASSED or FAILED with the count of `LINT-01` and evidence `lint`, the tool's log; remarks and waivers are notes.

        Raises:
            InfrastructureError: P-505 Verilator fell over, which says nothing of the design.
        """
        contract: dict[str, Any] = json.loads(context.read("intake", "contract"))
        sources = tree_files(context.read("intake", "tree"))
        linted, waivers = without_waivers(sources)
        result = _run_capped(context, pack_tree(linted), contract)
        evidence = (context.write("lint", plain(result.log, len(result.log)).encode(), "text/plain"),)
        if result.cause in CAPS:
            findings: tuple[Finding, ...] = (_capped(result),)
        else:
            messages = tuple(read_messages(result.log, sources))
            findings = _findings(messages)
            if not _plausible(result, findings):
                raise InfrastructureError("P-505", cause=result.cause, code=result.code, log=plain(result.log))
            findings += (*_remarks(messages), *_waived(waivers, sources))
        failed = any(finding.severity == "error" for finding in findings)
        count = TestpointCount(TESTPOINT, executed=1, judged=1, failed=int(failed), checks=len(contract["files"]))
        metrics = {"lint_wall_s": result.wall_s, "lint_cpu_s": result.cpu_s}
        return StageResult(Outcome.FAILED if failed else Outcome.PASSED, findings, evidence, (count,), metrics)


def arguments(contract: Mapping[str, Any]) -> tuple[str, ...]:
    """Verilator's arguments for the design that `contract` (intake's evidence) describes."""
    return (
        *_FLAGS,
        *DESIGN_FLAGS,
        "--top-module",
        contract["top"],
        *(f"-G{name}={parameter_text(value)}" for name, value in contract["parameters"].items()),
        *(f"-D{define}" for define in contract["defines"]),
        *(f"-I{TREE}/{folder}" for folder in contract["include_dirs"]),
        *(f"{TREE}/{name}" for name in contract["files"]),
    )


def parameter_text(value: int) -> str:
    """A parameter's value; beyond 32 bits Verilator wants to be told the width."""
    return str(value) if value in _INT32 else f"64'sh{value % (1 << 64):x}"


def _run_capped(context: StageContext, tree: bytes, contract: Mapping[str, Any]) -> SandboxResult:
    """Run, and once more when a cap ended it: only a cap that repeats is held against the design."""
    tools, work = context.toolchain, context.work / "lint"
    unpack_tree(tree, work / TREE)
    job = SandboxJob((tools.verilator, *arguments(contract)), work, tools.reads, tools.env, wall_s=WALL_S)
    result = context.sandbox.run(job, context.cancel)
    return context.sandbox.run(job, context.cancel) if result.cause in CAPS else result


def _plausible(result: SandboxResult, findings: Sequence[Finding]) -> bool:
    """Verilator ended by itself, and for a reason: without an error, or with one that we can show."""
    if result.cause != "exited":
        return False
    return result.ok or (bool(findings) and not tool_failed(result.log))


def read_messages(log: bytes, sources: Mapping[str, bytes]) -> Iterator[Message]:
    """Every warning and error of the log, once each, in its order. `sources` are the files it speaks of."""
    seen: set[tuple[str, ...]] = set()
    for match in _MESSAGE.finditer(plain(log, len(log))):
        if match.groups() in seen or _SUMMARY.match(match[6]):
            continue
        seen.add(match.groups())
        kind, code, name, line, column, text = match.groups()
        place = _location(sources, name, int(line), int(column or 1)) if name else None
        yield Message(rule_of(code or "", text, error=kind == "Error"), code or "", text.strip(), place)


def _location(sources: Mapping[str, bytes], name: str, line: int, column: int) -> Location:
    lines = sources.get(name, b"").splitlines()
    source = source_line(lines[line - 1]) if 0 < line <= len(lines) else ""
    word = _WORD.match(source, max(column - 1, 0))
    return Location(name, line, column, len(word[0]) if word else 1, source)


def _findings(messages: Sequence[Message]) -> tuple[Finding, ...]:
    """One finding per message that fails the design; beyond the limit only their number."""
    failing = [message for message in messages if message.rule != REMARK]
    found = [
        Finding(item.rule, Outcome.FAILED, args={"text": item.text, "code": item.code}, location=item.location)
        for item in failing[:_MAX_FINDINGS]
    ]
    if len(failing) > _MAX_FINDINGS:
        left = str(len(failing) - _MAX_FINDINGS)
        found.append(Finding("L-022", Outcome.FAILED, severity="note", args={"count": left, "shown": str(_MAX_FINDINGS)}))
    return tuple(found)


def _remarks(messages: Sequence[Message]) -> Iterator[Finding]:
    """One note per kind of remark, at the first place; there are only so many kinds."""
    kinds: dict[str, list[Message]] = {}
    for message in messages:
        if message.rule == REMARK:
            kinds.setdefault(message.code, []).append(message)
    for code, found in sorted(kinds.items()):
        args = {"code": code, "count": str(len(found)), "text": found[0].text}
        yield Finding(REMARK, Outcome.FAILED, severity="note", args=args, location=found[0].location)


def _waived(waivers: Sequence[Waiver], sources: Mapping[str, bytes]) -> Iterator[Finding]:
    """One note that counts and lists the waivers found in the source."""
    if waivers:
        first, shown = waivers[0], waivers[:_MAX_WAIVERS]
        places = ", ".join(f"{waiver.file}:{waiver.line} ({waiver.text})" for waiver in shown)
        args = {"count": str(len(waivers)), "shown": str(len(shown)), "places": places}
        where = _location(sources, first.file, first.line, first.column)
        yield Finding("L-021", Outcome.FAILED, severity="note", args=args, location=where)


def _capped(result: SandboxResult) -> Finding:
    return Finding("L-010", Outcome.FAILED, args={"cause": result.cause, "limit_s": f"{WALL_S:.0f}"})
