"""The one task: run the step whose ids the message carries. And how a worker that runs it ends."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from celery import Celery, signals

from pipeline.cluster.app import TASK
from pipeline.cluster.lock import is_centre
from pipeline.cluster.schedule import add_clock
from pipeline.cluster.watch import BrokerWatch
from pipeline.engine.run_step import run_step
from pipeline.engine.services import Services
from pipeline.engine.windows import Schedule

LOOK_S = 0.5


class Bench:
    """A worker process's services: opened with the first task, once, whichever of its threads comes first."""

    def __init__(self, open_services: Callable[[], Services]) -> None:
        self._open = open_services
        self._lock = threading.Lock()
        self._services: Services | None = None
        self._stopped = False

    def services(self) -> Services:
        """The services, opened now if they are not yet."""
        with self._lock:
            if self._services is None:
                self._services = self._open()
                if self._stopped:
                    self._services.stop.set()
            return self._services

    def stop(self) -> None:
        """Make every step under way give itself back. Safe in a signal handler: takes no lock."""
        self._stopped = True
        if self._services is not None:
            self._services.stop.set()


def register(app: Celery, open_services: Callable[[], Services], home: Path, schedule: Schedule | None = None) -> Celery:
    """Give `app` the task, and the clock's when there is a `schedule`.

    `open_services` is called once in each worker process.
    On SIGTERM steps under way return to the queue, uncounted. A worker that the centre of `home` started sends itself one
    when that centre is gone: nobody else would.
    """
    bench = Bench(open_services)
    app.steps["consumer"].add(BrokerWatch)

    @app.task(name=TASK, shared=False, ignore_result=True)
    def work(run_id: str, step_id: str) -> None:
        run_step(bench.services(), run_id, step_id)

    if schedule is not None:
        add_clock(app, bench.services, schedule)

    @signals.worker_shutting_down.connect(weak=False)
    def give_back(**_: object) -> None:
        bench.stop()

    @signals.worker_ready.connect(weak=False)
    def watch(**_: object) -> None:
        parent = os.getppid()
        if is_centre(home, parent):
            threading.Thread(target=_end_with, args=(parent,), name="centre", daemon=True).start()

    return app


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    os.kill(os.getpid(), signal.SIGTERM)
