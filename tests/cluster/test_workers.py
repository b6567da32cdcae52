from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.adapters.local_dispatcher import LocalDispatcher
from pipeline.adapters.process import PLAIN_ENV, Child, spawn
from pipeline.bootstrap import open_center
from pipeline.cluster.supervisor import Kind, running
from pipeline.domain.outcome import Outcome, Verdict
from pipeline.domain.run import Run, StageResult, StepState
from pipeline.engine.local import complete
from pipeline.engine.services import Services
from pipeline.engine.submit import submit
from pipeline.errors import UsageError
from pipeline.settings import Settings

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster")]
Until = Callable[..., None]


def decided(services: Services, *runs: Run) -> Callable[[], bool]:
    return lambda: all(services.store.run(run.tenant, run.id).verdict for run in runs)


def results(services: Services, run: Run) -> list[tuple[str, StageResult | None]]:
    return [(step.spec.name, step.result) for step in services.store.steps(run.tenant, run.id)]


def states(services: Services, runs: list[Run]) -> list[StepState]:
    return [step.state for run in runs for step in services.store.steps(run.tenant, run.id)]


def hold(home: Path, step: str) -> Path:
    (home / "hold").mkdir(exist_ok=True)
    (home / "hold" / step).touch()
    return home / "hold" / step


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_celery_and_the_local_queue_give_equal_results(any_settings: Settings, scripted: Kind, until: Until) -> None:
    with running(any_settings, kind=scripted) as centre:
        services = centre.center.services
        run = submit(services, "acme", b"the same bytes", name="n")
        until(decided(services, run))
        there = services.store.run("acme", run.id)
        there_results = results(services, run)
        there_events = [(event.type, event.subject) for event in services.store.events("acme", run.id)]
        queue = LocalDispatcher()
        with open_center(Settings(any_settings.home / "local"), "outbox") as center:
            own = replace(center.services, workshop=services.workshop, dispatcher=queue)
            run = submit(own, "acme", b"the same bytes", name="n")
            here = complete(own, queue, "acme", run.id)
            assert (here.verdict, here.verdict_digest) == (there.verdict, there.verdict_digest)
            assert here.verdict is Verdict.ACCEPTED
            assert results(own, run) == there_results
            assert len(there_results) == 7
            events = [(event.type, event.subject) for event in own.store.events("acme", run.id)]
            assert sorted(events) == sorted(there_events)


def test_a_worker_without_work_stays_and_takes_the_next_message(
    any_settings: Settings, scripted: Kind, until: Until, home: Path
) -> None:
    """It waits for messages and looks at the broker at the same time: neither may take the other's answer."""
    told: list[tuple[str, str]] = []
    with running(any_settings, lambda part, what: told.append((part, what)), scripted) as centre:
        services = centre.center.services
        for _round in range(3):
            run = submit(services, "acme", b"bytes", name="n")
            until(decided(services, run))
            time.sleep(1.5)
        assert ("worker", "ended") not in told
        assert [step.attempt for step in services.store.steps("acme", run.id)] == [1] * 7
    log = (home / "worker.log").read_text()
    assert "Traceback" not in log
    assert "Error" not in log


def test_a_killed_worker_is_started_again_and_its_step_done(
    settings: Settings, scripted: Kind, until: Until, home: Path
) -> None:
    told: list[tuple[str, str]] = []
    held = hold(home, "build")
    with running(settings, lambda part, what: told.append((part, what)), scripted) as centre:
        services, first = centre.center.services, centre.pids["worker"]
        run = submit(services, "acme", b"bytes", name="n")
        until((home / "began" / "build").exists)
        os.kill(first, signal.SIGKILL)
        held.unlink()
        until(decided(services, run))
        assert centre.pids["worker"] != first
        build = services.store.steps("acme", run.id)[1]
        assert (build.spec.name, build.attempt) == ("build", 2)
        assert services.store.run("acme", run.id).verdict is Verdict.ACCEPTED
    assert told == [("redis", "started"), ("worker", "started"), ("worker", "ended"), ("worker", "started")]
    assert centre.pids == {}


def test_a_killed_and_emptied_redis_loses_nothing(settings: Settings, scripted: Kind, until: Until, home: Path) -> None:
    """The broker dies with messages in it, and its file with it, while every slot is busy: the worker must notice later."""
    held = hold(home, "intake")
    with running(settings, kind=scripted) as centre:
        services, first = centre.center.services, centre.pids["redis"]
        runs = [submit(services, "acme", b"bytes", name="n") for _ in range(4)]
        until(lambda: states(services, runs).count(StepState.RUNNING) == settings.slots)
        os.kill(first, signal.SIGKILL)
        (home / "redis" / "appendonly.aof").unlink()
        during = submit(services, "acme", b"bytes", name="n")
        held.unlink()
        until(decided(services, during, *runs))
        assert centre.pids["redis"] != first
        ended = [services.store.run("acme", run.id) for run in (during, *runs)]
        assert {run.verdict for run in ended} == {Verdict.ACCEPTED}
        assert len({run.verdict_digest for run in ended}) == 1


def test_a_second_centre_on_the_same_home_is_refused(settings: Settings, scripted: Kind) -> None:
    with running(settings, kind=scripted) as centre:
        before = centre.pids
        with pytest.raises(UsageError) as caught, running(settings, kind=scripted):
            raise AssertionError
        assert caught.value.rule == "U-904"
        assert centre.pids == before
    with running(settings, kind=scripted) as centre:
        assert set(centre.pids) == {"redis", "worker"}


def test_stopping_gives_the_step_under_way_back_uncounted(
    settings: Settings, scripted: Kind, until: Until, home: Path
) -> None:
    held = hold(home, "build")
    with running(replace(settings, lease_s=60.0), kind=scripted) as centre:
        run = submit(centre.center.services, "acme", b"bytes", name="n")
        until((home / "began" / "build").exists)
    with open_center(settings, "outbox") as center:
        build = center.services.store.steps("acme", run.id)[1]
        assert (build.state, build.attempt, build.fence) == (StepState.READY, 0, 2)
        told = [event.data for event in center.services.store.events("acme", run.id) if event.type == "assay.step.retried"]
        assert [data["reason"] for data in told] == ["worker stopped"]
    held.unlink()
    with running(settings, kind=scripted) as centre:
        until(decided(centre.center.services, run))
        assert centre.center.services.store.run("acme", run.id).verdict is Verdict.ACCEPTED


@pytest.fixture
def up(settings: Settings, home: Path) -> Child:
    """`assay up` in a process of its own."""
    env = settings.child_environment() | PLAIN_ENV | {"PYTHONWARNINGS": "error"}
    # Tests that a shell or nohup runs in the background ignore these, and a centre leaves ignored what it finds ignored.
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGINT, signal.SIGHUP)}
    child = spawn((sys.executable, str(home / "up.py")), cwd=home, env=env, log=home / "up.log")
    for number, handler in before.items():
        signal.signal(number, handler)
    return child


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_centre_in_order(
    settings: Settings, up: Child, until: Until, home: Path, number: signal.Signals
) -> None:
    held = hold(home, "build")
    with open_center(settings, "outbox") as center:
        run = submit(center.services, "acme", b"bytes", name="n")
        until((home / "began" / "build").exists)
        os.kill(up.pid, number)
        assert up.wait(15) == 0
        build = center.services.store.steps("acme", run.id)[1]
        assert (build.state, build.attempt) == (StepState.READY, 0)
    held.unlink()
    assert (home / "up.log").read_text() == "redis started\nworker started\n"


def test_a_killed_centre_takes_its_worker_along_and_the_next_one_goes_on(
    settings: Settings, scripted: Kind, up: Child, until: Until, home: Path
) -> None:
    held = hold(home, "build")
    with open_center(settings, "outbox") as center:
        run = submit(center.services, "acme", b"bytes", name="n")
        until((home / "began" / "build").exists)
    (worker,) = (int(pid) for pid in Path(f"/proc/{up.pid}/task/{up.pid}/children").read_text().split()[1:])
    up.kill()
    assert up.wait(5) == -signal.SIGKILL
    until(lambda: not alive(worker))
    held.unlink()
    with running(settings, kind=scripted) as centre:
        until(decided(centre.center.services, run))
        steps = centre.center.services.store.steps("acme", run.id)
        assert [step.result.outcome for step in steps if step.result] == [Outcome.PASSED] * 7
