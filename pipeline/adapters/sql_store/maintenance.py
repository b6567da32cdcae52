"""Engine-wide queries, the only ones over all tenants: claiming by id, lapsed leases, choosing what to publish."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, and_, func, or_, select, true, update

from pipeline.adapters.sql_store import queries, tables
from pipeline.adapters.sql_store.dialect import db_now, lock_publishing, reading, writing
from pipeline.domain.run import StepState
from pipeline.engine.services import Claim, Lapsed, StepEnvironment

HEAD_START = 2
"""Messages kept in the broker beyond the free slots, so that a slot that falls free does not wait for a sweep."""


class SqlMaintenance:
    """See `engine.services.Maintenance`."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def claim(self, run_id: str, step_id: str, lease_s: float, environment: StepEnvironment, now: str) -> Claim | None:
        """READY to RUNNING under a lease, with the digests of its inputs recorded; None when somebody else was first."""
        table = tables.step
        with writing(self._database) as connection:
            query = update(table).where(table.c.id == step_id, table.c.run_id == run_id)
            query = query.where(table.c.state == StepState.READY.value).values(_claimed(lease_s, environment, now))
            row = connection.execute(query.returning(table.c.tenant, table.c.name, table.c.fence)).one_or_none()
            if row is None:
                return None
            evidence = queries.evidence_before(connection, row.tenant, run_id, row.name)
            inputs = {step: {role: item.digest for role, item in roles.items()} for step, roles in evidence.items()}
            connection.execute(update(table).where(table.c.id == step_id).values(inputs=inputs))
            data = {"fence": row.fence, "worker": environment.worker}
            queries.append_event(connection, row.tenant, run_id, now, [("assay.step.claimed", row.name, data)])
            (step,) = queries.steps(connection, row.tenant, run_id, only=step_id)
        return Claim(step, evidence)

    def lapsed(self) -> list[Lapsed]:
        """RUNNING steps whose lease has lapsed."""
        table = tables.step
        query = select(table).where(table.c.state == StepState.RUNNING.value, table.c.lease_until < db_now())
        with reading(self._database) as connection:
            found = connection.execute(query.order_by(table.c.lease_until)).mappings().all()
        return [Lapsed(row["tenant"], row["run_id"], row["id"], row["fence"], row["attempt"]) for row in found]

    def next_steps(self, slots: int, republish_s: float, only_run: str = "") -> list[tuple[str, str]]:
        """(run id, step id) to publish now, marked as published; see `_candidates` for the order."""
        table = tables.step
        scope = table.c.run_id == only_run if only_run else true()
        stale = db_now() - republish_s
        due = or_(table.c.published_at.is_(None), table.c.published_at < stale)
        with writing(self._database) as connection:
            lock_publishing(connection)
            free = slots + HEAD_START - _outstanding(connection, stale, scope)
            if free <= 0:
                return []
            chosen = connection.execute(_candidates(due, stale).where(scope).limit(free)).all()
            published: list[tuple[str, str]] = []
            for run_id, step_id in chosen:
                # A step that somebody claims at this moment is passed over, not waited for.
                still = select(table.c.id).where(table.c.id == step_id, table.c.state == StepState.READY.value, due)
                mark = update(table).where(table.c.id.in_(still.with_for_update(skip_locked=True)))
                taken = connection.execute(mark.values(published_at=db_now()).returning(table.c.id)).scalar_one_or_none()
                published += [(run_id, step_id)] if taken else []
        return published

    def unpublish(self, step_ids: Sequence[str]) -> None:
        """Publishing failed: offer these again at the next sweep."""
        with writing(self._database) as connection:
            table = tables.step
            offered = update(table).where(table.c.id.in_(step_ids), table.c.state == StepState.READY.value)
            connection.execute(offered.values(published_at=None))


def _claimed(lease_s: float, environment: StepEnvironment, now: str) -> dict[str, Any]:
    table = tables.step
    where = {"toolchain": environment.toolchain, "sandbox_level": environment.sandbox_level}
    return {
        "state": StepState.RUNNING.value,
        "attempt": table.c.attempt + 1,
        "fence": table.c.fence + 1,
        "lease_until": db_now() + lease_s,
        "started_at": now,
        "reason": "",
        "worker": environment.worker,
        "environment": where | {"versions": dict(environment.versions)},
    }


def _held(stale: Any) -> Any:
    """Steps that hold a slot or a message: RUNNING, or published and not yet overdue."""
    table = tables.step
    waiting = and_(table.c.state == StepState.READY.value, table.c.published_at >= stale)
    return or_(table.c.state == StepState.RUNNING.value, waiting)


def _outstanding(connection: Connection, stale: Any, scope: Any) -> int:
    query = select(func.count()).select_from(tables.step).where(_held(stale), scope)
    return int(connection.execute(query).scalar_one())


def _candidates(due: Any, stale: Any) -> Any:
    """Fair share: a tenant's first waiting step comes after as many turns as it holds steps, its second one later."""
    table = tables.step
    held = select(table.c.tenant, func.count().label("steps")).where(_held(stale)).group_by(table.c.tenant).subquery()
    order = (tables.run.c.number, table.c.ordinal)
    turn = func.row_number().over(partition_by=table.c.tenant, order_by=order) + func.coalesce(held.c.steps, 0)
    joined = table.join(tables.run, tables.run.c.id == table.c.run_id)
    return (
        select(table.c.run_id, table.c.id)
        .select_from(joined.outerjoin(held, held.c.tenant == table.c.tenant))
        .where(table.c.state == StepState.READY.value, table.c.ready_at <= db_now(), due)
        .order_by(turn, *order)
    )
