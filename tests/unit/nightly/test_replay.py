"""Banked seeds in a plan: extra seeds of their testpoint, marked, judged, and not counted as fresh."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.outcome import Verdict
from pipeline.domain.policy import POLICIES
from pipeline.domain.run import StageResult
from pipeline.domain.run import TestpointCount as Count
from pipeline.domain.verdict import decide
from pipeline.errors import InfrastructureError
from pipeline.ports import SandboxJob, SandboxResult, StageContext
from pipeline.stages.planned import read_planned
from verif.contract.read import read_manifest
from verif.jobs import plan as plan_job
from verif.testplan.plan import Job, Plan
from verif.testplan.select import POWER_UP, make_plan

MANIFEST = Path(__file__).resolve().parents[3] / "tests" / "data" / "sim" / "faulty.toml"
BANK = (Job("FUN-20", 5), Job("FUN-20", 6), Job("ROB-01", 5))


def planned(*banked: Job, epoch: int = 7) -> Plan:
    contract, _ = read_manifest(MANIFEST.read_text())
    assert contract is not None
    return make_plan(contract, "core-1", ["V1"], 10, epoch, banked)


def seeds(plan: Plan, testpoint: str) -> tuple[int, ...]:
    (row,) = [row for row in plan.testpoints if row.id == testpoint]
    return row.seeds


def test_a_plan_without_a_bank_is_what_it_was() -> None:
    plan = planned()
    assert (plan, plan.digest()) == (planned(*()), planned(*()).digest())
    assert b"banked" not in plan.to_json()
    assert Plan.from_json(plan.to_json()) == plan


def test_banked_seeds_come_after_the_fresh_ones_in_a_batch_that_says_so() -> None:
    plain, plan = planned(), planned(*BANK)
    assert seeds(plan, "FUN-20") == (*seeds(plain, "FUN-20"), 5, 6)
    assert plan.batches[:-1] == plain.batches, "fresh jobs run as they would without a bank"
    assert (plan.batches[-1].banked, plan.batches[-1].jobs) == (True, BANK)
    assert plan.batches[-1].index == len(plan.batches) - 1
    assert len({plan.digest(), plain.digest(), planned(*BANK[:2]).digest()}) == 3
    assert Plan.from_json(plan.to_json()) == plan


def test_each_job_runs_once_however_often_it_is_in_the_bank() -> None:
    fresh = Job("FUN-20", seeds(planned(), "FUN-20")[0])
    plan = planned(*BANK, BANK[0], fresh)
    jobs = [job for batch in plan.batches for job in batch.jobs]
    assert len(jobs) == len(set(jobs))
    assert fresh not in plan.batches[-1].jobs


def test_testpoints_that_are_not_planned_are_not_replayed() -> None:
    assert planned(Job("NUM-06", 5), Job("LINT-01", 5), Job("XXX-99", 5)) == planned()


def test_a_power_up_seed_joins_the_power_up_batch() -> None:
    plain, plan = planned(), planned(Job(POWER_UP, 77))
    (before,), (after,) = ([b for b in p.batches if b.jobs[0].testpoint == POWER_UP] for p in (plain, plan))
    assert after.powerup_seeds == (*before.powerup_seeds, 77) == seeds(plan, POWER_UP)
    assert len(plan.batches) == len(plain.batches)


def results(plan: Plan, failed: int = -1) -> dict[str, StageResult]:
    """Every job judged once; in batch `failed` the jobs of FUN-20 fail."""
    from pipeline.domain.outcome import Outcome

    found: dict[str, StageResult] = {}
    for batch in plan.batches:
        counts: dict[str, list[int]] = {}
        for job in batch.jobs:
            executed = len(batch.powerup_seeds)
            count = counts.setdefault(job.testpoint, [0, 0])
            count[0] += executed
            count[1] += executed * (batch.index == failed and job.testpoint == "FUN-20")
        rows = tuple(Count(name, n, n, bad, 64 * n) for name, (n, bad) in counts.items())
        outcome = Outcome.FAILED if any(row.failed for row in rows) else Outcome.PASSED
        found[f"judge.{batch.index}"] = StageResult(outcome, testpoints=rows)
    lint = Count("LINT-01", 1, 1, 0, 1)
    coverage = StageResult(Outcome.PASSED, metrics={"line_percent": 100.0})
    return found | {"lint": StageResult(Outcome.PASSED, testpoints=(lint,)), "coverage": coverage}


def test_the_rule_counts_fresh_seeds_only_and_the_verdict_all() -> None:
    plan = planned(*BANK)
    decision = decide(plan, results(plan), POLICIES["core-1"])
    rows = {row.id: row for row in decision.rows}
    assert decision.verdict is Verdict.ACCEPTED
    assert (rows["FUN-20"].planned, rows["FUN-20"].judged, rows["FUN-20"].fresh) == (12, 12, (0, 10))
    assert (rows["ROB-01"].judged, rows["ROB-01"].fresh) == (11, (0, 10))
    failed = decide(plan, results(plan, failed=plan.batches[-1].index), POLICIES["core-1"])
    (row,) = [row for row in failed.rows if row.id == "FUN-20"]
    assert (failed.verdict, row.failed, row.fresh) == (Verdict.REJECTED, 2, (0, 10))


def test_a_replay_that_did_not_run_is_missing_from_the_verdict() -> None:
    plan = planned(*BANK)
    without = {step: result for step, result in results(plan).items() if step != f"judge.{plan.batches[-1].index}"}
    assert decide(plan, without, POLICIES["core-1"]).verdict is Verdict.INCONCLUSIVE


@pytest.fixture
def intake(tmp_path: Path) -> Callable[..., Any]:
    """The plan job of a run with that bank, in this process; what intake reads of it."""
    import threading

    from pipeline.domain.run import Run, Step, StepSpec, StepState, Submission
    from pipeline.stages.intake import _plan_job
    from pipeline.testing import FakeSandbox, fake_toolchain

    blobs: dict[str, bytes] = {"bank": json.dumps([[job.testpoint, job.seed] for job in BANK]).encode()}

    def here(job: SandboxJob) -> SandboxResult:
        tree, manifest, out, *rest = job.argv[3:]
        return SandboxResult(
            "exited", plan_job.main([str(job.work / tree), manifest, str(job.work / out), *rest]), b"", 0.0, 0.0
        )

    class Blobs:
        def put(self, _data: bytes) -> str:
            sys.exit("nothing is written")

        def get(self, digest: str) -> bytes:
            return blobs[digest]

    def run(bank: str, change: Callable[[bytes], bytes] = lambda data: data) -> Plan:
        from pipeline.stages.archive import pack_tree

        files = {"assay.toml": MANIFEST.read_bytes(), "axis_faulty.sv": b"module axis_faulty; endmodule\n"}
        context = StageContext(
            run=Run("run", "tenant", "submission", "core-1", 7, "", bank=bank),
            submission=Submission("submission", "tenant", "name", "", "assay.toml", ""),
            step=Step("step", "run", "tenant", 0, StepSpec("intake"), StepState.RUNNING, 1, 1),
            evidence={}, blobs=Blobs(), sandbox=FakeSandbox(here), toolchain=fake_toolchain(), work=tmp_path, cache=tmp_path,
            cancel=threading.Event(), progress=lambda _done, _total: None,
        )  # fmt: skip
        work = tmp_path / "attempt"
        assert _plan_job(context, pack_tree(files), work).ok
        file = work / "planned" / "plan.json"
        file.write_bytes(change(file.read_bytes()))
        found = read_planned(context, work / "planned", files["assay.toml"]).plan
        assert found is not None
        return found

    return run


def test_intake_hands_the_bank_to_the_plan(intake: Callable[..., Plan]) -> None:
    assert intake("bank") == planned(*BANK)


def test_an_ordinary_run_has_no_bank(intake: Callable[..., Plan]) -> None:
    assert intake("") == planned()


@pytest.mark.parametrize(
    ("bank", "other"),
    [("bank", planned()), ("bank", planned(*BANK[:2])), ("", planned(*BANK)), ("bank", planned(*BANK, Job("FUN-20", 9)))],
)
def test_a_plan_that_does_not_replay_the_bank_is_not_believed(intake: Callable[..., Plan], bank: str, other: Plan) -> None:
    with pytest.raises(InfrastructureError, match="P-502"):
        intake(bank, lambda _data: other.to_json())
