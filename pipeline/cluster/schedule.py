"""The nightly clock as Celery knows it: a beat entry that sends the schedule's name, and the task that it calls.

The entry comes every minute and not once a night: the database decides whether a night is due, so a beat that was down at
the hour, a message that was lost, and a second beat on another host change nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from celery import Celery

from pipeline.cluster.app import QUEUE
from pipeline.engine.nightly import keep_nights
from pipeline.engine.services import Services
from pipeline.engine.windows import Schedule

CLOCK_TASK = "assay.look_at_the_clock"
LOOK_S = 60.0


def add_beat(app: Celery, schedule: Schedule) -> Celery:
    """Give `app` the entry that `celery beat` sends; none when no clock is set. A message that waited long is dropped."""
    if schedule.opens:
        entry = {"task": CLOCK_TASK, "schedule": LOOK_S, "args": (schedule.name,)}
        app.conf.beat_schedule = {schedule.name: entry | {"options": {"queue": QUEUE, "expires": LOOK_S}}}
    return app


def add_clock(app: Celery, services: Callable[[], Services], schedule: Schedule) -> Celery:
    """Give `app` the task: look whether the night of that name is due, and collect results. It carries the name only."""

    @app.task(name=CLOCK_TASK, shared=False, ignore_result=True)
    def look(name: str) -> None:
        if name == schedule.name:
            keep_nights(services(), schedule)

    return add_beat(app, schedule)
