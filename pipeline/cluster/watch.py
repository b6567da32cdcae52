"""Notices that the broker was gone, also when every slot of the worker was busy meanwhile.

A worker whose slots are all taken waits for no message and does not see its connection break. The acknowledgements it sends
later fail, its messages count as held for ever, and it never asks for another one. Looking at the broker itself every second
finds this; Celery then connects anew, and the steps under way go on.
"""

from __future__ import annotations

from typing import Any

from celery import bootsteps

LOOK_S = 1.0


class BrokerWatch(bootsteps.StartStopStep):
    """A step of the consumer: it starts with every connection, and stops with it."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **options)
        self._timer: Any = None

    def start(self, consumer: Any) -> None:
        """Remember which server this is, and look again and again."""
        server = _server(consumer)

        def look() -> None:
            if _server(consumer) != server:
                raise ConnectionResetError("the broker is another process than before")

        self._timer = consumer.timer.call_repeatedly(LOOK_S, look)

    def stop(self, consumer: Any) -> None:  # noqa: ARG002 - the signature is Celery's
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _server(consumer: Any) -> str:
    """The id that the server gave itself when it started; raises one of Celery's connection errors when it is away.

    Asked on a connection of its own: on the channel's one a question for the next message is under way nearly always, and
    its answer, maybe a message, would be taken for ours.
    """
    with consumer.connection.default_channel.conn_or_acquire() as client:
        return str(client.info("server")["run_id"])
