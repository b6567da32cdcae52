"""The `coverage` stage: what the simulations ran of the design's source, all runs merged, per file and line."""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.domain.canonical import canonical_json
from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StageResult
from pipeline.errors import InfrastructureError
from pipeline.ports import SandboxJob, StageContext
from pipeline.stages.outputs import plain, read_output
from verif.jobs.coverage import DAMAGED

OUT = "coverage.json"
_ROLE = "coverage-"
_SIMULATIONS = ("simulate.", "selftest")
_MAX_OUT = 64 << 20
_WALL_S = 300.0
_OFF = re.compile(rb"[Vv]erilator\W*coverage_(?:block_)?off")
_AMOUNTS = ("hit", "total", "branches_hit", "branches_total")


@dataclass(frozen=True, slots=True)
class _Source:
    """One file of the submission: how many lines it has, and where it switches coverage off (0: nowhere)."""

    lines: int
    off: int


class CoverageStage:
    """Merges the coverage data of all simulations. Files of the design without executable lines are listed, not counted."""

    name = "coverage"

    def run(self, context: StageContext) -> StageResult:
        """PASSED with evidence `coverage`; whether the figures suffice is the policy's affair.

        `line_percent` and `branch_percent` are cut, never rounded, after one decimal, so none reaches a threshold that it
        did not meet.

        Raises:
            InfrastructureError: P-520 no data, P-521 damaged data, P-522 the job failed, P-523 no executable line,
                P-524 lines that the source lacks, P-525 coverage switched off in the source, P-526 no list of files.
        """
        names, sources = _design_files(context), _sources(context.read("intake", "tree"))
        for name, source in sources.items():
            if source.off:
                raise InfrastructureError("P-525", file=plain(name.encode(), 400), line=source.off)
        measured = _measured(context, sources)
        total = {part: sum(int(entry[part]) for entry in measured.values()) for part in _AMOUNTS}
        if not total["total"]:
            raise InfrastructureError("P-523", files=len(names))
        unseen = {name: {"file": name, **dict.fromkeys(_AMOUNTS, 0), "lines": {}} for name in names if name not in measured}
        files = [entry for _name, entry in sorted((measured | unseen).items())]
        proof = context.write("coverage", canonical_json({"files": files}), "application/json")
        return StageResult(Outcome.PASSED, evidence=(proof,), metrics=_metrics(total, len(unseen)))


def _metrics(total: Mapping[str, int], unseen: int) -> dict[str, float]:
    metrics = {
        "line_percent": percent(total["hit"], total["total"]),
        "lines_hit": float(total["hit"]),
        "lines_total": float(total["total"]),
        "branches_hit": float(total["branches_hit"]),
        "branches_total": float(total["branches_total"]),
        "files_without_lines": float(unseen),
    }
    if total["branches_total"]:
        metrics["branch_percent"] = percent(total["branches_hit"], total["branches_total"])
    return metrics


def percent(hit: int, total: int) -> float:
    """100 * hit / total, cut after one decimal; total is at least 1."""
    return hit * 1000 // total / 10


def _design_files(context: StageContext) -> Sequence[str]:
    """The design's files as intake found them, relative to the submission."""
    names = json.loads(context.read("intake", "contract")).get("files")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise InfrastructureError("P-526")
    return names


def _sources(archive: bytes) -> dict[str, _Source]:
    """Every file of the tree, read in memory: nothing of it is executed or written."""
    found: dict[str, _Source] = {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
        for member in tar:
            file = tar.extractfile(member)
            data = file.read() if file else b""
            off = _OFF.search(data)
            found[member.name] = _Source(data.count(b"\n") + 1, data.count(b"\n", 0, off.start()) + 1 if off else 0)
    return found


def _measured(context: StageContext, sources: Mapping[str, _Source]) -> dict[str, dict[str, Any]]:
    """The job's entries by file, each checked against the source that it speaks of."""
    names = _unpack(context)
    tools = context.toolchain
    argv = (tools.python, "-m", "verif.jobs.coverage", OUT, *names)
    result = context.sandbox.run(SandboxJob(argv, context.work, tools.reads, tools.env, wall_s=_WALL_S), context.cancel)
    if result.cause == "exited" and result.code == DAMAGED:
        raise InfrastructureError("P-521", detail=plain(result.log, 400).strip())
    data = read_output(context.work, OUT, _MAX_OUT)
    if not result.ok or data is None:
        raise InfrastructureError("P-522", cause=result.cause, code=result.code, log=plain(result.log))
    entries: dict[str, dict[str, Any]] = {str(entry["file"]): entry for entry in json.loads(data)["files"]}
    for name, entry in entries.items():
        last = max(map(int, entry["lines"]), default=0)
        if last > (sources[name].lines if name in sources else 0):
            raise InfrastructureError("P-524", file=plain(name.encode(), 400), line=last)
    return entries


def _unpack(context: StageContext) -> list[str]:
    """Coverage data of every simulation, written to the work directory; the names."""
    found = [
        (step, role)
        for step, roles in sorted(context.evidence.items())
        for role in sorted(roles)
        if step.startswith(_SIMULATIONS) and role.startswith(_ROLE)
    ]
    if not found:
        raise InfrastructureError("P-520", steps=sum(step.startswith(_SIMULATIONS) for step in context.evidence))
    names = []
    for number, (step, role) in enumerate(found):
        context.progress(number, len(found))
        names.append(f"{number}.dat")
        (context.work / names[-1]).write_bytes(context.read(step, role))
    return names
