"""Reads a manifest and makes the plan: `python -m verif.jobs.plan TREE MANIFEST OUT POLICY SEEDS EPOCH MILESTONE...`.

TREE is the unpacked submission, MANIFEST a path inside it, OUT the new folder to write to, SEEDS how many a random testpoint
has. A file `bank.json` beside OUT holds jobs to replay, [[testpoint, seed]]. Writes `diagnostics.json` ([{rule, severity,
line, column, length, args}], errors first), and without any error also `contract.json` (what later stages and reports say of
the design) and `plan.json`. Exit code 0 when they were written.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from verif.contract import faults
from verif.contract.check import check_contract
from verif.contract.diagnostic import Diagnostic
from verif.contract.explain import explain
from verif.contract.model import Contract, Span, Text
from verif.contract.read import read_manifest
from verif.selftest.plan import Found, examine_selftest
from verif.tb.drivers import HarnessError
from verif.tb.files import design_files, include_folders, macro_definitions
from verif.tb.generate import MAX_CHANNELS
from verif.tb.harness import MAX_EVENTS
from verif.testplan.plan import Job, Plan
from verif.testplan.select import make_plan

DIAGNOSTICS, CONTRACT, PLAN = "diagnostics.json", "contract.json", "plan.json"
BANK = "bank.json"
SUFFIXES = frozenset({".sv", ".v", ".svh", ".vh"})
RESERVED = "assay_"
MAX_DIAGNOSTICS = 400
_START = Span(1, 1)


@dataclass(frozen=True, slots=True)
class Request:
    """What the policy asks for, and which jobs to replay."""

    policy: str
    milestones: tuple[str, ...]
    random_seeds: int
    epoch: int
    banked: tuple[Job, ...] = ()


@dataclass(frozen=True, slots=True)
class Examined:
    """Everything said of a manifest; `contract` (JSON-ready) and `plan` are None when one of the diagnostics is an error."""

    diagnostics: tuple[Diagnostic, ...]
    contract: Mapping[str, Any] | None = None
    plan: Plan | None = None


def examine(tree: Path, manifest: str, request: Request) -> Examined:
    """Read, check, resolve the design's files and plan; every error of the manifest at once, in the order of its text."""
    try:
        (tree / manifest).read_bytes().decode()
    except UnicodeDecodeError as error:
        return Examined((_not_text(error),))
    contract, found = read_manifest((tree / manifest).read_text(encoding="utf-8"))
    if contract is None:
        return Examined(tuple(found))
    base = PurePosixPath(manifest).parent
    found = [*check_contract(contract), *_design(tree, base, contract)]
    found.sort(key=lambda diagnostic: (diagnostic.span.line, diagnostic.span.column))
    broken = any(diagnostic.severity == "error" for diagnostic in found)
    own = Found(()) if broken else examine_selftest(tree, base, contract)
    found += own.diagnostics
    if broken or own.diagnostics:
        return Examined(tuple(found))
    asked = (request.policy, request.milestones, request.random_seeds, request.epoch, request.banked)
    tests = sum(not test["why"] for test in own.plan["tests"]) if own.plan else 0
    summary = {**_summary(tree, base, contract), "selftest": dict(own.plan or {})}
    return Examined(tuple(found), summary, make_plan(contract, *asked, self_tests=tests))


def _not_text(error: UnicodeDecodeError) -> Diagnostic:
    before = error.object[: error.start].decode()
    span = Span(before.count("\n") + 1, len(before) - before.rfind("\n"))
    return faults.diagnostic("I-035", span, byte=f"0x{error.object[error.start]:02x}")


def _design(tree: Path, base: PurePosixPath, contract: Contract) -> Iterator[Diagnostic]:
    """What [design] says that does not fit the tree, or that no tool can be told."""
    design = contract.design
    for number, pattern in enumerate(design.files):
        yield from _pattern(tree, base, pattern, _place(contract, f"design.files.{number}"))
    for number, folder in enumerate(design.include_dirs):
        if not (tree / include_folders(base, (folder,))[0]).is_dir():
            yield faults.diagnostic("I-032", _place(contract, f"design.include_dirs.{number}"), folder=folder)
    yield from _bindable(contract)


def _bindable(contract: Contract) -> Iterator[Diagnostic]:
    """What the harness or a command line cannot carry."""
    design = contract.design
    for name, value in design.defines.items():
        try:
            macro_definitions({name: value})
        except HarnessError:
            yield faults.diagnostic("I-033", _place(contract, f"design.defines.{name}"), name=name, value=value)
    if design.top.startswith(RESERVED):
        yield faults.diagnostic("I-034", _place(contract, "design.top"), top=design.top, prefix=RESERVED)
    for section, items, most in (("channel", contract.channels, MAX_CHANNELS), ("event", contract.events, MAX_EVENTS)):
        if len(items) > most:
            yield faults.diagnostic("I-036", _place(contract, section), section=section, count=len(items), limit=most)


def _pattern(tree: Path, base: PurePosixPath, pattern: str, span: Span) -> Iterator[Diagnostic]:
    try:
        names = design_files(tree, base, (pattern,))
    except (HarnessError, ValueError, IndexError):  # pathlib raises the last two for patterns that it cannot read
        yield faults.diagnostic("I-030", span, pattern=pattern)
        return
    for name in names:
        if PurePosixPath(name).suffix not in SUFFIXES:
            yield faults.diagnostic("I-031", span, pattern=pattern, file=name, suffixes=" ".join(sorted(SUFFIXES)))


def _place(contract: Contract, key: str) -> Span:
    """Where a key's value stands; where its section begins when the key is implicit."""
    places = contract.places
    return places.get(key) or places.get(key.partition(".")[0]) or _START


def _summary(tree: Path, base: PurePosixPath, contract: Contract) -> Mapping[str, Any]:
    design = contract.design
    return {
        "design": design.name,
        "revision": design.revision,
        "profile": contract.profile,
        "fitted": list(contract.fitted),
        "parameters": dict(design.parameters),
        "top": design.top,
        "files": design_files(tree, base, design.files),
        "include_dirs": include_folders(base, design.include_dirs),
        "defines": macro_definitions(design.defines),
        "math": {operation.id: list(explain(operation)) for operation in contract.operations},
        "channels": [{"id": channel.id, "dir": channel.dir} for channel in contract.channels],
        "claims": _plain(contract.optional.get("claims", {})),
        "timing": _plain(contract.optional.get("timing", {})),
        "numerics": _plain(contract.optional.get("numerics", {})),
    }


def _plain(section: Mapping[str, object]) -> Mapping[str, Any]:
    """A section's figures: expressions as their text, everything else as it stands; keys without a value are left out."""
    return {name: _figure(value) for name, value in section.items() if value is not None}


def _figure(value: object) -> Any:
    if isinstance(value, dict):
        return _plain(value)
    if isinstance(value, Text):
        return value.value
    if isinstance(value, tuple):
        return [_figure(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def main(argv: Sequence[str]) -> int:
    """Write the findings, and the contract and the plan when there is no error."""
    tree, manifest, out, policy, seeds, epoch, *milestones = argv
    folder = Path(out)
    request = Request(policy, tuple(milestones), int(seeds), int(epoch), read_bank(folder.parent / BANK))
    found = examine(Path(tree), manifest, request)
    folder.mkdir()
    (folder / DIAGNOSTICS).write_text(json.dumps([_entry(item) for item in _bounded(found.diagnostics)]))
    if found.plan is not None:
        (folder / CONTRACT).write_text(json.dumps(found.contract, sort_keys=True))
        (folder / PLAN).write_bytes(found.plan.to_json())
    return 0


def read_bank(file: Path) -> tuple[Job, ...]:
    """The jobs of a bank file; none when there is no such file."""
    if not file.is_file():
        return ()
    return tuple(Job(str(testpoint), int(seed)) for testpoint, seed in json.loads(file.read_bytes()))


def _bounded(diagnostics: Sequence[Diagnostic]) -> Sequence[Diagnostic]:
    """The first ones, errors before notes: what is cut off must never be the only error."""
    return sorted(diagnostics, key=lambda item: item.severity != "error")[:MAX_DIAGNOSTICS]


def _entry(item: Diagnostic) -> Mapping[str, Any]:
    place = {"line": item.span.line, "column": item.span.column, "length": item.span.length}
    return {"rule": item.rule, "severity": item.severity, **place, "args": dict(item.args)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
