"""The Celery application's settings: late acknowledgement, one message at a time, JSON only, no results."""

from __future__ import annotations

from celery import Celery

TASK = "assay.run_step"
QUEUE = "assay"
CONNECT_S = 2.0


def make_app(broker_url: str, visibility_s: float) -> Celery:
    """An application on that broker. `visibility_s` must be above the longest step.

    A message comes back after `visibility_s` when its worker vanished; that is only a second net, for the sweep publishes
    READY steps again by itself. No result backend, no chords, no events: state is in the store.
    """
    app = Celery("assay", broker=broker_url, set_as_current=False)
    app.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=False,  # a poison step must not run for ever; its lease lapses instead
        task_acks_on_failure_or_timeout=True,
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_serializer="json",
        accept_content=["json"],
        task_default_queue=QUEUE,
        task_create_missing_queues=False,
        worker_prefetch_multiplier=1,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,  # the fence makes a second delivery harmless
        broker_connection_timeout=CONNECT_S,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": int(visibility_s),
            "unacked_restore_throttle": 1,
            "socket_connect_timeout": CONNECT_S,
            "socket_keepalive": True,
        },
    )
    return app
