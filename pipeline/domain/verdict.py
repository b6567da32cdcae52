"""The verdict: planned = executed = judged, or no pass. Pure; the same results give the same verdict and digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.domain.canonical import canonical_json, sha256
from pipeline.domain.finding import Finding
from pipeline.domain.outcome import Outcome, Verdict
from pipeline.domain.policy import Policy
from pipeline.domain.run import StageResult, TestpointCount
from verif.testplan.plan import SELF_TEST, Plan, PlannedTestpoint

NOT_DETERMINISTIC = "P-604"
LOWEST = "V1"
"""The one milestone that a design can reach by its submitter's own tests."""


@dataclass(frozen=True, slots=True)
class TestpointRow:
    """One testpoint of the plan with what became of it. `outcome` is None unless `state` is planned.

    `banked` of the judged and `banked_failed` of the failed jobs replayed a seed of the bank: they decide like the others,
    but only the rest, fresh seeds, says how often the design may still fail.
    """

    id: str
    title: str
    milestone: str
    kind: str
    state: str
    reason: str
    planned: int
    executed: int
    judged: int
    failed: int
    checks: int
    outcome: Outcome | None
    banked: int = 0
    banked_failed: int = 0

    @property
    def fresh(self) -> tuple[int, int]:
        """(failed, judged) of the seeds that were drawn afresh."""
        return self.failed - self.banked_failed, self.judged - self.banked


@dataclass(frozen=True, slots=True)
class Criterion:
    """One figure the policy asks for. `measured` is None when nothing was measured; that never meets a criterion."""

    id: str
    required: float
    measured: float | None

    @property
    def met(self) -> bool:
        """Measured, and at least what is required."""
        return self.measured is not None and self.measured >= self.required


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict with everything it rests on."""

    verdict: Verdict
    rows: tuple[TestpointRow, ...]
    criteria: tuple[Criterion, ...]


def testpoint_rows(plan: Plan, results: Mapping[str, StageResult]) -> tuple[TestpointRow, ...]:
    """Every testpoint of the plan with its counts added up over all committed steps (step name -> result)."""
    counts: dict[str, list[TestpointCount]] = {}
    banked: dict[str, list[TestpointCount]] = {}
    replays = {f"judge.{batch.index}" for batch in plan.batches if batch.banked}
    for step, result in results.items():
        for count in result.testpoints:
            counts.setdefault(count.testpoint, []).append(count)
            if step in replays:
                banked.setdefault(count.testpoint, []).append(count)
    return tuple(_row(point, counts.get(point.id, []), banked.get(point.id, [])) for point in plan.testpoints)


def _row(point: PlannedTestpoint, counts: Sequence[TestpointCount], banked: Sequence[TestpointCount]) -> TestpointRow:
    planned = len(point.seeds) if point.state == "planned" else 0
    executed, judged = sum(c.executed for c in counts), sum(c.judged for c in counts)
    failed, checks = sum(c.failed for c in counts), sum(c.checks for c in counts)
    outcome: Outcome | None = None
    if point.state == "planned":
        whole = planned == executed == judged and planned > 0 and checks > 0
        outcome = Outcome.FAILED if failed else Outcome.PASSED if whole else Outcome.BROKEN
    return TestpointRow(
        point.id, point.title, point.milestone, point.kind, point.state, point.reason,
        planned, executed, judged, failed, checks, outcome,
        sum(c.judged for c in banked), sum(c.failed for c in banked),
    )  # fmt: skip


def decide(plan: Plan | None, results: Mapping[str, StageResult], policy: Policy) -> Decision:
    """The verdict over all committed steps (step name -> result) under `policy`.

    Any FAILED step or testpoint rejects, but what judges found counts for nothing once the same stimulus gave two results.
    Otherwise anything broken, skipped, unplanned, unjudged, empty, or a criterion not met leaves it INCONCLUSIVE. Only a
    whole, judged, passed plan is ACCEPTED, and one that rests on the submitter's own oracle only for the lowest milestone.
    """
    rows = testpoint_rows(plan, results) if plan else ()
    criteria = (Criterion("line_coverage", policy.line_percent, _metric(results, "coverage", "line_percent")),)
    outcomes = _outcomes(results, rows)
    believed = results
    if any(map(contradicted, results.values())):
        believed = {name: result for name, result in results.items() if not name.startswith("judge.")}
    if Outcome.FAILED in _outcomes(believed, testpoint_rows(plan, believed) if plan else ()):
        verdict = Verdict.REJECTED
    elif rows and all(o is Outcome.PASSED for o in outcomes) and _whole(rows, policy) and all(c.met for c in criteria):
        verdict = Verdict.ACCEPTED
    else:
        verdict = Verdict.INCONCLUSIVE
    return Decision(verdict, rows, criteria)


def contradicted(result: StageResult) -> bool:
    """A step found that the same stimulus gave two results. No retry can unsay that."""
    return result.outcome is Outcome.BROKEN and any(finding.rule == NOT_DETERMINISTIC for finding in result.findings)


def _outcomes(results: Mapping[str, StageResult], rows: Sequence[TestpointRow]) -> list[Outcome]:
    return [result.outcome for result in results.values()] + [row.outcome for row in rows if row.outcome]


def _whole(rows: Sequence[TestpointRow], policy: Policy) -> bool:
    return any(row.state == "planned" for row in rows) and not (own_oracle(rows) and {*policy.milestones} - {LOWEST})


def own_oracle(rows: Sequence[TestpointRow]) -> bool:
    """What is right was decided by the submitter: the plan rests on their own tests."""
    return any(row.id == SELF_TEST and row.state == "planned" for row in rows)


def _metric(results: Mapping[str, StageResult], step: str, name: str) -> float | None:
    result = results.get(step)
    return result.metrics.get(name) if result else None


def verdict_digest(
    *,
    submission: str,
    manifest: str,
    plan: Plan | None,
    policy: Policy,
    toolchain: str,
    decision: Decision,
    findings: Iterable[Finding],
) -> str:
    """SHA-256 over what decides, and nothing else: no times, run ids, host or sandbox level.

    `submission` is the digest of the normalised tree, `manifest` of the manifest's bytes, `toolchain` of the tools.
    """
    rows = [
        [row.id, row.state, row.planned, row.executed, row.judged, row.outcome.value if row.outcome else ""]
        for row in decision.rows
    ]
    seeds = [[point.id, [str(seed) for seed in point.seeds]] for point in plan.testpoints] if plan else []
    return sha256(
        canonical_json(
            {
                "submission": submission,
                "manifest": manifest,
                "plan": plan.digest() if plan else "",
                "policy": policy.name,
                "toolchain": toolchain,
                "seeds": seeds,
                "testpoints": rows,
                "findings": sorted({f.id for f in findings if f.severity == "error"}),
                "verdict": decision.verdict.value,
            }
        )
    )
