"""Runs the explanation in the sandbox: the manifest is a stranger's, and so is the answer."""

from __future__ import annotations

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
from pipeline.domain.policy import Policy
from pipeline.errors import InfrastructureError, UsageError
from pipeline.ports import SandboxJob
from pipeline.stages.archive import ArchiveError, pack_tree, read_archive
from pipeline.stages.outputs import plain as readable
from pipeline.stages.outputs import read_output, unpack_tree
from pipeline.stages.planned import source_line
from verif.jobs.explain import MOST

TREE, ANSWER = "tree", "explained.json"
_MAX_ANSWER = 32 << 20
_WALL_S = 120.0
_KEYS = {"contract": dict, "testpoints": list, "operations": list, "pins": dict}


@dataclass(frozen=True, slots=True)
class Explained:
    """Findings about the manifest; `facts` is empty when one of them is an error."""

    findings: tuple[Finding, ...]
    facts: Mapping[str, Any]


def explain_package(center: Center, archive: bytes, manifest: str, policy: Policy) -> Explained:
    """What the manifest in `archive` says, under a policy.

    Raises:
        InfrastructureError: J-020 no usable answer.
        UsageError: U-921 no such manifest; the rule of intake for a package that no run would take.
    """
    try:
        files = read_archive(archive, manifest)
    except ArchiveError as error:
        raise UsageError(error.findings[0].rule, **error.findings[0].args) from None
    if manifest not in files:
        raise UsageError("U-921", path=manifest, reason="-")
    center.services.work.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="explain-", dir=center.services.work))
    try:
        unpack_tree(pack_tree(files), work / TREE)
        asked = (policy.name, str(policy.random_seeds), "0", *policy.milestones)
        tools = center.toolchain
        argv = (tools.python, "-m", "verif.jobs.explain", TREE, manifest, ANSWER, *asked)
        result = center.sandbox.run(SandboxJob(argv, work, tools.reads, tools.env, wall_s=_WALL_S))
        data = read_output(work, ANSWER, _MAX_ANSWER)
        if not result.ok or data is None:
            raise InfrastructureError("J-020", cause=result.cause, code=result.code, log=readable(result.log, 400))
        return _answer(data, manifest, files[manifest])
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _answer(data: bytes, name: str, manifest: bytes) -> Explained:
    try:
        raw = json.loads(data)
        lines = manifest.split(b"\n")
        found = tuple(_finding(entry, name, lines) for entry in raw["diagnostics"][:MOST])
        facts = {} if any(one.severity == "error" for one in found) else {key: kind(raw[key]) for key, kind in _KEYS.items()}
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise InfrastructureError("J-020", cause="answer", code=0, log=type(error).__name__) from None
    return Explained(found, facts)


def _finding(entry: Mapping[str, Any], name: str, lines: list[bytes]) -> Finding:
    args = {str(key): plain(str(value), 400) for key, value in entry["args"].items()}
    line, column, length = (max(1, int(entry[key])) for key in ("line", "column", "length"))
    source = source_line(lines[line - 1].rstrip(b"\r")) if line <= len(lines) else ""
    severity = "note" if entry["severity"] == "note" else "error"
    place = Location(name, line, column, length, source)
    return Finding(str(entry["rule"])[:20], Outcome.FAILED, severity, args, place)  # type: ignore[arg-type]  # one of the two
