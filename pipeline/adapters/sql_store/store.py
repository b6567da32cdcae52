"""The repository: every query takes the tenant. What belongs to somebody else does not exist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Engine, RowMapping, select, update

from pipeline.adapters.sql_store import queries, rows, tables
from pipeline.adapters.sql_store.create import insert_run, new_id
from pipeline.adapters.sql_store.dialect import db_now, reading, writing
from pipeline.adapters.sql_store.nights import SqlNights
from pipeline.adapters.sql_store.transaction import SqlRunTransaction
from pipeline.domain.finding import Finding
from pipeline.domain.run import Run, Step, StepSpec, StepState, Submission
from pipeline.engine.views import Event, RunEnvironment, StepProgress
from pipeline.errors import NotFoundError

SHORTEST_REFERENCE = 4


class SqlStore:
    """See `engine.services.Store`. `nights`: registered designs, nights and seed banks of the same database."""

    def __init__(self, database: Engine) -> None:
        self._database = database
        self.nights = SqlNights(database)

    def close(self) -> None:
        """Close the idle connections."""
        self._database.dispose()

    def submission(self, tenant: str, submission_id: str) -> Submission:
        """One submission; NotFoundError (U-911)."""
        table = tables.submission
        query = select(table).where(table.c.tenant == tenant, table.c.id == submission_id)
        with reading(self._database) as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise NotFoundError("U-911", submission=submission_id)
        return rows.read_submission(row)

    def run(self, tenant: str, run_id: str) -> Run:
        """One run by its whole id; NotFoundError (U-910)."""
        with reading(self._database) as connection:
            return rows.read_run(queries.run_row(connection, tenant, run_id))

    def find_run(self, tenant: str, reference: str) -> Run:
        """By number, id, or unambiguous beginning of an id; NotFoundError (U-910)."""
        with reading(self._database) as connection:
            table = tables.run
            query = select(table).where(table.c.tenant == tenant)
            found: Sequence[RowMapping] = ()
            if reference.isascii() and reference.isdecimal() and len(reference) < 10:  # noqa: PLR2004 - fits an Integer column
                found = connection.execute(query.where(table.c.number == int(reference))).mappings().all()
            if not found and len(reference) >= SHORTEST_REFERENCE:
                named = query.where(table.c.id.startswith(reference, autoescape=True)).limit(2)
                found = connection.execute(named).mappings().all()
        if len(found) != 1:
            raise NotFoundError("U-910", run=reference[:40])
        return rows.read_run(found[0])

    def runs(self, tenant: str, limit: int) -> list[Run]:
        """The latest runs, newest first."""
        query = select(tables.run).where(tables.run.c.tenant == tenant).order_by(tables.run.c.number.desc()).limit(limit)
        with reading(self._database) as connection:
            return [rows.read_run(row) for row in connection.execute(query).mappings()]

    def steps(self, tenant: str, run_id: str) -> list[Step]:
        """A run's steps in order, with their results."""
        with reading(self._database) as connection:
            queries.run_row(connection, tenant, run_id)
            return queries.steps(connection, tenant, run_id)

    def progress(self, tenant: str, run_id: str) -> dict[str, StepProgress]:
        """Step name -> how far it is."""
        table = tables.step
        query = select(table).where(table.c.tenant == tenant, table.c.run_id == run_id).order_by(table.c.ordinal)
        with reading(self._database) as connection:
            queries.run_row(connection, tenant, run_id)
            return {
                row["name"]: StepProgress(row["done"], row["total"], row["worker"], row["reason"])
                for row in connection.execute(query).mappings()
            }

    def findings(self, tenant: str, run_id: str) -> list[Finding]:
        """All findings in the order of steps and stages."""
        return [finding for step in self.steps(tenant, run_id) if step.result for finding in step.result.findings]

    def environment(self, tenant: str, run_id: str) -> RunEnvironment:
        """Where the run's steps ran."""
        table = tables.step
        query = (
            select(table.c.environment).where(table.c.tenant == tenant, table.c.run_id == run_id).order_by(table.c.ordinal)
        )
        with reading(self._database) as connection:
            queries.run_row(connection, tenant, run_id)
            found = [row for (row,) in connection.execute(query) if row]
        versions = {name: version for one in found for name, version in one["versions"].items()}
        toolchains = tuple(sorted({one["toolchain"] for one in found}))
        return RunEnvironment(toolchains, versions, min((one["sandbox_level"] for one in found), default=0, key=_strength))

    def events(self, tenant: str, run_id: str, after: int = 0) -> list[Event]:
        """What happened since event number `after`, in order."""
        table = tables.event
        query = select(table).where(table.c.tenant == tenant, table.c.run_id == run_id, table.c.sequence > after)
        with reading(self._database) as connection:
            queries.run_row(connection, tenant, run_id)
            return [
                Event(row["run_id"], row["sequence"], row["type"], row["subject"], row["time"], row["data"])
                for row in connection.execute(query.order_by(table.c.sequence)).mappings()
            ]

    def create(self, submission: Submission, run: Run, first: Sequence[StepSpec]) -> Run:
        """Rows, events and outbox in one transaction; the run comes back with its number."""
        with writing(self._database) as connection:
            return insert_run(connection, submission, run, first)

    def heartbeat(self, tenant: str, step_id: str, fence: int, lease_s: float, progress: tuple[int, int] | None) -> bool:
        """Lengthen the lease and note (done, total); False when the step belongs to somebody else by now."""
        table = tables.step
        query = update(table).where(table.c.id == step_id, table.c.tenant == tenant, table.c.fence == fence)
        values = {"done": progress[0], "total": progress[1]} if progress else {}
        with writing(self._database) as connection:
            kept = query.where(table.c.state == StepState.RUNNING.value).values(lease_until=db_now() + lease_s, **values)
            return connection.execute(kept.returning(table.c.id)).scalar_one_or_none() is not None

    @contextmanager
    def transaction(self, tenant: str, run_id: str) -> Iterator[SqlRunTransaction]:
        """One writing transaction on one run; an exception rolls all of it back."""
        with writing(self._database) as connection:
            yield SqlRunTransaction(connection, tenant, run_id, new_id)


def _strength(level: int) -> int:
    """Ladder levels count down: 1 is the strongest, 3 the weakest, and 0 means no sandbox at all."""
    return -level if level else -1000
