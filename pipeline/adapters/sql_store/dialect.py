"""Everything that differs between SQLite and PostgreSQL. Nothing else in the store asks which one it is."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Float, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from pipeline.errors import InfrastructureError, UsageError

BUSY_S = 30
"""How long a SQLite writer waits for another one."""
_LOCK = 0x6173_7361  # advisory lock "assa": one process migrates a PostgreSQL database at a time
_WRITES = "assay_writes"


class db_now(FunctionElement[float]):  # noqa: N801 - reads as an SQL function
    """Seconds since 1970 by the database's clock, at the moment the statement runs."""

    type = Float()
    inherit_cache = True


@compiles(db_now, "sqlite")
def _sqlite_now(_element: db_now, _compiler: Any, **_: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(db_now, "postgresql")
def _postgresql_now(_element: db_now, _compiler: Any, **_: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"


def open_database(url: str) -> Engine:
    """An engine whose transactions are what the store needs: see `reading` and `writing`.

    Raises UsageError U-902 (not a database URL) and InfrastructureError P-010 (driver not installed).
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            raise UsageError("U-902", scheme=parsed.drivername)
        if parsed.get_backend_name() == "sqlite":
            return _open_sqlite(url, parsed.database or "")
        return create_engine(url, pool_pre_ping=True, isolation_level="READ COMMITTED")
    except (ArgumentError, NoSuchModuleError):
        raise UsageError("U-902", scheme=url.split(":", 1)[0][:40]) from None
    except ModuleNotFoundError as error:
        raise InfrastructureError("P-010", driver=error.name or "") from None


def _open_sqlite(url: str, path: str) -> Engine:
    Path(path).absolute().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(url, connect_args={"timeout": BUSY_S, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions behind our back
        for pragma in (f"busy_timeout={BUSY_S * 1000}", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()
        _use_wal(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction that upgrades from read to write fails at once when another one wrote in between.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(_WRITES) else "BEGIN")

    return engine


def _use_wal(connection: Any) -> None:
    """Switch to the write-ahead log. While others do the same on a new file SQLite refuses at once instead of waiting."""
    end = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads."""
    with _reachable(), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes: commits at the end, rolls back on any exception."""
    with _reachable(), engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
        yield connection


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise InfrastructureError("P-011", reason=str(error.orig).strip().splitlines()[0][:200]) from error
    except PoolTimeoutError as error:
        raise InfrastructureError("P-011", reason="every connection is busy") from error


def insert_if_absent(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Insert a row unless one with the same key is there, also when two transactions try at once."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert(table).values(**values).on_conflict_do_nothing())


def lock_schema(connection: Connection) -> None:
    """Keep other processes from migrating at the same time; SQLite's BEGIN IMMEDIATE does so already."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
