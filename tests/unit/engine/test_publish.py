from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from pipeline.adapters.local_dispatcher import LocalDispatcher, NoDispatcher
from pipeline.domain.outcome import Outcome, Verdict
from pipeline.domain.run import Run, StageResult, StepState
from pipeline.engine.local import complete
from pipeline.engine.run_step import Done, run_step
from pipeline.engine.services import Claim, Services
from pipeline.engine.sweep import publish, sweep
from pipeline.errors import BrokerUnavailable
from pipeline.ports import StageContext
from pipeline.testing import sample_plan, scripted_intake, scripted_stages

NewRun = Callable[..., Run]
Take = Callable[..., Claim | None]
Make = Callable[..., Services]


class Broker:
    """Remembers what was published; refuses while `away`."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.away = False

    def publish(self, run_id: str, step_id: str) -> None:
        if self.away:
            raise BrokerUnavailable("P-040")
        assert step_id
        self.sent.append(run_id)


@pytest.fixture
def broker() -> Broker:
    return Broker()


def test_no_more_than_free_slots_and_two_are_published(make_services: Make, new_run: NewRun, claim: Take) -> None:
    broker = Broker()
    services = make_services(dispatcher=broker, slots=3)
    runs = [new_run(services) for _ in range(8)]
    assert broker.sent == [run.id for run in runs[:5]]
    assert publish(services) == 0
    held = claim(services, runs[0])
    assert publish(services) == 0  # it holds its slot as it held its message
    assert held is not None
    with services.store.transaction("acme", runs[0].id) as open_run:
        open_run.finish(held.step.id, held.step.fence, StageResult(Outcome.PASSED), "now")
    assert publish(services) == 1
    assert broker.sent[5:] == [runs[5].id]


def test_tenants_take_turns(make_services: Make, new_run: NewRun, broker: Broker) -> None:
    services = make_services(dispatcher=broker, slots=4)
    broker.away = True
    many = [new_run(services, "many").id for _ in range(5)]
    few = [new_run(services, "few").id for _ in range(2)]
    broker.away = False
    assert publish(services) == 6
    assert broker.sent == [many[0], few[0], many[1], few[1], many[2], many[3]]


def test_who_holds_slots_already_waits_for_the_others(
    make_services: Make, new_run: NewRun, claim: Take, broker: Broker
) -> None:
    services = make_services(dispatcher=broker, slots=2)
    broker.away = True
    many = [new_run(services, "many") for _ in range(5)]
    claim(services, many[0])  # runs
    claim(services, many[1])
    few = [new_run(services, "few").id for _ in range(2)]
    broker.away = False
    assert publish(services) == 2
    assert broker.sent == few


def test_messages_that_wait_count_like_slots(make_services: Make, new_run: NewRun, broker: Broker) -> None:
    small, large = make_services(dispatcher=broker, slots=1), make_services(dispatcher=broker, slots=3)
    many = [new_run(small, "many").id for _ in range(4)]
    assert broker.sent == many[:3]
    few = new_run(small, "few").id
    assert publish(large) == 2
    assert broker.sent[3:] == [few, many[3]]


def test_a_message_that_nobody_took_is_published_again(make_services: Make, new_run: NewRun, broker: Broker) -> None:
    services = make_services(dispatcher=broker, republish_s=60.0)
    run = new_run(services)
    assert publish(services) == 0
    hasty = make_services(dispatcher=broker, republish_s=-1.0)
    assert publish(hasty) == 1
    assert broker.sent == [run.id, run.id]


def test_nothing_is_republished_once_it_was_taken(make_services: Make, new_run: NewRun, claim: Take, broker: Broker) -> None:
    services = make_services(dispatcher=broker, republish_s=-1.0)
    run = new_run(services)
    claim(services, run)
    assert publish(services) == 0


def test_repeated_messages_are_dropped(make_services: Make, new_run: NewRun) -> None:
    stages = scripted_stages()
    services = make_services(stages)
    run = new_run(services)
    queue = services.dispatcher
    assert isinstance(queue, LocalDispatcher)
    ended: list[Done] = []

    def work(run_id: str, step_id: str) -> None:
        ended.append(run_step(services, run_id, step_id))
        ended.append(run_step(services, run_id, step_id))

    queue.drain(work, 1, services.stop.set)
    assert services.store.run("acme", run.id).verdict is Verdict.ACCEPTED
    assert ended.count(Done.COMMITTED) == 7
    assert ended.count(Done.DROPPED) == len(ended) - 7 == 7


def test_a_submission_survives_a_broker_that_is_away(make_services: Make, new_run: NewRun, broker: Broker) -> None:
    services = make_services(dispatcher=broker)
    broker.away = True
    run = new_run(services)
    assert broker.sent == []
    with pytest.raises(BrokerUnavailable):
        sweep(services)
    broker.away = False
    assert publish(services) == 1  # at once, not after republish_s
    assert broker.sent == [run.id]


def test_the_second_of_two_messages_failed(make_services: Make, new_run: NewRun) -> None:
    class Half(Broker):
        def publish(self, run_id: str, step_id: str) -> None:
            self.away = len(self.sent) == 1
            super().publish(run_id, step_id)

    half, whole = Half(), Broker()
    for _ in range(2):
        new_run(make_services(dispatcher=NoDispatcher()))
    with pytest.raises(BrokerUnavailable):
        publish(make_services(dispatcher=half))
    assert publish(make_services(dispatcher=whole)) == 1
    assert half.sent != whole.sent


def test_who_only_submits_leaves_the_step_to_the_sweep(make_services: Make, new_run: NewRun, broker: Broker) -> None:
    run = new_run(make_services(dispatcher=NoDispatcher()))
    assert publish(make_services(dispatcher=broker)) == 1
    assert broker.sent == [run.id]


def test_reaping_goes_on_while_the_broker_is_away(make_services: Make, new_run: NewRun, claim: Take, broker: Broker) -> None:
    services = make_services(dispatcher=broker)
    run = new_run(services)
    claim(services, run, lease_s=-1.0)
    broker.away = True
    with pytest.raises(BrokerUnavailable):
        sweep(services)
    assert services.store.steps("acme", run.id)[0].state is StepState.READY


def test_a_retry_waits_for_its_delay(make_services: Make, new_run: NewRun, claim: Take, broker: Broker) -> None:
    services = make_services(dispatcher=broker)
    run = new_run(services)
    held = claim(services, run)
    assert held is not None
    with services.store.transaction("acme", run.id) as open_run:
        open_run.retry(held.step.id, held.step.fence, "broken", "now", delay_s=0.15)
    waited = threading.Event()
    assert publish(services) == 0
    assert not waited.wait(0.2)
    assert publish(services) == 1


def test_a_process_that_works_for_itself_leaves_other_runs_alone(make_services: Make, new_run: NewRun, claim: Take) -> None:
    """A killed `assay check` left steps that hold every slot, and one that nobody took."""
    killed = make_services(slots=1)
    left = [new_run(killed) for _ in range(6)]
    for run in left[:3]:
        claim(killed, run)
    services = make_services(slots=1, republish_s=60.0)
    run = new_run(services)
    assert complete(services, services.dispatcher, "acme", run.id).verdict is Verdict.ACCEPTED  # type: ignore[arg-type]
    assert [services.store.run("acme", other.id).verdict for other in left] == [None] * 6
    assert [len(services.store.steps("acme", other.id)) for other in left] == [1] * 6


def test_steps_of_other_runs_in_the_queue_go_back_to_others(make_services: Make, new_run: NewRun, broker: Broker) -> None:
    other = new_run(make_services(dispatcher=NoDispatcher()))
    services = make_services()
    run = new_run(services)  # publishes the other one's step into this process's queue
    complete(services, services.dispatcher, "acme", run.id)  # type: ignore[arg-type]
    assert services.store.steps("acme", other.id)[0].state is StepState.READY
    assert publish(make_services(dispatcher=broker)) == 1
    assert broker.sent == [other.id]


def test_an_interrupt_of_the_queue_stops_the_work_under_way(make_services: Make, new_run: NewRun) -> None:
    """Ctrl-C reaches the thread that waits, not those that work: they must hear of it before it waits for them."""

    def long(context: StageContext) -> StageResult:
        started.set()
        assert context.cancel.wait(10)
        raise OSError

    started = threading.Event()
    queue = LocalDispatcher()
    services = make_services(scripted_stages(intake=long), dispatcher=queue)
    run = new_run(services)

    def work(run_id: str, step_id: str) -> Done:
        if step_id:
            return run_step(services, run_id, step_id)
        started.wait(10)
        raise KeyboardInterrupt

    queue.publish(run.id, "")
    with pytest.raises(KeyboardInterrupt):
        queue.drain(work, 2, services.stop.set)
    step = services.store.steps("acme", run.id)[0]
    assert (step.state, step.attempt) == (StepState.READY, 0)


def test_completing_ends_when_the_process_is_told_to_stop(make_services: Make, new_run: NewRun) -> None:
    services = make_services()
    run = new_run(services)
    services.stop.set()
    assert complete(services, services.dispatcher, "acme", run.id).verdict is None  # type: ignore[arg-type]


def test_the_queue_works_as_many_as_it_has_slots_at_a_time() -> None:
    queue, lock = LocalDispatcher(), threading.Lock()
    now, most = 0, 0
    both = threading.Barrier(2, timeout=5)

    def work(_run: str, _step: str) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        both.wait()
        with lock:
            now -= 1

    for index in range(6):
        queue.publish("run", str(index))
    assert queue.drain(work, 2, lambda: None) == 6
    assert most == 2


def test_events_have_no_holes_and_tell_the_whole_story(make_services: Make, new_run: NewRun) -> None:
    services = make_services(scripted_stages(intake=scripted_intake(sample_plan(3))))
    run = new_run(services)
    complete(services, services.dispatcher, "acme", run.id)  # type: ignore[arg-type]
    events = services.store.events("acme", run.id)
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert (events[0].type, events[-1].type) == ("assay.run.submitted", "assay.run.decided")
    for step in services.store.steps("acme", run.id):
        own = [event.type for event in events if event.subject == step.spec.name]
        assert own == ["assay.step.ready", "assay.step.claimed", "assay.step.done"]
    assert services.store.events("acme", run.id, after=5) == events[5:]
