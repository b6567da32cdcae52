"""Runs inside this process: the same engine, a queue instead of a broker. What `assay check` uses."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from pipeline.domain.run import Run
from pipeline.engine.run_step import run_step
from pipeline.engine.services import Services
from pipeline.engine.sweep import sweep

IDLE_S = 0.05


class LocalQueue(Protocol):
    """A dispatcher whose messages are worked off here."""

    def drain(self, work: Callable[[str, str], object], slots: int, interrupted: Callable[[], None]) -> int:
        """Call `work` for every id pair, also those that appear meanwhile, `slots` at a time; how many.

        On any exception `interrupted` is called first, then the calls under way are waited for.
        """


def complete(services: Services, queue: LocalQueue, tenant: str, run_id: str) -> Run:
    """Work until the run has its verdict, or `services.stop` is set. An interrupt stops the work and gives the steps back.

    Only this run's steps are worked on: others over the same store belong to other processes, or to ones that were killed.
    """
    own = replace(services, only_run=run_id)

    def work(run: str, step: str) -> object:
        if run == run_id:
            return run_step(own, run, step)
        own.maintenance.unpublish([step])
        return None

    while (run := own.store.run(tenant, run_id)).verdict is None and not own.stop.is_set():
        sweep(own)
        if not queue.drain(work, own.limits.slots, own.stop.set):
            time.sleep(IDLE_S)
    return run
