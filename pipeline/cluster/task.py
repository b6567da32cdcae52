"""The one task: run the step whose ids the message carries."""

from __future__ import annotations

import threading
from collections.abc import Callable

from celery import Celery

from pipeline.cluster.app import TASK
from pipeline.engine.run_step import run_step
from pipeline.engine.services import Services


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


def register(app: Celery, open_services: Callable[[], Services]) -> Bench:
    """Give `app` the task; `open_services` is called once in each worker process."""
    bench = Bench(open_services)

    @app.task(name=TASK, ignore_result=True)
    def work(run_id: str, step_id: str) -> None:
        run_step(bench.services(), run_id, step_id)

    return bench
