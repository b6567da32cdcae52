"""Everything that differs between SQLite and PostgreSQL. Nothing else in the store asks which one it is."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Float, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from pipeline.errors import InfrastructureError, UsageError

BUSY_S = 30
"""How long a writer waits for another one."""
IDLE_S = 60
"""How long a PostgreSQL transaction may lie idle: one of a frozen host would keep its run locked for hours."""
_CONNECT_S = 5
_WRITES = "assay_writes"
# Advisory locks of PostgreSQL, "assa" and the next ones.
_MIGRATING = 0x6173_7361
_PUBLISHING = 0x6173_7362


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
        if parsed.drivername == "sqlite":
            return _open_sqlite(url, parsed.database or "")
        if parsed.drivername in {"postgresql", "postgresql+psycopg"} and "@" not in (parsed.host or ""):  # of a password
            return _open_postgresql(parsed.set(drivername="postgresql+psycopg"))
        raise UsageError("U-902", scheme=parsed.drivername[:40])
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        # What stands before "://", and nothing else: the rest may hold a password.
        raise UsageError("U-902", scheme=url.partition("://")[0][:40] if "://" in url else "") from None
    except ModuleNotFoundError as error:
        raise InfrastructureError("P-010", driver=error.name or "") from None


def _open_postgresql(url: URL) -> Engine:
    patience = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_S}
    engine = create_engine(url, pool_pre_ping=True, isolation_level="READ COMMITTED", connect_args=patience)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        limits = {"lock_timeout": BUSY_S, "idle_in_transaction_session_timeout": IDLE_S}
        with connection.cursor() as cursor:
            for name, seconds in limits.items():
                cursor.execute(f"SET {name} = {seconds * 1000}")
        connection.commit()

    return engine


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
    """A transaction that only reads. All of its queries see the database as it was at the first one."""
    kept = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    options: dict[str, Any] = kept if engine.dialect.name == "postgresql" else {}
    with _reachable(engine), engine.connect() as connection:
        yield connection.execution_options(**options)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes: commits at the end, rolls back on any exception."""
    with _reachable(engine), engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
        yield connection


@contextmanager
def _reachable(engine: Engine) -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise  # not the database's trouble but ours: a mistake in this program
    except DBAPIError as error:
        raise InfrastructureError("P-011", reason=_reason(error, engine.url)) from error
    except PoolTimeoutError as error:
        raise InfrastructureError("P-011", reason="every connection is busy") from error


def _reason(error: DBAPIError, url: URL) -> str:
    """The driver's first line, without the URL's secrets: a driver may quote what it does not understand."""
    text = next(iter(str(error.orig).strip().splitlines()), type(error.orig).__name__)
    secrets = [url.password, *(value for name, value in url.query.items() if "password" in name)]
    for secret in secrets:
        text = text.replace(str(secret), "***") if secret else text
    return text[:200]


def insert_if_absent(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless one with the same key is there, also when two transactions try at once; whether it did."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    unless_there = insert(table).values(**values).on_conflict_do_nothing()
    return connection.execute(unless_there.returning(*table.primary_key.columns)).first() is not None


def lock_schema(connection: Connection) -> None:
    """One process migrates at a time."""
    _take_turns(connection, _MIGRATING)


def lock_publishing(connection: Connection) -> None:
    """One process chooses what to publish at a time: two that counted the same free slots would fill them twice."""
    _take_turns(connection, _PUBLISHING)


def _take_turns(connection: Connection, lock: int) -> None:
    """Until the transaction's end; SQLite's BEGIN IMMEDIATE lets one writer in at a time already."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({lock})")
