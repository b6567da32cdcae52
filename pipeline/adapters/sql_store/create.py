"""A new run inside an open transaction: its rows, its first steps and their events."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, insert

from pipeline.adapters.sql_store import queries, rows, tables
from pipeline.adapters.sql_store.dialect import db_now, insert_if_absent
from pipeline.domain.run import Run, StepSpec, StepState, Submission


def new_id() -> str:
    """12 random hex digits."""
    return secrets.token_hex(6)


def insert_run(connection: Connection, submission: Submission, run: Run, first: Sequence[StepSpec]) -> Run:
    """Rows, events and outbox; the run comes back with its number."""
    tenant, now = submission.tenant, run.created_at
    key = {"tenant": tenant, "run_id": run.id}
    insert_if_absent(connection, tables.tenant, {"id": tenant, "created_at": now})
    connection.execute(insert(tables.submission).values(**asdict(submission)))
    row = {"id": run.id, "tenant": tenant, "submission_id": submission.id, "policy": run.policy, "epoch": run.epoch}
    connection.execute(insert(tables.run).values(**row, created_at=now, bank=run.bank or None))
    ready = {"state": StepState.READY.value, "ready_at": db_now()}
    for new in rows.step_rows(key, 0, first, [new_id() for _ in first]):
        connection.execute(insert(tables.step).values(**(new | ready)))
    happened = [("assay.run.submitted", "", {"policy": run.policy})]
    queries.append_event(connection, tenant, run.id, now, happened + [("assay.step.ready", s.name, {}) for s in first])
    return rows.read_run(queries.run_row(connection, tenant, run.id))
