"""The heartbeat of one attempt: keeps the lease, carries progress, and cancels the work when the lease is gone."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from pipeline.engine.services import Services
from pipeline.errors import InfrastructureError


class Heartbeat:
    """A context manager around the work. `cancel` is set when the lease was lost or the step's time is up.

    `lost`: another worker may own the step. `expired`: it took longer than `step_limit_s`. `stopped`: this process ends.
    """

    def __init__(self, services: Services, tenant: str, step_id: str, fence: int) -> None:
        self.cancel = threading.Event()
        self.lost = False
        self.expired = False
        self.stopped = False
        self._services = services
        self._key = (tenant, step_id, fence)
        self._progress: tuple[int, int] | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat-{step_id}", daemon=True)

    def progress(self, done: int, total: int) -> None:
        """Note how far the work is; written with one of the next beats."""
        self._progress = (done, total)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        limits = self._services.limits
        begun = kept = time.monotonic()
        written: tuple[int, int] | None = None
        while not self._stop.wait(min(limits.beat_s, limits.lease_s / 3)):
            now, progress = time.monotonic(), self._progress
            self.expired = now - begun > limits.step_limit_s
            self.stopped = self._services.stop.is_set()
            if self.expired or self.stopped:
                break
            if progress == written and now - kept < limits.lease_s / 3:
                continue
            alive = self._write(progress)
            if alive is False or (alive is None and now - kept > limits.lease_s):
                self.lost = True
                break
            if alive:
                kept, written = now, progress
        else:
            return
        self.cancel.set()

    def _write(self, progress: tuple[int, int] | None) -> bool | None:
        """Whether the lease still holds; None when the store could not be asked."""
        try:
            return self._services.store.heartbeat(*self._key, self._services.limits.lease_s, progress)
        except InfrastructureError:
            return None
