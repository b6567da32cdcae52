from __future__ import annotations

import json
import threading
from collections.abc import Callable

import pytest

from pipeline.domain.canonical import sha256
from pipeline.domain.finding import Finding
from pipeline.domain.outcome import Outcome, Verdict
from pipeline.domain.run import Run, StageResult, StepSpec, StepState
from pipeline.engine.dossier import assemble
from pipeline.engine.finish import one_toolchain
from pipeline.engine.local import complete
from pipeline.engine.queries import events_since, list_runs, view_run
from pipeline.engine.run_step import Done, run_step
from pipeline.engine.services import Claim, Services
from pipeline.engine.submit import submit
from pipeline.errors import AssayError, NotFoundError, UsageError
from pipeline.ports import StageContext
from pipeline.testing import sample_plan, scripted_stages

NewRun = Callable[..., Run]
Make = Callable[..., Services]


def test_a_scripted_run_is_accepted(services: Services, new_run: NewRun) -> None:
    run = new_run(services)
    done = complete(services, services.dispatcher, "acme", run.id)  # type: ignore[arg-type]
    view = view_run(services, "acme", str(run.number))
    assert done.verdict is Verdict.ACCEPTED
    names = ["intake", "build", "simulate.0", "simulate.1", "judge.0", "judge.1", "coverage"]
    assert [(s.spec.name, s.result.outcome, s.attempt) for s in view.steps if s.result] == [
        (name, Outcome.PASSED, 1) for name in names
    ]
    assert view.finished
    assert view.run == done
    assert view.last_event == len(events_since(services, "acme", run.id, 0))
    assert list_runs(services, "acme") == (done,)


def test_the_same_bytes_give_the_same_digest_and_others_another(services: Services) -> None:
    runs = [submit(services, "acme", data, name=name) for data, name in [(b"a", "x.tar"), (b"a", "y.tar"), (b"b", "x.tar")]]
    digests = [complete(services, services.dispatcher, "acme", run.id).verdict_digest for run in runs]  # type: ignore[arg-type]
    assert digests[0] == digests[1] != digests[2]
    assert len({run.id for run in runs}) == len({run.number for run in runs}) == 3


def test_an_unknown_policy_is_refused_before_anything_is_kept(services: Services) -> None:
    with pytest.raises(UsageError) as caught:
        submit(services, "acme", b"", name="x", policy="core-9")
    assert caught.value.rule == "U-903"
    assert list_runs(services, "acme") == ()


def test_a_run_is_found_by_number_id_or_its_beginning(services: Services, new_run: NewRun) -> None:
    run = new_run(services)
    for reference in (str(run.number), run.id, run.id[:4]):
        assert services.store.find_run("acme", reference).id == run.id
    other = new_run(services)
    assert run.id[:4] == other.id[:4]
    for reference in (run.id[:4], run.id[:3], "99", "", "%", "0" * 40):  # ambiguous, too short, unknown
        with pytest.raises(NotFoundError):
            services.store.find_run("acme", reference)


QUESTIONS: dict[str, Callable[[Services, Run], object]] = {
    "run": lambda s, run: s.store.run("other", run.id),
    "find by number": lambda s, run: s.store.find_run("other", str(run.number)),
    "find by id": lambda s, run: s.store.find_run("other", run.id),
    "submission": lambda s, run: s.store.submission("other", run.submission_id),
    "steps": lambda s, run: s.store.steps("other", run.id),
    "progress": lambda s, run: s.store.progress("other", run.id),
    "findings": lambda s, run: s.store.findings("other", run.id),
    "environment": lambda s, run: s.store.environment("other", run.id),
    "events": lambda s, run: s.store.events("other", run.id),
    "view": lambda s, run: view_run(s, "other", str(run.number)),
    "dossier": lambda s, run: assemble(s, "other", run.id),
    "transaction": lambda s, run: s.store.transaction("other", run.id).__enter__(),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_belongs_to_somebody_else_does_not_exist(services: Services, new_run: NewRun, question: str) -> None:
    run = new_run(services)
    new_run(services, "other")
    complete(services, services.dispatcher, "acme", run.id)  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        QUESTIONS[question](services, run)


def test_a_foreign_heartbeat_and_blob_are_refused(services: Services, new_run: NewRun, claim: Callable[..., object]) -> None:
    run = new_run(services)
    claim(services, run)
    (step,) = services.store.steps("acme", run.id)
    assert not services.store.heartbeat("other", step.id, 1, 60.0, None)
    assert services.store.heartbeat("acme", step.id, 1, 60.0, None)
    assert services.store.runs("other", 10) == []
    with pytest.raises(AssayError):
        services.blobs("other").get(sha256(b"bytes"))


def test_two_last_commits_at_once_decide_once(make_services: Make, new_run: NewRun) -> None:
    """Both judges and coverage end in the same moment, in processes of their own."""
    together = threading.Barrier(3, timeout=10)
    plain = scripted_stages()

    def last(name: str) -> Callable[[StageContext], StageResult]:
        def script(context: StageContext) -> StageResult:
            result = plain[name].run(context)
            together.wait()
            return result

        return script

    stages = scripted_stages(judge=last("judge"), coverage=last("coverage"))
    services = make_services(plain)
    run = new_run(services)
    for _ in range(4):  # intake, build, both simulations
        step = next(step for step in services.store.steps("acme", run.id) if step.state is StepState.READY)
        assert run_step(services, run.id, step.id) is Done.COMMITTED
    left = [step for step in services.store.steps("acme", run.id) if step.state is StepState.READY]
    ended: list[Done] = []
    workers = [make_services(stages) for _ in left]
    threads = [
        threading.Thread(target=lambda w=worker, s=step: ended.append(run_step(w, run.id, s.id)))  # type: ignore[misc]
        for worker, step in zip(workers, left, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended == [Done.COMMITTED] * 3
    decided = [event for event in services.store.events("acme", run.id) if event.type == "assay.run.decided"]
    assert len(decided) == 1
    assert services.store.run("acme", run.id).verdict is Verdict.ACCEPTED


def test_a_verdict_is_written_once(services: Services, new_run: NewRun) -> None:
    run = new_run(services)
    for verdict in ("REJECTED", "ACCEPTED"):
        with services.store.transaction("acme", run.id) as open_run:
            open_run.conclude(verdict, "0" * 64, "now")
    assert services.store.run("acme", run.id).verdict is Verdict.REJECTED
    assert [event.type for event in services.store.events("acme", run.id)].count("assay.run.decided") == 1


def test_a_dossier_holds_everything(make_services: Make, new_run: NewRun) -> None:
    fault = Finding("F-001", Outcome.FAILED, testpoint="FUN-01", seed=255)
    note = Finding("F-002", Outcome.PASSED, severity="note")
    plain = scripted_stages()

    def judge(context: StageContext) -> StageResult:
        counted = plain["judge"].run(context)
        findings = (fault, note) if context.step.spec.index == 0 else ()
        return StageResult(Outcome.PASSED, findings=findings, testpoints=counted.testpoints)

    services = make_services(scripted_stages(judge=judge))
    run = new_run(services)
    with pytest.raises(UsageError) as caught:
        assemble(services, "acme", run.id)
    assert caught.value.rule == "U-912"
    run = complete(services, services.dispatcher, "acme", run.id)  # type: ignore[arg-type]
    dossier = assemble(services, "acme", run.id)
    assert (dossier.run, dossier.decision.verdict, dossier.verdict_digest) == (run, Verdict.REJECTED, run.verdict_digest)
    assert (dossier.design, dossier.profile, dossier.parameters) == ("scripted", "axis", {"N": 8})
    assert dossier.findings == (fault, note)
    assert dossier.reproduce == {fault.id: f"assay repro {run.number} --testpoint FUN-01 --seed 0x00000000000000ff"}
    assert dossier.metrics == {"cycles": 200.0, "line_percent": 90.0}
    assert (dossier.coverage[0].hit, dossier.coverage[0].total, dossier.coverage[0].lines[10]) == (9, 10, 0)
    environment = dossier.environment
    assert (environment.toolchain_digest, environment.sandbox_level) == ("0" * 64, 2)
    assert (environment.tree_digest, environment.manifest_digest) == (sha256(b"tree of bytes"), "1" * 64)
    assert environment.plan_digest == sample_plan().digest()
    raw = json.loads(json.dumps(dossier.to_json()))
    assert [item["id"] for item in raw["findings"]] == [fault.id, note.id]
    line = assemble(services, "acme", run.id, "my dir").reproduce[fault.id]
    assert line.startswith("assay repro 'my dir' --testpoint")


def test_texts_come_back_in_one_order_from_every_database(
    make_services: Make, new_run: NewRun, claim: Callable[..., Claim | None]
) -> None:
    """By the numbers of their characters. A database's own order depends on how it was set up."""
    roles = ["Tree", "_log", "a2", "a_b", "b", "B", "\u00e4"]
    plain = scripted_stages()

    def build(context: StageContext) -> StageResult:
        return StageResult(Outcome.PASSED, evidence=tuple(context.write(role, role.encode()) for role in reversed(roles)))

    specs = [StepSpec("build", needs=("intake",)), StepSpec("lint", needs=("intake",)), StepSpec("simulate", 0)]
    last = StepSpec("judge", 0, needs=("simulate.0", "lint", "intake", "build"))

    def intake(context: StageContext) -> StageResult:
        return StageResult(Outcome.PASSED, evidence=plain["intake"].run(context).evidence, next_steps=(*specs, last))

    services = make_services(scripted_stages(intake=intake, build=build) | {"lint": plain["coverage"]})
    run = new_run(services)
    for _ in range(4):
        step = next(step for step in services.store.steps("acme", run.id) if step.state is StepState.READY)
        assert run_step(services, run.id, step.id) is Done.COMMITTED
    steps = {step.spec.name: step for step in services.store.steps("acme", run.id)}
    assert steps["build"].result is not None
    assert [item.role for item in steps["build"].result.evidence] == sorted(roles)
    assert steps["judge.0"].spec.needs == ("build", "intake", "lint", "simulate.0")
    taken = claim(services, run, "judge.0")
    assert taken is not None
    assert list(taken.evidence) == ["intake", "build", "lint"]
    assert list(taken.evidence["build"]) == sorted(roles)


def test_the_dossier_of_a_run_that_never_had_a_plan(make_services: Make, new_run: NewRun) -> None:
    fault = Finding("I-001", Outcome.FAILED)
    services = make_services(scripted_stages(intake=lambda _context: StageResult(Outcome.FAILED, findings=(fault,))))
    run = new_run(services)
    complete(services, services.dispatcher, "acme", run.id)  # type: ignore[arg-type]
    dossier = assemble(services, "acme", run.id)
    assert (dossier.decision.verdict, dossier.decision.rows, dossier.coverage) == (Verdict.REJECTED, (), ())
    assert (dossier.design, dossier.environment.plan_digest, dossier.environment.tree_digest) == ("npu8.tar", "", "")


def test_workers_with_different_tools_share_no_digest() -> None:
    assert one_toolchain([]) == ""
    assert one_toolchain(["a", "a"]) == "a"
    assert one_toolchain(["b", "a"]) == one_toolchain(["a", "b", "a"]) == sha256(b'["a","b"]')
