from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from pipeline.domain.outcome import Outcome, Verdict
from pipeline.domain.run import Run, StageResult, Step, StepState
from pipeline.engine.heartbeat import Heartbeat
from pipeline.engine.local import complete
from pipeline.engine.run_step import Done, run_step
from pipeline.engine.services import Claim, Services
from pipeline.engine.sweep import reap
from pipeline.errors import LeaseLost
from pipeline.ports import StageContext
from pipeline.testing import scripted_stages

NewRun = Callable[..., Run]
Take = Callable[..., Claim | None]
Make = Callable[..., Services]
PASSED = StageResult(Outcome.PASSED)


def intake_of(services: Services, run: Run) -> Step:
    return services.store.steps(run.tenant, run.id)[0]


def must(claim: Claim | None) -> Claim:
    assert claim is not None
    return claim


def test_a_second_claim_gets_nothing(make_services: Make, new_run: NewRun, claim: Take) -> None:
    one, two = make_services(), make_services()
    run = new_run(one)
    first = must(claim(one, run))
    assert (first.step.state, first.step.attempt, first.step.fence) == (StepState.RUNNING, 1, 1)
    assert claim(two, run) is None


def test_a_message_with_a_foreign_run_id_claims_nothing(services: Services, new_run: NewRun) -> None:
    one, two = new_run(services), new_run(services)
    assert run_step(services, two.id, intake_of(services, one).id) is Done.DROPPED
    assert run_step(services, one.id, "no such step") is Done.DROPPED
    assert intake_of(services, one).attempt == 0


def test_one_of_many_claims_at_once_wins(make_services: Make, new_run: NewRun, claim: Take) -> None:
    run = new_run(make_services())
    workers = [make_services() for _ in range(8)]
    start = threading.Barrier(8)
    won: list[Claim | None] = []

    def work(services: Services) -> None:
        start.wait()
        won.append(claim(services, run))

    threads = [threading.Thread(target=work, args=(one,)) for one in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 8
    assert len([one for one in won if one]) == 1


def test_only_a_lapsed_lease_is_reaped(services: Services, new_run: NewRun, claim: Take) -> None:
    run = new_run(services)
    must(claim(services, run, lease_s=60.0))
    assert reap(services) == 0
    assert intake_of(services, run).state is StepState.RUNNING


def test_a_lapsed_lease_goes_back_and_the_late_commit_is_thrown_away(
    make_services: Make, new_run: NewRun, claim: Take
) -> None:
    one, two = make_services(), make_services()
    run = new_run(one)
    late = must(claim(one, run, lease_s=-1.0))
    assert reap(two) == 1
    assert reap(two) == 0
    again = must(claim(two, run))
    assert (again.step.attempt, again.step.fence) == (2, 3)
    with one.store.transaction("acme", run.id) as open_run, pytest.raises(LeaseLost):
        open_run.finish(late.step.id, late.step.fence, PASSED, "now")
    assert not one.store.heartbeat("acme", late.step.id, late.step.fence, 60.0, None)
    with two.store.transaction("acme", run.id) as open_run:
        open_run.finish(again.step.id, again.step.fence, PASSED, "now")


def test_the_whole_late_commit_is_rolled_back(make_services: Make, new_run: NewRun) -> None:
    """The old worker's stage ends after its step was taken away and done by another one: Done.LOST, and no trace of it."""
    released = threading.Event()

    def slow(context: StageContext) -> StageResult:
        released.wait(10)
        return StageResult(Outcome.FAILED, evidence=(context.write("late", b"late"),))

    old, new = make_services(scripted_stages(intake=slow), beat_s=60.0), make_services()
    run = new_run(old)
    ended: list[Done] = []
    step = intake_of(old, run)
    thread = threading.Thread(target=lambda: ended.append(run_step(old, run.id, step.id)))
    thread.start()
    while not new.store.heartbeat("acme", step.id, 1, -1.0, None):  # as if the worker had slept beyond its lease
        pass
    assert reap(new) == 1
    assert complete(new, new.dispatcher, "acme", run.id).verdict is Verdict.ACCEPTED  # type: ignore[arg-type]
    released.set()
    thread.join()
    assert ended == [Done.LOST]
    result = intake_of(new, run).result
    assert result is not None
    assert [item.role for item in result.evidence] == ["contract", "plan", "tree"]
    done = [event for event in new.store.events("acme", run.id) if event.type == "assay.step.done"]
    assert [(event.subject, event.data["fence"]) for event in done if event.subject == "intake"] == [("intake", 3)]


def test_the_third_lost_attempt_is_parked_as_poison(services: Services, new_run: NewRun, claim: Take) -> None:
    run = new_run(services)
    for attempt in (1, 2, 3):
        assert must(claim(services, run, lease_s=-1.0)).step.attempt == attempt
        assert reap(services) == 1
    step = intake_of(services, run)
    assert step.state is StepState.DONE
    assert step.result is not None
    assert step.result.outcome is Outcome.BROKEN
    assert [(finding.rule, finding.args) for finding in step.result.findings] == [("P-002", {"attempts": "3"})]
    assert services.store.run("acme", run.id).verdict is Verdict.INCONCLUSIVE
    assert claim(services, run) is None


def test_a_reaper_that_comes_late_takes_nothing(make_services: Make, new_run: NewRun, claim: Take) -> None:
    """Between the look at lapsed leases and the taking, the worker's heartbeat came through."""
    services = make_services()
    run = new_run(services)
    held = must(claim(services, run, lease_s=-1.0))
    (lapsed,) = services.maintenance.lapsed()
    assert services.store.heartbeat("acme", held.step.id, held.step.fence, 60.0, None)
    with services.store.transaction("acme", run.id) as open_run, pytest.raises(LeaseLost):
        open_run.retry(lapsed.step_id, lapsed.fence, "lease lapsed", "now", delay_s=0.0, lapsed=True)
    assert intake_of(services, run).state is StepState.RUNNING


def test_a_heartbeat_that_lost_the_lease_cancels_the_work(make_services: Make, new_run: NewRun, claim: Take) -> None:
    services = make_services(lease_s=0.03)
    run = new_run(services)
    held = must(claim(services, run))
    with Heartbeat(services, "acme", held.step.id, held.step.fence) as beat:
        with services.store.transaction("acme", run.id) as open_run:
            open_run.retry(held.step.id, held.step.fence, "taken", "now", delay_s=0.0)
        assert beat.cancel.wait(5)
    assert (beat.lost, beat.expired, beat.stopped) == (True, False, False)


def test_a_heartbeat_keeps_the_lease_and_carries_progress(make_services: Make, new_run: NewRun, claim: Take) -> None:
    services = make_services(lease_s=60.0)
    run = new_run(services)
    held = must(claim(services, run, lease_s=-1.0))
    with Heartbeat(services, "acme", held.step.id, held.step.fence) as beat:
        beat.progress(3, 7)
        while services.store.progress("acme", run.id)["intake"].done != 3:
            assert not beat.cancel.wait(0.005)
    assert services.store.progress("acme", run.id)["intake"].total == 7
    assert services.maintenance.lapsed() == []
    assert not beat.lost


def test_a_step_that_takes_too_long_is_cancelled_and_broken(make_services: Make, new_run: NewRun) -> None:
    def endless(context: StageContext) -> StageResult:
        assert context.cancel.wait(10)
        return PASSED

    services = make_services(scripted_stages(intake=endless), step_limit_s=0.02)
    run = new_run(services)
    assert complete(services, services.dispatcher, "acme", run.id).verdict is Verdict.INCONCLUSIVE  # type: ignore[arg-type]
    result = intake_of(services, run).result
    assert result is not None
    assert [(finding.rule, finding.args) for finding in result.findings] == [("P-005", {"limit_s": "0.02"})]


def test_a_stopping_process_gives_its_step_back_uncounted(make_services: Make, new_run: NewRun) -> None:
    def stopped(context: StageContext) -> StageResult:
        services.stop.set()
        assert context.cancel.wait(10)
        raise OSError

    services = make_services(scripted_stages(intake=stopped))
    run = new_run(services)
    step = intake_of(services, run)
    assert run_step(services, run.id, step.id) is Done.GIVEN_BACK
    again = intake_of(services, run)
    assert (again.state, again.attempt, again.fence) == (StepState.READY, 0, 2)
    assert again.result is None
    assert make_services().maintenance.next_steps(2, 60.0) == [(run.id, step.id)]


def test_a_stopping_process_takes_no_new_step(make_services: Make, new_run: NewRun) -> None:
    services = make_services()
    run = new_run(services)
    services.stop.set()
    step = intake_of(services, run)
    assert run_step(services, run.id, step.id) is Done.DROPPED
    assert intake_of(services, run).state is StepState.READY
    assert make_services().maintenance.next_steps(2, 60.0) == [(run.id, step.id)]


def test_an_interrupt_gives_the_step_back_and_goes_on(make_services: Make, new_run: NewRun) -> None:
    def interrupted(_context: StageContext) -> StageResult:
        raise KeyboardInterrupt

    services = make_services(scripted_stages(intake=interrupted))
    run = new_run(services)
    with pytest.raises(KeyboardInterrupt):
        run_step(services, run.id, intake_of(services, run).id)
    assert (intake_of(services, run).state, intake_of(services, run).attempt) == (StepState.READY, 0)


def test_inputs_are_what_the_needs_left_and_no_more(services: Services, new_run: NewRun, claim: Take) -> None:
    run = new_run(services)
    run_step(services, run.id, intake_of(services, run).id)
    build = must(claim(services, run, "build"))
    assert set(build.evidence) == {"intake"}
    assert set(build.evidence["intake"]) == {"tree", "plan", "contract"}
    assert services.blobs("acme").get(build.evidence["intake"]["tree"].digest) == b"tree of bytes"
