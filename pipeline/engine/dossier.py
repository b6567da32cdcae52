"""Assemble the dossier of a finished run from the store. Everything is recomputed from committed results and evidence."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.domain.dossier import Coverage, Dossier, Environment
from pipeline.domain.finding import Finding
from pipeline.domain.isolated import Isolated
from pipeline.domain.policy import POLICIES
from pipeline.domain.readings import Readings, merged
from pipeline.domain.run import Run, Step
from pipeline.domain.verdict import decide
from pipeline.engine.finish import Known, known_of, one_toolchain
from pipeline.engine.services import Services
from pipeline.errors import BlobError, UsageError
from pipeline.ports import Blobs


def assemble(services: Services, tenant: str, run_id: str, target: str | None = None) -> Dossier:
    """The dossier of a decided run; UsageError U-912 while it has no verdict.

    `target` is what reproduction lines name: the run's number by default, the given path for `assay check`.
    """
    run = services.store.run(tenant, run_id)
    if run.verdict is None or run.verdict_digest is None:
        raise UsageError("U-912", run=str(run.number))
    blobs, steps = services.blobs(tenant), tuple(services.store.steps(tenant, run_id))
    results = {step.spec.name: step.result for step in steps if step.result}
    known = known_of(blobs, results)
    findings = tuple(finding for result in results.values() for finding in result.findings)
    submission = services.store.submission(tenant, run.submission_id)
    isolated = isolated_of(blobs, steps)
    return Dossier(
        submission=submission,
        run=run,
        design=str(known.contract.get("design") or (known.plan.design if known.plan else "") or submission.name),
        profile=str(known.contract.get("profile", "")),
        parameters=_integers(known.contract.get("parameters")),
        decision=decide(known.plan, results, POLICIES[run.policy]),
        verdict_digest=run.verdict_digest,
        steps=steps,
        findings=findings,
        reproduce=reproduce_lines(target or str(run.number), findings, isolated),
        coverage=_coverage(blobs, steps),
        environment=_environment(services, run, known),
        metrics=_metrics(steps),
        isolated=isolated,
        readings=readings_of(blobs, steps),
        fitted=known.fitted,
    )


def reproduce_lines(target: str, findings: Sequence[Finding], isolated: Isolated | None) -> dict[str, str]:
    """Finding's id -> the line that shows it again; the smallest for the finding that was isolated, and notes on it."""
    shown = [finding for finding in findings if finding.testpoint and finding.seed is not None]
    return {one.id: reproduce_line(target, one.testpoint, one.seed or 0) + _narrowed(one, isolated) for one in shown}


def isolated_of(blobs: Blobs, steps: Sequence[Step]) -> Isolated | None:
    """What the isolate stage left; None when it left nothing that can be read."""
    proofs = [item for step in steps if step.spec.stage == "isolate" and step.result for item in step.result.evidence]
    found = [item for item in proofs if item.role == "failure"]
    if not found:
        return None
    try:
        return Isolated.from_json(json.loads(blobs.get(found[-1].digest)))
    except (BlobError, ValueError, KeyError, TypeError, AttributeError):
        return None


def readings_of(blobs: Blobs, steps: Sequence[Step]) -> Readings | None:
    """What the batches could tell apart, together; None when one of them says nothing of it, or nothing that can be read."""
    judged = [step for step in steps if step.spec.stage == "judge"]
    proofs = [item for step in judged if step.result for item in step.result.evidence if item.role == "judgement"]
    if len(proofs) != len(judged):
        return None
    try:
        return merged(json.loads(blobs.get(item.digest))["readings"] for item in proofs)
    except (BlobError, ValueError, KeyError, TypeError, AttributeError):
        return None


def reproduce_line(target: str, testpoint: str, seed: int) -> str:
    """The line that runs one job again, whole and alone."""
    return f"assay repro {shlex.quote(target)} --testpoint {testpoint} --seed 0x{seed:016x}"


def _narrowed(finding: Finding, isolated: Isolated | None) -> str:
    """What the line of the isolated finding says more; nothing for all others."""
    if isolated is None:
        return ""
    same = (finding.testpoint, finding.seed) == (isolated.testpoint, isolated.seed)
    if finding.id != isolated.finding and not (same and finding.severity == "note"):
        return ""
    ops = f" --ops {','.join(map(str, isolated.ops))}" if isolated.ops else ""
    return ops if isolated.alone else f"{ops} --prefix"


def _environment(services: Services, run: Run, known: Known) -> Environment:
    found = services.store.environment(run.tenant, run.id)
    return Environment(
        toolchain_digest=one_toolchain(found.toolchains),
        versions=found.versions,
        sandbox_level=found.sandbox_level,
        tree_digest=known.tree,
        manifest_digest=known.manifest,
        plan_digest=known.plan.digest() if known.plan else "",
        plan_version=known.plan.version if known.plan else "",
    )


def _metrics(steps: Sequence[Step]) -> dict[str, float]:
    """Amounts add up over steps; a percentage is the last one measured, because percentages do not add."""
    total: dict[str, float] = {}
    for step in steps:
        for name, value in (step.result.metrics if step.result else {}).items():
            total[name] = value if name.endswith("_percent") else total.get(name, 0.0) + value
    return total


def _coverage(blobs: Blobs, steps: Sequence[Step]) -> tuple[Coverage, ...]:
    proofs = [item for step in steps if step.spec.stage == "coverage" and step.result for item in step.result.evidence]
    found = [item for item in proofs if item.role == "coverage"]
    if not found:
        return ()
    try:
        files = json.loads(blobs.get(found[-1].digest))["files"]
        return tuple(_file_coverage(entry) for entry in files)
    except (BlobError, ValueError, KeyError, TypeError, AttributeError):
        return ()


def _file_coverage(entry: Mapping[str, Any]) -> Coverage:
    lines = {int(line): int(count) for line, count in entry["lines"].items()}
    return Coverage(str(entry["file"]), int(entry["hit"]), int(entry["total"]), lines)


def _integers(value: object) -> dict[str, int]:
    if not isinstance(value, dict):
        return {}
    return {str(name): number for name, number in value.items() if isinstance(number, int)}
