"""Reading one run inside an open transaction; shared by the repository, its transactions and maintenance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from pipeline.adapters.sql_store import rows, tables
from pipeline.domain.evidence import Evidence
from pipeline.domain.finding import Finding
from pipeline.domain.run import Step, StepState
from pipeline.engine.advance import StepNode
from pipeline.errors import NotFoundError


def run_row(connection: Connection, tenant: str, run_id: str) -> RowMapping:
    """The run's row; NotFoundError (U-910) when it is unknown or somebody else's."""
    query = select(tables.run).where(tables.run.c.tenant == tenant, tables.run.c.id == run_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFoundError("U-910", run=run_id)
    return row


def steps(connection: Connection, tenant: str, run_id: str, *, only: str | None = None) -> list[Step]:
    """The run's steps in order with needs, evidence and findings; or the one step whose id is `only`."""
    query = _of(tables.step, tenant, run_id).order_by(tables.step.c.ordinal)
    if only is not None:
        query = query.where(tables.step.c.id == only)
    wanted = waits(connection, tenant, run_id)
    proofs = rows.grouped(rows.by(connection.execute(_of(tables.evidence, tenant, run_id)).mappings(), "role"), "step_id")
    faults = rows.grouped(
        connection.execute(_of(tables.finding, tenant, run_id).order_by(tables.finding.c.position)).mappings(), "step_id"
    )
    return [
        rows.read_step(
            row,
            wanted.get(row["name"], rows.Waits()),
            [rows.read_evidence(proof) for proof in proofs.get(row["id"], ())],
            [Finding.from_json(fault["body"]) for fault in faults.get(row["id"], ())],
        )
        for row in connection.execute(query).mappings()
    ]


def nodes(connection: Connection, tenant: str, run_id: str) -> list[StepNode]:
    """The run's steps as far as scheduling needs them, in order."""
    wanted = waits(connection, tenant, run_id)
    query = _of(tables.step, tenant, run_id).order_by(tables.step.c.ordinal)
    return [rows.read_node(row, wanted.get(row["name"], rows.Waits())) for row in connection.execute(query).mappings()]


def waits(connection: Connection, tenant: str, run_id: str) -> dict[str, rows.Waits]:
    """Step name -> what it waits for, sorted."""
    found = rows.by(connection.execute(_of(tables.step_need, tenant, run_id)).mappings(), "name", "need")
    return {name: rows.read_waits(group) for name, group in rows.grouped(found, "name").items()}


def evidence_before(connection: Connection, tenant: str, run_id: str, name: str) -> dict[str, dict[str, Evidence]]:
    """Evidence of everything a step waits for, directly or through others: step name -> role -> evidence."""
    wanted = {step: (*some.needs, *some.after) for step, some in waits(connection, tenant, run_id).items()}
    before = _closure(name, wanted)
    query = (
        select(tables.step.c.name.label("step"), tables.step.c.ordinal, tables.evidence)
        .join(tables.step, tables.step.c.id == tables.evidence.c.step_id)
        .where(tables.evidence.c.tenant == tenant, tables.evidence.c.run_id == run_id)
        .where(tables.step.c.state == StepState.DONE.value)
    )
    found: dict[str, dict[str, Evidence]] = {}
    for row in rows.by(connection.execute(query).mappings(), "ordinal", "role"):
        if row["step"] in before:
            found.setdefault(row["step"], {})[row["role"]] = rows.read_evidence(row)
    return found


def append_event(
    connection: Connection, tenant: str, run_id: str, now: str, happened: Iterable[tuple[str, str, Any]]
) -> None:
    """Append (type, subject, data) to the run's events. Taking the numbers locks the run's row to the transaction's end."""
    happened = list(happened)
    table = tables.run
    bump = update(table).where(table.c.id == run_id, table.c.tenant == tenant)
    last = connection.execute(
        bump.values(last_event=table.c.last_event + len(happened)).returning(table.c.last_event)
    ).scalar()
    if last is None:
        raise NotFoundError("U-910", run=run_id)
    for number, (kind, subject, data) in enumerate(happened, last - len(happened) + 1):
        values = {"run_id": run_id, "tenant": tenant, "sequence": number, "type": kind, "subject": subject}
        connection.execute(insert(tables.event).values(**values, time=now, data=data))


def _of(table: Any, tenant: str, run_id: str) -> Any:
    return select(table).where(table.c.tenant == tenant, table.c.run_id == run_id)


def _closure(name: str, wanted: Mapping[str, Sequence[str]]) -> set[str]:
    found: set[str] = set()
    open_names = [name]
    while open_names:
        more = set(wanted.get(open_names.pop(), ())) - found
        found |= more
        open_names += more
    return found
