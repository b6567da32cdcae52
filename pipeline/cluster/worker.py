"""What `celery --app pipeline.cluster.worker worker` loads.

Threads, not processes: a step's heavy work is always in sandboxed children, one process costs a third of the memory of three,
and a stopping worker can give its steps back at once because the signal arrives where the work is.
"""

from __future__ import annotations

from celery import signals

from pipeline.bootstrap import make_celery, open_center
from pipeline.cluster.task import register
from pipeline.settings import Settings

settings = Settings.from_environment()
app = make_celery(settings)
bench = register(app, lambda: open_center(settings, "celery").services)


@signals.worker_shutting_down.connect(weak=False)
def give_back(**_: object) -> None:
    """SIGTERM: steps under way return to the queue, uncounted."""
    bench.stop()
