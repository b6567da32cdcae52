"""Rows to domain values and back. The only place that knows how a value lies in a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import RowMapping

from pipeline.domain.evidence import Evidence
from pipeline.domain.finding import Finding
from pipeline.domain.outcome import Outcome, Verdict
from pipeline.domain.run import Run, StageResult, Step, StepSpec, StepState, Submission, TestpointCount
from pipeline.engine.advance import StepNode

Row = Mapping[str, Any] | RowMapping


def read_submission(row: Row) -> Submission:
    """A row of `submission`."""
    return Submission(row["id"], row["tenant"], row["name"], row["archive"], row["manifest"], row["received_at"])


def read_run(row: Row) -> Run:
    """A row of `run`."""
    return Run(
        id=row["id"],
        tenant=row["tenant"],
        submission_id=row["submission_id"],
        policy=row["policy"],
        epoch=row["epoch"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        verdict=Verdict(row["verdict"]) if row["verdict"] else None,
        verdict_digest=row["verdict_digest"],
        number=row["number"],
        bank=row["bank"] or "",
    )


@dataclass(frozen=True, slots=True)
class Waits:
    """What a step waits for: step names that must have passed, and step names that must only be done."""

    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


def read_step(row: Row, waits: Waits, evidence: Sequence[Evidence], findings: Sequence[Finding]) -> Step:
    """A row of `step` with what hangs on it; `result` stays None until it is DONE."""
    done = row["state"] == StepState.DONE
    return Step(
        id=row["id"],
        run_id=row["run_id"],
        tenant=row["tenant"],
        ordinal=row["ordinal"],
        spec=StepSpec(row["stage"], row["index"], waits.needs, waits.after),
        state=StepState(row["state"]),
        attempt=row["attempt"],
        fence=row["fence"],
        result=read_result(row, evidence, findings) if done else None,
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )


def read_result(row: Row, evidence: Sequence[Evidence], findings: Sequence[Finding]) -> StageResult:
    """What a DONE step found. `next_steps` are steps by now, not part of what is read back."""
    return StageResult(
        outcome=Outcome(row["outcome"]),
        findings=tuple(findings),
        evidence=tuple(evidence),
        testpoints=tuple(TestpointCount(**count) for count in row["testpoints"]),
        metrics=row["metrics"],
        reason=row["reason"],
    )


def read_node(row: Row, waits: Waits) -> StepNode:
    """A row of `step` as far as scheduling needs it."""
    outcome = Outcome(row["outcome"]) if row["outcome"] else None
    return StepNode(row["id"], row["name"], waits.needs, StepState(row["state"]), outcome, row["reason"], waits.after)


def read_evidence(row: Row) -> Evidence:
    """A row of `evidence`."""
    return Evidence(row["role"], row["digest"], row["media_type"], row["size"])


def read_waits(rows: Sequence[Row]) -> Waits:
    """Rows of `step_need` of one step."""
    needs, after = (tuple(row["need"] for row in rows if row["passed"] == passed) for passed in (True, False))
    return Waits(needs, after)


def by(found: Iterable[Row], *columns: str) -> list[Row]:
    """Rows in the order of those columns. Texts by their characters' numbers: each database has an order of its own."""
    return sorted(found, key=lambda row: [row[column] for column in columns])


def grouped(rows: Iterable[Row], key: str) -> dict[str, list[Row]]:
    """Rows by the value of one column, order kept."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[key], []).append(row)
    return groups


def result_columns(result: StageResult) -> dict[str, Any]:
    """The columns of `step` that a result fills."""
    return {
        "outcome": result.outcome.value,
        "reason": result.reason,
        "metrics": dict(result.metrics),
        "testpoints": [asdict(count) for count in result.testpoints],
    }


def evidence_rows(key: Mapping[str, str], result: StageResult) -> list[dict[str, Any]]:
    """Rows of `evidence`; `key` holds tenant, run_id and step_id."""
    return [{**key, **asdict(item)} for item in result.evidence]


def finding_rows(key: Mapping[str, str], result: StageResult) -> list[dict[str, Any]]:
    """Rows of `finding`, in the stage's order."""
    return [
        {**key, "position": position, "id": item.id, "rule": item.rule, "body": item.to_json()}
        for position, item in enumerate(result.findings)
    ]


def step_rows(key: Mapping[str, str], first: int, specs: Sequence[StepSpec], ids: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of `step`, BLOCKED, ordinals from `first`; `key` holds tenant and run_id."""
    return [
        {
            **key,
            "id": step_id,
            "ordinal": first + offset,
            "name": spec.name,
            "stage": spec.stage,
            "index": spec.index,
            "state": StepState.BLOCKED.value,
        }
        for offset, (spec, step_id) in enumerate(zip(specs, ids, strict=True))
    ]


def need_rows(key: Mapping[str, str], specs: Sequence[StepSpec]) -> list[dict[str, Any]]:
    """Rows of `step_need`."""
    waits = [(spec.name, dict.fromkeys(spec.after, False) | dict.fromkeys(spec.needs, True)) for spec in specs]
    return [{**key, "name": name, "need": need, "passed": passed} for name, some in waits for need, passed in some.items()]
