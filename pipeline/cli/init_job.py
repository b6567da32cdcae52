"""Runs the elaboration in the sandbox: RTL is a stranger's, and so is the answer."""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.bootstrap import Center
from pipeline.cli.layout import plain
from pipeline.domain.finding import Finding, Location
from pipeline.domain.outcome import Outcome
from pipeline.errors import AssayError, InfrastructureError, UsageError
from pipeline.ports import SandboxJob
from pipeline.stages.archive import tree_files
from pipeline.stages.archive_entries import ArchiveError
from pipeline.stages.outputs import plain as readable
from pipeline.stages.outputs import read_output, unpack_tree

TREE, ANSWER = "tree", "init.json"
_MAX_ANSWER = 16 << 20
_WALL_S = 60.0
_MEMORY = 2 << 30
_MOST_LINES = 20_000
_LONGEST = 1 << 16
KINDS = ("text", "note", "ask", "propose")


class RefusedError(AssayError):
    """No manifest can be drafted; `findings` say why, with places."""

    exit_code = 2

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(findings[0].rule, **findings[0].args)
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Draft:
    """The job's answer: lines of the manifest, facts for machines, what the elaborator minds."""

    lines: tuple[Mapping[str, Any], ...]
    facts: Mapping[str, Any]
    remarks: tuple[str, ...]


def draft(center: Center, archive: bytes, source: str, top: str) -> Draft:
    """What the RTL in `archive`, a packed folder, says of itself.

    Raises:
        RefusedError: the RTL does not allow a manifest.
        InfrastructureError: N-201 no usable answer.
        UsageError: the folder holds what no submission may hold.
    """
    work = Path(tempfile.mkdtemp(prefix="init-", dir=_work(center)))
    try:
        files = _unpacked(archive, work)
        tools = center.toolchain
        argv = (tools.python, "-m", "verif.jobs.init", TREE, source, ANSWER, *([top] if top else []))
        result = center.sandbox.run(SandboxJob(argv, work, tools.reads, tools.env, wall_s=_WALL_S, memory_bytes=_MEMORY))
        data = read_output(work, ANSWER, _MAX_ANSWER)
        if not result.ok or data is None:
            raise InfrastructureError("N-201", cause=result.cause, code=result.code, log=readable(result.log, 400))
        return _answer(data, files)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _work(center: Center) -> Path:
    center.services.work.mkdir(parents=True, exist_ok=True)
    return center.services.work


def _unpacked(archive: bytes, work: Path) -> Mapping[str, bytes]:
    try:
        packed = gzip.decompress(archive)
        files = tree_files(packed)
    except ArchiveError as error:
        raise UsageError(error.findings[0].rule, **error.findings[0].args) from None
    unpack_tree(packed, work / TREE)
    return files


def _answer(data: bytes, files: Mapping[str, bytes]) -> Draft:
    try:
        raw = json.loads(data)
        if raw.get("faults"):
            raise RefusedError(tuple(_finding(fault, files) for fault in raw["faults"]))
        lines = tuple(_line(line) for line in raw["lines"][:_MOST_LINES])
        facts = dict(raw["facts"])
        list(facts.setdefault("channels", []))
        return Draft(lines, facts, tuple(plain(str(text), 400) for text in raw["remarks"][:20]))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise InfrastructureError("N-201", cause="answer", code=0, log=type(error).__name__) from None


def _line(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """A line of the page with every part, each of its type; control bytes are gone. ValueError for an unknown kind."""
    kind, key, number = str(raw["kind"]), str(raw.get("key", ""))[:40], int(raw.get("number", 0))
    if kind not in KINDS:
        raise ValueError(kind)
    args = {str(name): plain(str(value), 400) for name, value in raw.get("args", {}).items()}
    return {"kind": kind, "text": plain(str(raw.get("text", "")), _LONGEST), "key": key, "number": number, "args": args}


def _finding(fault: Mapping[str, Any], files: Mapping[str, bytes]) -> Finding:
    args = {str(name): plain(str(value), 400) for name, value in fault["args"].items()}
    name, number = str(fault["file"]), int(fault["line"])
    rows = files.get(name, b"").splitlines()
    source = readable(rows[number - 1][:400]) if 0 < number <= len(rows) else ""
    where = Location(name, number, max(1, int(fault["column"])), 1, source) if number else None
    return Finding(str(fault["rule"]), Outcome.FAILED, args=args, location=where)
