"""A dispatcher without a broker: a queue inside this process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from pipeline.errors import BrokerUnavailable


class LocalDispatcher:
    """Keeps published ids until somebody in this process drains them."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, str]] = deque()

    def publish(self, run_id: str, step_id: str) -> None:
        """Queue one id pair."""
        self._waiting.append((run_id, step_id))

    def drain(self, work: Callable[[str, str], object], slots: int, interrupted: Callable[[], None]) -> int:
        """Call `work` for every id pair, also those that appear meanwhile, `slots` at a time; how many.

        What `work` raises, and an interrupt, is raised here: `interrupted` is called first, so that the calls under way end
        soon, and they are waited for.
        """
        with ThreadPoolExecutor(max_workers=slots) as pool:
            try:
                return self._drain(pool, work, slots)
            except BaseException:
                interrupted()
                raise

    def _drain(self, pool: ThreadPoolExecutor, work: Callable[[str, str], object], slots: int) -> int:
        count = 0
        running: set[Future[object]] = set()
        while self._waiting or running:
            while self._waiting and len(running) < slots:
                running.add(pool.submit(work, *self._waiting.popleft()))
                count += 1
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                future.result()
        return count


class NoDispatcher:
    """For processes that only submit: the rows are the outbox, and the sweep of `assay up` publishes them."""

    def publish(self, run_id: str, step_id: str) -> None:
        """Leave it to the sweep: BrokerUnavailable (P-040), so that the step does not count as published."""
        raise BrokerUnavailable("P-040", run=run_id, step=step_id)
