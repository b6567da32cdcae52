"""What `celery --app pipeline.cluster.worker worker` loads, and `celery --app pipeline.cluster.worker beat`.

Threads, not processes: a step's heavy work is always in sandboxed children, one process takes a third of what three take,
and a stopping worker can give its steps back at once because the signal arrives where the work is.
"""

from __future__ import annotations

from pipeline.bootstrap import make_celery, open_center
from pipeline.cluster.task import register
from pipeline.engine.windows import Schedule
from pipeline.settings import Settings

settings = Settings.from_environment()
app = register(
    make_celery(settings),
    lambda: open_center(settings, "celery").services,
    settings.home,
    Schedule.of(settings.nightly),
)
