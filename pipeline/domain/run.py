"""Submission, run and step as the store keeps them. A re-run is a new run; nothing is edited in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.domain.evidence import Evidence
from pipeline.domain.finding import Finding
from pipeline.domain.outcome import Outcome, Verdict


class StepState(StrEnum):
    """Life of a step: BLOCKED until its needs are committed, READY, RUNNING under a lease, DONE."""

    BLOCKED = "BLOCKED"
    READY = "READY"
    RUNNING = "RUNNING"
    DONE = "DONE"


@dataclass(frozen=True, slots=True)
class Submission:
    """Bytes as received. `archive` is the blob's digest; `manifest` the manifest's name inside the tree."""

    id: str
    tenant: str
    name: str
    archive: str
    manifest: str
    received_at: str


@dataclass(frozen=True, slots=True)
class Run:
    """One submission against one policy and epoch of seeds; `verdict` and its digest are None until it is decided.

    `number` is the store's running number, for people; 0 until the store has given one. `bank` is the digest of the blob
    with the seeds to replay besides the epoch's ([[testpoint, seed]]); empty for a run that replays none.
    """

    id: str
    tenant: str
    submission_id: str
    policy: str
    epoch: int
    created_at: str
    finished_at: str | None = None
    verdict: Verdict | None = None
    verdict_digest: str | None = None
    number: int = 0
    bank: str = ""


@dataclass(frozen=True, slots=True)
class StepSpec:
    """A step to be created: stage name, its number within the stage (batch index), and the step names it waits for.

    Steps in `needs` must have passed. Steps in `after` must be done, whatever became of them, unless they were skipped.
    """

    stage: str
    index: int = 0
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """`simulate.0`, `judge.0`, `gate`: unique within a run."""
        return f"{self.stage}.{self.index}" if self.index or self.stage in {"simulate", "judge"} else self.stage


@dataclass(frozen=True, slots=True)
class TestpointCount:
    """What one step did for one testpoint: jobs executed, judged and failed, and single comparisons made (`checks`)."""

    testpoint: str
    executed: int
    judged: int
    failed: int
    checks: int


@dataclass(frozen=True, slots=True)
class StageResult:
    """What a stage found. `metrics` are numbers with the unit in the key (cycles, wall_s, line_percent).

    `next_steps` are added to the run in the same commit; only intake plans any. `reason` says why when SKIPPED or BROKEN.
    """

    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    testpoints: tuple[TestpointCount, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""
    next_steps: tuple[StepSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One unit of work of a run with its engine state; `result` is None until it is committed."""

    id: str
    run_id: str
    tenant: str
    ordinal: int
    spec: StepSpec
    state: StepState
    attempt: int
    fence: int
    result: StageResult | None = None
    started_at: str | None = None
    finished_at: str | None = None
