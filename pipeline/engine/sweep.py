"""The sweep: any process may do it at any time, any number of times. It alone keeps a run moving after a crash."""

from __future__ import annotations

from pipeline.domain.finding import Finding
from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StageResult
from pipeline.engine.finish import proceed
from pipeline.engine.services import ATTEMPTS, Lapsed, Services
from pipeline.errors import BrokerUnavailable, LeaseLost


def sweep(services: Services) -> int:
    """Reap lapsed leases, then publish; how many ids were published. Raises BrokerUnavailable after reaping."""
    reap(services)
    return publish(services)


def publish(services: Services) -> int:
    """Offer READY steps to the broker: at most free slots + 2, in the store's fair order; how many."""
    limits = services.limits
    offered = services.maintenance.next_steps(limits.slots, limits.republish_s, services.only_run)
    for count, (run_id, step_id) in enumerate(offered):
        try:
            services.dispatcher.publish(run_id, step_id)
        except BrokerUnavailable:
            services.maintenance.unpublish([left for _, left in offered[count:]])
            raise
    return len(offered)


def reap(services: Services) -> int:
    """Take lapsed steps away from their workers: READY again, or after the last attempt parked as poison; how many."""
    count = 0
    for lapsed in services.maintenance.lapsed():
        try:
            _reap(services, lapsed)
        except LeaseLost:
            continue  # a heartbeat or another reaper was faster
        count += 1
    return count


def _reap(services: Services, lapsed: Lapsed) -> None:
    now = services.clock.now()
    with services.store.transaction(lapsed.tenant, lapsed.run_id) as run:
        if lapsed.attempt < ATTEMPTS:
            run.retry(lapsed.step_id, lapsed.fence, "lease lapsed", now, delay_s=0.0, lapsed=True)
            return
        run.finish(lapsed.step_id, lapsed.fence, poison(lapsed.attempt), now, lapsed=True)
        proceed(services, run, now)


def poison(attempts: int) -> StageResult:
    """What is said of a step that ended its worker every time it was tried."""
    finding = Finding("P-002", Outcome.BROKEN, args={"attempts": str(attempts)})
    return StageResult(Outcome.BROKEN, findings=(finding,), reason="worker lost")
