"""Runs inside this process: the same engine, a queue instead of a broker. What `assay check` uses."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from pipeline.domain.run import Run
from pipeline.engine.run_step import run_step
from pipeline.engine.services import Services
from pipeline.engine.sweep import sweep

IDLE_S = 0.05


class LocalQueue(Protocol):
    """A dispatcher whose messages are worked off here."""

    def drain(self, work: Callable[[str, str], object], slots: int) -> int:
        """Call `work` for every id pair, also those that appear meanwhile, `slots` at a time; how many."""


def complete(services: Services, queue: LocalQueue, tenant: str, run_id: str) -> Run:
    """Work until the run has its verdict. An interrupt stops the work and gives the steps back."""

    def work(run: str, step: str) -> object:
        return run_step(services, run, step)

    try:
        while (run := services.store.run(tenant, run_id)).verdict is None:
            sweep(services)
            if not queue.drain(work, services.limits.slots):
                time.sleep(IDLE_S)
    except BaseException:
        services.stop.set()
        raise
    return run
