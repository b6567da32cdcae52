from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.domain.evidence import Evidence
from pipeline.domain.finding import Finding, Location
from pipeline.domain.outcome import Outcome, Verdict
from pipeline.domain.run import Run, StageResult, Step, StepSpec, StepState
from pipeline.engine.local import complete
from pipeline.engine.outcome import MOST_FINDINGS, checked, printable
from pipeline.engine.run_step import Done, run_step
from pipeline.engine.services import Services
from pipeline.errors import InfrastructureError
from pipeline.ports import StageContext
from pipeline.testing import ScriptedStage, scripted_stages

NewRun = Callable[..., Run]
Make = Callable[..., Services]
FAULT = Finding("F-001", Outcome.FAILED)


def finished(services: Services, run: Run) -> dict[str, Step]:
    complete(services, services.dispatcher, run.tenant, run.id)  # type: ignore[arg-type]
    return {step.spec.name: step for step in services.store.steps(run.tenant, run.id)}


def result_of(step: Step) -> StageResult:
    assert step.result is not None
    return step.result


def test_a_stage_that_raises_is_broken_and_only_operators_see_why(make_services: Make, new_run: NewRun) -> None:
    def raises(_context: StageContext) -> StageResult:
        raise ValueError("odd\x1b[31m value\nsecond line")

    stages = scripted_stages(build=raises)
    services = make_services(stages)
    run = new_run(services)
    steps = finished(services, run)
    build = result_of(steps["build"])
    assert isinstance(stages["build"], ScriptedStage)
    assert stages["build"].attempts == [("build", 1), ("build", 2), ("build", 3)]
    assert (build.outcome, steps["build"].attempt) == (Outcome.BROKEN, 3)
    assert [(finding.rule, finding.args) for finding in build.findings] == [
        ("P-001", {"reason": "ValueError: odd [31m value"})
    ]
    assert build.reason == "ValueError: odd [31m value"
    (proof,) = build.evidence
    assert (proof.role, proof.media_type) == ("traceback", "text/plain")
    assert b"Traceback (most recent call last)" in services.blobs("acme").get(proof.digest)
    assert "Traceback" not in json.dumps([event.to_json() for event in services.store.events("acme", run.id)])
    assert services.store.run("acme", run.id).verdict is Verdict.INCONCLUSIVE
    skipped = {name: result_of(step).reason for name, step in steps.items() if step.attempt == 0}
    assert skipped == dict.fromkeys(["simulate.0", "simulate.1", "judge.0", "judge.1", "coverage"], "build broken")


def test_what_is_broken_twice_may_pass_the_third_time(make_services: Make, new_run: NewRun) -> None:
    def flaky(context: StageContext) -> StageResult:
        if context.step.attempt < 3:
            raise InfrastructureError("P-021", reason="disk full")
        return StageResult(Outcome.PASSED)

    services = make_services(scripted_stages(simulate=flaky))
    run = new_run(services)
    steps = finished(services, run)
    assert services.store.run("acme", run.id).verdict is Verdict.ACCEPTED
    assert steps["simulate.0"].attempt == steps["simulate.1"].attempt == 3
    told = [event.data["reason"] for event in services.store.events("acme", run.id) if event.type == "assay.step.retried"]
    assert told == ["disk full"] * 4


def test_failed_is_never_tried_again(make_services: Make, new_run: NewRun) -> None:
    stages = scripted_stages(build=lambda _context: StageResult(Outcome.FAILED, findings=(FAULT,)))
    services = make_services(stages)
    run = new_run(services)
    steps = finished(services, run)
    assert (steps["build"].attempt, result_of(steps["build"]).outcome) == (1, Outcome.FAILED)
    assert result_of(steps["coverage"]).reason == "build failed"
    assert services.store.run("acme", run.id).verdict is Verdict.REJECTED
    assert services.store.findings("acme", run.id) == [FAULT]


def test_there_is_no_verdict_while_a_retry_is_pending(make_services: Make, new_run: NewRun) -> None:
    def raises(_context: StageContext) -> StageResult:
        raise OSError

    services = make_services(scripted_stages(intake=raises))
    run = new_run(services)
    (step,) = services.store.steps("acme", run.id)
    for attempt in (1, 2):
        assert run_step(services, run.id, step.id) is Done.RETRIED
        (now,) = services.store.steps("acme", run.id)
        assert (now.state, now.attempt, now.result) == (StepState.READY, attempt, None)
        assert services.store.run("acme", run.id).verdict is None
    assert run_step(services, run.id, step.id) is Done.COMMITTED
    assert services.store.run("acme", run.id).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    "specs",
    [
        (StepSpec("fetch"),),
        (StepSpec("build", needs=("lint",)),),
        (StepSpec("intake"),),
        (StepSpec("build", needs=("simulate.0",)), StepSpec("simulate", 0, ("build",))),
    ],
)
def test_a_plan_that_could_never_end_is_broken(make_services: Make, new_run: NewRun, specs: tuple[StepSpec, ...]) -> None:
    services = make_services(scripted_stages(intake=lambda _context: StageResult(Outcome.PASSED, next_steps=specs)))
    run = new_run(services)
    steps = finished(services, run)
    assert list(steps) == ["intake"]
    assert [finding.rule for finding in result_of(steps["intake"]).findings] == ["P-004"]
    assert steps["intake"].attempt == 3
    assert services.store.run("acme", run.id).verdict is Verdict.INCONCLUSIVE


def test_evidence_that_is_lost_is_never_accepted(make_services: Make, new_run: NewRun, tmp_path: Path) -> None:
    def destroys(_context: StageContext) -> StageResult:
        for path in (tmp_path / "blobs").rglob("*"):
            if path.is_file() and b"FUN-01" in path.read_bytes():
                path.write_bytes(b"other bytes")
        return StageResult(Outcome.PASSED, metrics={"line_percent": 99.0})

    services = make_services(scripted_stages(coverage=destroys))
    run = new_run(services)
    finished(services, run)
    assert services.store.run("acme", run.id).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("outcome", "faults", "expected"),
    [
        (Outcome.PASSED, [Outcome.FAILED], Outcome.FAILED),
        (Outcome.PASSED, [Outcome.BROKEN], Outcome.BROKEN),
        (Outcome.PASSED, [Outcome.BROKEN, Outcome.FAILED], Outcome.FAILED),
        (Outcome.BROKEN, [Outcome.FAILED], Outcome.BROKEN),
        (Outcome.PASSED, [], Outcome.PASSED),
    ],
)
def test_nothing_passes_beside_an_error(outcome: Outcome, faults: list[Outcome], expected: Outcome) -> None:
    errors = tuple(Finding("F-001", fault) for fault in faults)
    note = Finding("F-002", Outcome.FAILED, severity="note")
    result = checked(StageResult(outcome, findings=(*errors, note), next_steps=(StepSpec("gate"),)))
    assert result.outcome is expected
    assert result.next_steps == ((StepSpec("gate"),) if expected is Outcome.PASSED else ())


PROOF = Evidence("log", "0" * 64, "text/plain", 1)


@pytest.mark.parametrize(
    ("rule", "result"),
    [
        ("P-006", StageResult(Outcome.PASSED, metrics={"line_percent": float("nan")})),
        ("P-006", StageResult(Outcome.PASSED, metrics={"cycles": float("inf")})),
        ("P-008", StageResult(Outcome.SKIPPED)),
        ("P-008", StageResult(Outcome.SKIPPED, reason=" \n")),
        ("P-008", StageResult(Outcome.PASSED, evidence=(PROOF, PROOF))),
        ("P-008", StageResult(Outcome.PASSED, evidence=(Evidence("x" * 81, "0" * 64, "text/plain", 1),))),
        ("P-008", StageResult(Outcome.FAILED, findings=(Finding("F-001", Outcome.FAILED, args={"a": "\ud800"}),))),
        ("P-008", StageResult(Outcome.FAILED, findings=(Finding("F-001", Outcome.FAILED, location=Location("\udcff", 1)),))),
    ],
)
def test_what_could_not_be_kept_is_ours(make_services: Make, new_run: NewRun, rule: str, result: StageResult) -> None:
    services = make_services(scripted_stages(intake=lambda _context: result))
    run = new_run(services)
    step = finished(services, run)["intake"]
    assert (result_of(step).outcome, step.attempt) == (Outcome.BROKEN, 3)
    assert [finding.rule for finding in result_of(step).findings] == [rule]


def test_findings_are_bounded_and_the_rest_is_counted() -> None:
    many = tuple(Finding("F-001", Outcome.FAILED, seed=seed) for seed in range(MOST_FINDINGS + 3))
    result = checked(StageResult(Outcome.PASSED, findings=many))
    assert result.findings[:MOST_FINDINGS] == many[:MOST_FINDINGS]
    (left,) = result.findings[MOST_FINDINGS:]
    assert (left.rule, left.severity, left.args) == ("P-007", "note", {"count": "3"})
    assert result.outcome is Outcome.FAILED
    assert checked(StageResult(Outcome.FAILED, findings=many[:MOST_FINDINGS])).findings == many[:MOST_FINDINGS]


def test_reasons_are_one_bounded_line() -> None:
    assert printable("a\tb\x00c\u202e\n") == "a b c  "
    assert len(printable("x" * 1000)) == 300


def test_a_work_directory_is_private_and_gone_afterwards(make_services: Make, new_run: NewRun, tmp_path: Path) -> None:
    seen: list[tuple[Path, int]] = []

    def looks(context: StageContext) -> StageResult:
        (context.work / "file").write_bytes(b"left behind")
        seen.append((context.work, context.work.stat().st_mode & 0o777))
        context.progress(1, 1)
        return StageResult(Outcome.PASSED)

    services = make_services(scripted_stages(simulate=looks))
    run = new_run(services)
    finished(services, run)
    assert len({path for path, _ in seen}) == 2
    assert {mode for _, mode in seen} == {0o700}
    assert list((tmp_path / "work").iterdir()) == []
