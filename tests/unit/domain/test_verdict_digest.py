from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline.domain.finding import Finding
from pipeline.domain.outcome import Outcome, Verdict
from pipeline.domain.policy import POLICIES, Policy
from pipeline.domain.run import StageResult
from pipeline.domain.run import TestpointCount as Count
from pipeline.domain.verdict import Decision, decide, verdict_digest
from pipeline.testing import sample_plan

POLICY = POLICIES["core-1"]
PLAN = sample_plan()
FINDING = Finding("F-001", Outcome.FAILED, testpoint="FUN-01", seed=1)


def decided(**counts: int) -> Decision:
    count = Count(**{"testpoint": "FUN-01", "executed": 2, "judged": 2, "failed": 0, "checks": 8} | counts)  # type: ignore[arg-type]
    return decide(PLAN, {"judge.0": StageResult(Outcome.PASSED, testpoints=(count,))}, POLICY)


def inputs() -> dict[str, Any]:
    return {
        "submission": "1" * 64,
        "manifest": "2" * 64,
        "plan": PLAN,
        "policy": POLICY,
        "toolchain": "3" * 64,
        "decision": decided(),
        "findings": [FINDING],
    }


CHANGED: dict[str, dict[str, Any]] = {
    "submission": {"submission": "4" * 64},
    "manifest": {"manifest": "4" * 64},
    "toolchain": {"toolchain": "4" * 64},
    "swapped": {"submission": "2" * 64, "manifest": "1" * 64},
    "no plan": {"plan": None},
    "epoch": {"plan": replace(PLAN, epoch=1)},
    "plan version": {"plan": replace(PLAN, version="2")},
    "seeds": {"plan": replace(PLAN, testpoints=(replace(PLAN.testpoints[0], seeds=(0, 2)),))},
    "batches": {"plan": replace(PLAN, batches=PLAN.batches[:1])},
    "policy": {"policy": Policy("core-2", POLICY.milestones, POLICY.random_seeds, POLICY.line_percent)},
    "executed": {"decision": decided(executed=1)},
    "judged": {"decision": decided(judged=1)},
    "failed": {"decision": decided(failed=1)},
    "nothing compared": {"decision": decided(checks=0)},
    "verdict": {"decision": replace(decided(), verdict=Verdict.REJECTED)},
    "no findings": {"findings": []},
    "one more finding": {"findings": [FINDING, replace(FINDING, seed=2)]},
    "other rule": {"findings": [replace(FINDING, rule="F-002")]},
}


def test_the_digest_is_a_sha256_of_these_bytes() -> None:
    """Pinned: a digest that changes between versions is a break of every published verdict."""
    assert verdict_digest(**inputs()) == "fa9dd2b831b47232e7ba77df4697be68ceed2bdbe0b2072542d4e406568ecadd"


@pytest.mark.parametrize("what", CHANGED)
def test_every_input_counts(what: str) -> None:
    assert verdict_digest(**inputs() | CHANGED[what]) != verdict_digest(**inputs())


def test_all_changes_differ_from_one_another() -> None:
    digests = [verdict_digest(**inputs() | changed) for changed in CHANGED.values()]
    assert len(set(digests)) == len(digests)


def test_order_repeats_and_notes_do_not_count() -> None:
    other = replace(FINDING, seed=2)
    note = replace(FINDING, seed=3, severity="note")
    first = verdict_digest(**inputs() | {"findings": [FINDING, other]})
    assert verdict_digest(**inputs() | {"findings": [other, FINDING, other]}) == first
    assert verdict_digest(**inputs() | {"findings": [note, FINDING, other]}) == first


def test_nothing_else_can_get_in() -> None:
    """No run id, time, host or sandbox level is even a parameter."""
    assert set(inputs()) == set(verdict_digest.__annotations__) - {"return"}
