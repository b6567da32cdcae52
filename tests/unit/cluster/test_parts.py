from __future__ import annotations

import os
import threading
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.cluster.app import make_app
from pipeline.cluster.lock import HomeLock, is_centre
from pipeline.cluster.supervisor import LONGEST_PAUSE_S, _Pause, worker_command
from pipeline.cluster.task import Bench, register
from pipeline.cluster.watch import BrokerWatch
from pipeline.errors import InfrastructureError, UsageError
from pipeline.settings import Settings


def test_a_worker_opens_its_services_once_for_all_its_threads() -> None:
    opened: list[Any] = []
    start = threading.Barrier(6)

    def open_services() -> Any:
        opened.append(SimpleNamespace(stop=threading.Event()))
        return opened[-1]

    bench = Bench(open_services)
    found: list[Any] = []

    def work() -> None:
        start.wait()
        found.append(bench.services())

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 1
    assert found == opened * 6
    bench.stop()
    assert opened[0].stop.is_set()


def test_services_that_open_while_the_worker_stops_are_stopped() -> None:
    services: Any = SimpleNamespace(stop=threading.Event())
    bench = Bench(lambda: services)
    bench.stop()
    assert bench.services().stop.is_set()


def test_services_that_could_not_be_opened_are_tried_again() -> None:
    answers = iter([InfrastructureError("P-011", reason="busy"), SimpleNamespace(stop=threading.Event())])

    def open_services() -> Any:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    bench = Bench(open_services)
    with pytest.raises(InfrastructureError):
        bench.services()
    assert not bench.services().stop.is_set()


def test_celery_is_set_up_as_the_store_needs_it(tmp_path: Path) -> None:
    app = register(make_app("redis+socket:///nowhere", 123.4), lambda: pytest.fail("opened too early"), tmp_path)
    conf = app.conf
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost, conf.worker_prefetch_multiplier) == (True, False, 1)
    assert (conf.task_ignore_result, conf.result_backend, conf.accept_content, conf.task_serializer) == (
        True,
        None,
        ["json"],
        "json",
    )
    assert not conf.worker_enable_remote_control
    assert conf.broker_transport_options["visibility_timeout"] == 123
    assert conf.broker_transport_options["unacked_restore_throttle"] == 1
    assert "assay.run_step" in app.tasks
    assert BrokerWatch in app.steps["consumer"]


def test_a_worker_takes_the_slots_it_is_given(tmp_path: Path) -> None:
    command = worker_command(Settings(home=tmp_path, slots=5), "other_app")
    assert command[command.index("--concurrency") + 1] == "5"
    assert command[command.index("--app") + 1] == "other_app"
    assert command[command.index("--pool") + 1] == "threads"


def test_a_part_that_ends_again_and_again_stays_down_longer() -> None:
    pause, lengths = _Pause(), []
    for _ in range(9):
        pause.begin()
        lengths.append(pause._pause)
        assert not pause.over()
    assert lengths == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, LONGEST_PAUSE_S, LONGEST_PAUSE_S, LONGEST_PAUSE_S]


def test_a_home_has_one_centre_and_its_workers_know_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first, second = HomeLock(home), HomeLock(home)
    assert not is_centre(home, os.getpid())
    first.take()
    with pytest.raises(UsageError) as caught:
        second.take()
    assert caught.value.rule == "U-904"
    assert is_centre(home, os.getpid())
    assert not is_centre(home, os.getppid())
    first.release()
    first.release()
    second.take()
    second.release()


class Consumer:
    """As much of Celery's consumer as the watch uses: a broker that says who it is, and a timer."""

    def __init__(self) -> None:
        self.run_id, self.looks, self.cancelled = "first", [], 0
        info = SimpleNamespace(info=lambda _section: {"run_id": self.run_id})
        self.connection = SimpleNamespace(default_channel=SimpleNamespace(conn_or_acquire=lambda: nullcontext(info)))
        self.timer = self

    def call_repeatedly(self, _seconds: float, look: Any) -> Any:
        self.looks.append(look)
        return self

    def cancel(self) -> None:
        self.cancelled += 1


def test_the_watch_notices_another_server() -> None:
    consumer = Consumer()
    watch = BrokerWatch(consumer)
    watch.stop(consumer)
    watch.start(consumer)
    (look,) = consumer.looks
    look()
    consumer.run_id = "second"
    with pytest.raises(ConnectionResetError):
        look()
    watch.stop(consumer)
    assert consumer.cancelled == 1
