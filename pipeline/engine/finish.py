"""After a commit, inside its transaction: start what may start, skip what never will, and decide when all is done."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.domain.canonical import canonical_json, sha256
from pipeline.domain.evidence import Evidence
from pipeline.domain.policy import POLICIES
from pipeline.domain.run import StageResult
from pipeline.domain.verdict import decide, verdict_digest
from pipeline.engine.advance import advance
from pipeline.engine.services import RunTransaction, Services
from pipeline.errors import BlobError
from pipeline.ports import Blobs
from verif.testplan.plan import Plan


@dataclass(frozen=True, slots=True)
class Known:
    """What intake left behind. `tree` and `manifest` are digests; None or empty when intake did not come that far."""

    plan: Plan | None
    contract: Mapping[str, Any]
    tree: str
    manifest: str

    @property
    def fitted(self) -> tuple[str, ...]:
        """Facts that the manifest marks as fitted to the RTL."""
        listed = self.contract.get("fitted")
        return tuple(map(str, listed)) if isinstance(listed, list) else ()


def proceed(services: Services, run: RunTransaction, now: str) -> None:
    """Apply `advance` to the run, and conclude it when its last step is DONE."""
    move = advance(run.nodes())
    for step_id, reason in move.skipped:
        run.skip(step_id, reason, now)
    run.make_ready(move.ready, now)
    if move.over:
        _conclude(services, run, now)


def _conclude(services: Services, run: RunTransaction, now: str) -> None:
    about, submission, results = run.run(), run.submission(), run.results()
    known = known_of(services.blobs(about.tenant), results)
    policy = POLICIES[about.policy]
    decision = decide(known.plan, results, policy)
    digest = verdict_digest(
        submission=known.tree or submission.archive,
        manifest=known.manifest,
        plan=known.plan,
        policy=policy,
        toolchain=one_toolchain(run.toolchains()),
        decision=decision,
        findings=[finding for result in results.values() for finding in result.findings],
    )
    run.conclude(decision.verdict.value, digest, now)


def known_of(blobs: Blobs, results: Mapping[str, StageResult]) -> Known:
    """Plan and contract as intake recorded them. Evidence that cannot be read counts as absent, so nothing is accepted."""
    found = {item.role: item for item in results["intake"].evidence} if "intake" in results else {}
    contract = _read(blobs, found.get("contract"))
    tree = found["tree"].digest if "tree" in found else ""
    return Known(_plan(blobs, found.get("plan")), contract, tree, str(contract.get("manifest_sha256", "")))


def one_toolchain(digests: Iterable[str]) -> str:
    """The toolchain's digest; when workers differed, a digest over all of theirs, so that it equals no pure run's."""
    distinct = sorted(set(digests))
    return distinct[0] if len(distinct) == 1 else sha256(canonical_json(distinct)) if distinct else ""


def _plan(blobs: Blobs, evidence: Evidence | None) -> Plan | None:
    try:
        return Plan.from_json(blobs.get(evidence.digest)) if evidence else None
    except (BlobError, ValueError, TypeError, KeyError):
        return None


def _read(blobs: Blobs, evidence: Evidence | None) -> Mapping[str, Any]:
    try:
        value = json.loads(blobs.get(evidence.digest)) if evidence else {}
    except (BlobError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
