"""Publishes id pairs through Celery, by the task's name: the sender never loads the worker's code."""

from __future__ import annotations

from celery import Celery
from kombu.exceptions import KombuError

from pipeline.cluster.app import QUEUE, TASK
from pipeline.errors import BrokerUnavailable


class CeleryDispatcher:
    """See `ports.Dispatcher`."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def publish(self, run_id: str, step_id: str) -> None:
        """Send one id pair; BrokerUnavailable (P-040) within seconds when the broker does not take it."""
        try:
            self._app.send_task(TASK, args=[run_id, step_id], queue=QUEUE, ignore_result=True, retry=False)
        except (KombuError, OSError) as error:
            raise BrokerUnavailable("P-040") from error
