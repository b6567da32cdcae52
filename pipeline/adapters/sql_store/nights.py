"""Nights in the database: the key of a night is what lets only one of several clocks start it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, insert, select, update

from pipeline.adapters.sql_store import rows, tables
from pipeline.adapters.sql_store.create import insert_run
from pipeline.adapters.sql_store.dialect import insert_if_absent, reading, writing
from pipeline.adapters.sql_store.night_tables import design as designs
from pipeline.adapters.sql_store.night_tables import night as nights
from pipeline.adapters.sql_store.night_tables import night_run, seed_bank
from pipeline.domain.night import Design, Night, NightResult, NightRun
from pipeline.domain.run import StepSpec
from pipeline.domain.seed_bank import BankedSeed, additions
from pipeline.engine.nights import NightPlan


class SqlNights:
    """See `engine.nights.Nights`."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def tenants(self) -> list[str]:
        """Engine-wide: who has registered designs."""
        with reading(self._database) as connection:
            return sorted(connection.execute(select(designs.c.tenant).distinct()).scalars())

    def register(self, design: Design) -> Design:
        """Keep it as the next revision of its name."""
        with writing(self._database) as connection:
            insert_if_absent(connection, tables.tenant, {"id": design.tenant, "created_at": design.registered_at})
            _lock_tenant(connection, design.tenant)
            last = connection.execute(_last_revision(design.tenant, design.name)).scalar_one_or_none()
            kept = replace(design, revision=int(last or 0) + 1, withdrawn_at=None)
            connection.execute(insert(designs).values(**asdict(kept)))
        return kept

    def withdraw(self, tenant: str, name: str, now: str) -> bool:
        """Test it no more; False when there is no such design, or it was withdrawn already."""
        with writing(self._database) as connection:
            latest = _last_revision(tenant, name).scalar_subquery()
            query = update(designs).where(designs.c.tenant == tenant, designs.c.name == name, designs.c.revision == latest)
            changed = query.where(designs.c.withdrawn_at.is_(None)).values(withdrawn_at=now).returning(designs.c.name)
            return connection.execute(changed).scalar_one_or_none() is not None

    def designs(self, tenant: str) -> list[Design]:
        """The latest revision of every design by name, also of withdrawn ones."""
        with reading(self._database) as connection:
            found = connection.execute(select(designs).where(designs.c.tenant == tenant)).mappings()
            latest = {row["name"]: Design(**row) for row in rows.by(found, "name", "revision")}
        return list(latest.values())

    def registered_at(self, tenant: str) -> dict[str, str]:
        """Design name -> when its first revision was registered."""
        query = select(designs.c.name, designs.c.registered_at).where(designs.c.tenant == tenant, designs.c.revision == 1)
        with reading(self._database) as connection:
            return {row.name: row.registered_at for row in connection.execute(query)}

    def start(self, night: Night, plans: Sequence[NightPlan], first: Sequence[StepSpec]) -> bool:
        """The night and all of its runs in one transaction; False, and nothing written, when the night is there already."""
        with writing(self._database) as connection:
            if not insert_if_absent(connection, nights, asdict(night)):
                return False
            for plan in plans:
                insert_run(connection, plan.submission, plan.run, first)
                key = {"tenant": night.tenant, "schedule": night.schedule, "window": night.window}
                about = {"design": plan.design.name, "revision": plan.design.revision, "run_id": plan.run.id}
                connection.execute(insert(night_run).values(**key, **about, replayed=plan.replayed))
        return True

    def night(self, tenant: str, schedule: str, window: str) -> Night | None:
        """One night, if it was started."""
        query = _nights(tenant, schedule).where(nights.c.window == window)
        with reading(self._database) as connection:
            row = connection.execute(query).mappings().one_or_none()
        return Night(**row) if row else None

    def latest(self, tenant: str, schedule: str) -> str:
        """The last window that was started; empty when none was."""
        with reading(self._database) as connection:
            return max((row["window"] for row in connection.execute(_nights(tenant, schedule)).mappings()), default="")

    def runs(self, tenant: str, schedule: str) -> list[NightRun]:
        """All runs of all nights, oldest night first, designs by name."""
        with reading(self._database) as connection:
            return _read_runs(connection, _runs(tenant, schedule))

    def unsettled(self, tenant: str, schedule: str) -> list[NightRun]:
        """Runs without a result, in the same order."""
        with reading(self._database) as connection:
            return _read_runs(connection, _runs(tenant, schedule).where(night_run.c.verdict.is_(None)))

    def settle(
        self, tenant: str, schedule: str, run: NightRun, result: NightResult, failed: Sequence[BankedSeed], now: str
    ) -> bool:
        """Write a run's result and bank its failed seeds, once; False when somebody was faster."""
        kept = asdict(result)
        values = {"verdict": kept.pop("verdict").value, "result": kept, "settled_at": now}
        table = night_run
        query = update(table).where(table.c.tenant == tenant, table.c.schedule == schedule, table.c.window == run.window)
        once = query.where(table.c.design == run.design, table.c.verdict.is_(None)).values(**values)
        with writing(self._database) as connection:
            if connection.execute(once.returning(table.c.design)).scalar_one_or_none() is None:
                return False
            for seed in additions(_bank(connection, tenant, run.design), failed):
                insert_if_absent(connection, seed_bank, _seed_row(tenant, run.design, seed))
        return True

    def bank(self, tenant: str, design: str) -> list[BankedSeed]:
        """The design's bank, retired seeds too, sorted."""
        with reading(self._database) as connection:
            return _bank(connection, tenant, design)

    def take_in(self, tenant: str, design: str, seeds: Sequence[BankedSeed]) -> int:
        """Add seeds the bank does not know, and retire those that come with a reason; how many rows changed."""
        changed = 0
        with writing(self._database) as connection:
            for seed in seeds:
                row = _seed_row(tenant, design, seed)
                added = insert_if_absent(connection, seed_bank, row)
                changed += added or (bool(seed.reason) and _retire(connection, row))
        return changed


def _lock_tenant(connection: Connection, tenant: str) -> None:
    """Two registrations of one name take turns, so that their revisions differ."""
    connection.execute(update(tables.tenant).where(tables.tenant.c.id == tenant).values(id=tenant))


def _last_revision(tenant: str, name: str) -> Select[Any]:
    return select(func.max(designs.c.revision)).where(designs.c.tenant == tenant, designs.c.name == name)


def _nights(tenant: str, schedule: str) -> Select[Any]:
    return select(nights).where(nights.c.tenant == tenant, nights.c.schedule == schedule)


def _runs(tenant: str, schedule: str) -> Select[Any]:
    joined = night_run.join(tables.run, tables.run.c.id == night_run.c.run_id)
    query = select(night_run, tables.run.c.number).select_from(joined)
    return query.where(night_run.c.tenant == tenant, night_run.c.schedule == schedule)


def _read_runs(connection: Connection, query: Select[Any]) -> list[NightRun]:
    return [_read_run(row) for row in rows.by(connection.execute(query).mappings(), "window", "design")]


def _read_run(row: rows.Row) -> NightRun:
    result = NightResult.from_json(row["verdict"], row["result"]) if row["verdict"] else None
    where = (row["window"], row["design"], row["revision"], row["run_id"], row["number"], row["replayed"])
    return NightRun(*where, result, row["settled_at"])


def _bank(connection: Connection, tenant: str, design: str) -> list[BankedSeed]:
    query = select(seed_bank).where(seed_bank.c.tenant == tenant, seed_bank.c.design == design)
    return [
        BankedSeed(row["testpoint"], int(row["seed"], 16), row["found"], row["rule"], row["reason"])
        for row in rows.by(connection.execute(query).mappings(), "testpoint", "seed")
    ]


def _seed_row(tenant: str, design: str, item: BankedSeed) -> dict[str, Any]:
    return {"tenant": tenant, "design": design} | asdict(item) | {"seed": f"0x{item.seed:016x}"}


def _retire(connection: Connection, row: dict[str, Any]) -> bool:
    table = seed_bank
    query = update(table).where(table.c.tenant == row["tenant"], table.c.design == row["design"])
    query = query.where(table.c.testpoint == row["testpoint"], table.c.seed == row["seed"], table.c.reason == "")
    return connection.execute(query.values(reason=row["reason"]).returning(table.c.seed)).scalar_one_or_none() is not None
