"""The clocks: Celery's beat entry carries a name and nothing else, its task and the sweep of a centre start one night."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from celery.beat import Scheduler

from pipeline.cluster.app import QUEUE, make_app
from pipeline.cluster.schedule import CLOCK_TASK, add_beat, add_clock
from pipeline.cluster.task import register
from pipeline.engine.nightly import keep_nights
from pipeline.engine.services import Services
from pipeline.engine.windows import Schedule

AT_TWO = Schedule("nightly", "02:00", "UTC")
TENANT = "acme"


def runs(center: Any) -> int:
    return len(center.services.store.runs(TENANT, 20))


def test_beat_sends_the_schedules_name_to_the_queue_of_the_workers() -> None:
    app = add_beat(make_app("memory://", 60), AT_TWO)
    scheduler = Scheduler(app)
    (entry,) = scheduler.schedule.values()
    assert (entry.task, tuple(entry.args), entry.kwargs) == (CLOCK_TASK, ("nightly",), {})
    scheduler.apply_async(entry)
    with app.connection_for_read() as connection, connection.SimpleQueue(app.amqp.queues[QUEUE]) as queue:
        message = queue.get(timeout=2)
        assert message.headers["task"] == CLOCK_TASK
        args, kwargs, _ = message.payload
        assert (args, kwargs) == (["nightly"], {})


def test_without_a_clock_beat_has_nothing_to_send() -> None:
    assert dict(add_beat(make_app("memory://", 60), Schedule()).conf.beat_schedule) == {}


def test_the_task_starts_the_night_once_and_only_its_own(center: Any) -> None:
    center.register()
    app = add_clock(make_app("memory://", 60), lambda: center.services, AT_TWO)
    center.at("2026-11-21T02:00:10")
    app.tasks[CLOCK_TASK]("another schedule")
    assert runs(center) == 0
    app.tasks[CLOCK_TASK]("nightly")
    app.tasks[CLOCK_TASK]("nightly")
    assert runs(center) == 1
    assert keep_nights(center.services, AT_TWO) == 0, "the sweep of a centre is one more clock"


@pytest.mark.parametrize("schedule", [AT_TWO, None])
def test_a_worker_has_the_task_when_it_has_a_schedule(
    make_services: Callable[[], Services], tmp_path: Path, schedule: Schedule | None
) -> None:
    app = register(make_app("memory://", 60), make_services, tmp_path, schedule)
    assert (CLOCK_TASK in app.tasks) is (schedule is not None)
