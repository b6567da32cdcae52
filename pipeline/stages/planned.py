"""What the plan job left behind, believed as far as it makes sense: it was made while reading a stranger's file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.domain.finding import Finding, Location
from pipeline.domain.outcome import Outcome
from pipeline.errors import InfrastructureError
from pipeline.ports import StageContext
from pipeline.stages.outputs import plain, read_output
from verif.jobs.plan import CONTRACT, DIAGNOSTICS, MAX_DIAGNOSTICS, PLAN
from verif.testplan.plan import Plan

_MAX_DIAGNOSTICS_BYTES = 4 << 20
_MAX_CONTRACT_BYTES = 4 << 20
_MAX_PLAN_BYTES = 16 << 20
_MAX_BATCHES = 64
_MAX_ARGUMENT = 400
_MAX_SOURCE = 400
_MAX_PLACE = 1 << 24
_RULE = re.compile(r"E-MAN-\d{3}|I-03\d")
_SHAPE: Mapping[str, type] = {
    "design": str,
    "revision": str,
    "profile": str,
    "fitted": list,
    "parameters": dict,
    "top": str,
    "files": list,
    "include_dirs": list,
    "defines": list,
    "math": dict,
    "channels": list,
    "claims": dict,
    "timing": dict,
    "numerics": dict,
    "selftest": dict,
}
_LISTS_OF_TEXT = ("files", "include_dirs", "defines", "fitted")


@dataclass(frozen=True, slots=True)
class Planned:
    """Findings about the manifest; `contract` and `plan` when none of them is an error, else empty and None."""

    findings: tuple[Finding, ...]
    contract: Mapping[str, Any]
    plan: Plan | None


def read_planned(context: StageContext, folder: Path, manifest: bytes) -> Planned:
    """The job's three files; source lines are taken from `manifest`, never from what the job says.

    Raises:
        InfrastructureError: P-502 when a file is missing, too large, or not what the job writes.
    """
    try:
        found = _findings(folder, context.submission.manifest, manifest)
        if any(finding.severity == "error" for finding in found):
            return Planned(found, {}, None)
        contract = _contract(_json(folder, CONTRACT, _MAX_CONTRACT_BYTES))
        plan = Plan.from_json(_bytes(folder, PLAN, _MAX_PLAN_BYTES))
        _check(plan, context, contract)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InfrastructureError("P-502", detail=plain(str(error).encode(), 200)) from error
    return Planned(found, contract, plan)


def _bytes(folder: Path, name: str, limit: int) -> bytes:
    data = read_output(folder, name, limit)
    if data is None:
        raise ValueError(f"no {name} of at most {limit} bytes")
    return data


def _json(folder: Path, name: str, limit: int) -> Any:
    return json.loads(_bytes(folder, name, limit))


def _findings(folder: Path, name: str, manifest: bytes) -> tuple[Finding, ...]:
    entries = _json(folder, DIAGNOSTICS, _MAX_DIAGNOSTICS_BYTES)
    if not isinstance(entries, list) or len(entries) > MAX_DIAGNOSTICS:
        raise ValueError("diagnostics are not a short list")
    lines = manifest.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return tuple(_finding(entry, name, lines) for entry in entries)


def _finding(entry: Mapping[str, Any], name: str, lines: list[bytes]) -> Finding:
    rule, severity = str(entry["rule"]), entry["severity"]
    line, column, length = (int(entry[key]) for key in ("line", "column", "length"))
    if not _RULE.fullmatch(rule) or severity not in {"error", "note"}:
        raise ValueError(f"rule {rule[:40]}")
    if not all(1 <= number <= _MAX_PLACE for number in (line, column, length)):
        raise ValueError("a place outside every text")
    args = {str(key)[:_MAX_ARGUMENT]: _printable(str(value)) for key, value in entry["args"].items()}
    source = source_line(lines[line - 1]) if line <= len(lines) else ""
    return Finding(rule, Outcome.FAILED, severity, args, Location(name, line, column, length, source))


def source_line(line: bytes) -> str:
    """A line of a source as printable ASCII, one '?' for any other character, so that columns stay where they are."""
    return plain(line.decode(errors="replace")[:_MAX_SOURCE].encode("ascii", "replace"))


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text[:_MAX_ARGUMENT])


def _contract(raw: Any) -> Mapping[str, Any]:
    if not isinstance(raw, dict) or {name: type(value) for name, value in raw.items()} != _SHAPE:
        raise ValueError("the contract's summary has another shape")
    if not all(isinstance(text, str) for name in _LISTS_OF_TEXT for text in raw[name]) or not raw["files"]:
        raise ValueError("the contract's files, folders, defines or fitted facts are no texts")
    return raw


def _check(plan: Plan, context: StageContext, contract: Mapping[str, Any]) -> None:
    """The plan is for this run, and its batches hold jobs of its own testpoints."""
    if (plan.policy, plan.epoch, plan.design) != (context.run.policy, context.run.epoch, contract["design"]):
        raise ValueError("the plan is for another run")
    if [batch.index for batch in plan.batches] != list(range(len(plan.batches))) or len(plan.batches) > _MAX_BATCHES:
        raise ValueError("the plan's batches are not numbered in order")
    points = {point.id: point.seeds for point in plan.testpoints if point.state == "planned"}
    if any(job.testpoint not in points for batch in plan.batches for job in batch.jobs):
        raise ValueError("the plan has jobs of no testpoint")
    _check_bank(plan, context, points)


def _check_bank(plan: Plan, context: StageContext, points: Mapping[str, Sequence[int]]) -> None:
    """Every banked seed of a testpoint with jobs is planned, and nothing else is marked as banked."""
    bank = (
        {(str(name), int(seed)) for name, seed in json.loads(context.blobs.get(context.run.bank))}
        if context.run.bank
        else set()
    )
    run = {job.testpoint for batch in plan.batches for job in batch.jobs}
    if any(name in run and seed not in points[name] for name, seed in bank):
        raise ValueError("the plan leaves out a banked seed")
    if any((job.testpoint, job.seed) not in bank for batch in plan.batches if batch.banked for job in batch.jobs):
        raise ValueError("the plan replays what is not in the bank")
