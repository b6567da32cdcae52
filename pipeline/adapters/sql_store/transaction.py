"""One writing transaction on one run: everything a commit changes becomes visible together, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Update, insert, select, update

from pipeline.adapters.sql_store import queries, rows, tables
from pipeline.adapters.sql_store.dialect import db_now
from pipeline.domain.run import Run, StageResult, StepSpec, StepState, Submission
from pipeline.engine.advance import StepNode
from pipeline.errors import LeaseLost


class SqlRunTransaction:
    """See `engine.services.RunTransaction`. Begins by locking the run's row, so two commits of one run take turns."""

    def __init__(self, connection: Connection, tenant: str, run_id: str, new_id: Callable[[], str]) -> None:
        self._connection = connection
        self._tenant = tenant
        self._run_id = run_id
        self._new_id = new_id
        queries.append_event(connection, tenant, run_id, "", ())

    def nodes(self) -> list[StepNode]:
        """The run's steps as far as scheduling needs them."""
        return queries.nodes(self._connection, self._tenant, self._run_id)

    def results(self) -> dict[str, StageResult]:
        """Step name -> result of every DONE step, in the run's order."""
        found = queries.steps(self._connection, self._tenant, self._run_id)
        return {step.spec.name: step.result for step in found if step.result is not None}

    def run(self) -> Run:
        """The run."""
        return rows.read_run(queries.run_row(self._connection, self._tenant, self._run_id))

    def submission(self) -> Submission:
        """What the run is about."""
        table = tables.submission
        query = select(table).where(table.c.tenant == self._tenant, table.c.id == self.run().submission_id)
        return rows.read_submission(self._connection.execute(query).mappings().one())

    def toolchains(self) -> tuple[str, ...]:
        """Distinct toolchain digests of the attempts that were committed, sorted."""
        table = tables.step
        query = select(table.c.environment).where(table.c.tenant == self._tenant, table.c.run_id == self._run_id)
        return tuple(sorted({found["toolchain"] for (found,) in self._connection.execute(query) if found}))

    def finish(self, step_id: str, fence: int, result: StageResult, now: str, *, lapsed: bool = False) -> None:
        """RUNNING to DONE with everything it found; raises LeaseLost unless state and fence (and lapse) still hold."""
        values = rows.result_columns(result) | {"state": StepState.DONE.value, "lease_until": None, "finished_at": now}
        name = self._owned(step_id, fence, values, lapsed=lapsed)
        key = {"tenant": self._tenant, "run_id": self._run_id, "step_id": step_id}
        self._insert(tables.evidence, rows.evidence_rows(key, result))
        self._insert(tables.finding, rows.finding_rows(key, result))
        self._event(now, "assay.step.done", name, {"fence": fence, "outcome": result.outcome.value})

    def retry(
        self, step_id: str, fence: int, reason: str, now: str, *, delay_s: float, counted: bool = True, lapsed: bool = False
    ) -> None:
        """RUNNING back to READY with the fence raised; raises LeaseLost like `finish`."""
        values = {
            "state": StepState.READY.value,
            "fence": fence + 1,
            "attempt": tables.step.c.attempt - (0 if counted else 1),
            "lease_until": None,
            "published_at": None,
            "ready_at": db_now() + delay_s,
            "reason": reason,
            "done": 0,
            "total": 0,
        }
        name = self._owned(step_id, fence, values, lapsed=lapsed)
        self._event(now, "assay.step.retried", name, {"fence": fence, "reason": reason})

    def add(self, specs: Sequence[StepSpec]) -> None:
        """New steps, BLOCKED, after the present ones."""
        key = {"tenant": self._tenant, "run_id": self._run_id}
        ids = [self._new_id() for _ in specs]
        self._insert(tables.step, rows.step_rows(key, len(self.nodes()), specs, ids))
        self._insert(tables.step_need, rows.need_rows(key, specs))

    def make_ready(self, step_ids: Sequence[str], now: str) -> None:
        """BLOCKED to READY."""
        for step_id in step_ids:
            changed = self._blocked(step_id).values(state=StepState.READY.value, ready_at=db_now())
            name = self._connection.execute(changed.returning(tables.step.c.name)).scalar_one()
            self._event(now, "assay.step.ready", name, {})

    def skip(self, step_id: str, reason: str, now: str) -> None:
        """BLOCKED to DONE, SKIPPED for `reason`."""
        values = {"state": StepState.DONE.value, "outcome": "skipped", "reason": reason, "finished_at": now}
        changed = self._blocked(step_id).values(**values).returning(tables.step.c.name)
        self._event(now, "assay.step.done", self._connection.execute(changed).scalar_one(), {"outcome": "skipped"})

    def conclude(self, verdict: str, digest: str, now: str) -> None:
        """Write the verdict, once: a run that has one is never decided again."""
        table = tables.run
        query = update(table).where(table.c.id == self._run_id, table.c.tenant == self._tenant, table.c.verdict.is_(None))
        decided = query.values(verdict=verdict, verdict_digest=digest, finished_at=now).returning(table.c.id)
        if self._connection.execute(decided).scalar_one_or_none() is not None:
            self._event(now, "assay.run.decided", "", {"verdict": verdict, "digest": digest})

    def _owned(self, step_id: str, fence: int, values: Mapping[str, Any], *, lapsed: bool) -> str:
        table = tables.step
        query = self._step(step_id).where(table.c.state == StepState.RUNNING.value, table.c.fence == fence)
        if lapsed:
            query = query.where(table.c.lease_until < db_now())
        name = self._connection.execute(query.values(**values).returning(table.c.name)).scalar_one_or_none()
        if name is None:
            raise LeaseLost("P-003", step=step_id)
        return str(name)

    def _blocked(self, step_id: str) -> Update:
        return self._step(step_id).where(tables.step.c.state == StepState.BLOCKED.value)

    def _step(self, step_id: str) -> Update:
        table = tables.step
        return update(table).where(table.c.id == step_id, table.c.run_id == self._run_id, table.c.tenant == self._tenant)

    def _insert(self, table: Any, new: Sequence[Mapping[str, Any]]) -> None:
        if new:
            self._connection.execute(insert(table), list(new))

    def _event(self, now: str, kind: str, subject: str, data: Mapping[str, Any]) -> None:
        queries.append_event(self._connection, self._tenant, self._run_id, now, [(kind, subject, dict(data))])
