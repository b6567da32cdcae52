from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select, text

from pipeline.adapters.sql_store import open_store, tables
from pipeline.adapters.sql_store.create import new_id
from pipeline.adapters.sql_store.dialect import db_now, open_database, reading, writing
from pipeline.adapters.sql_store.migrate import HEAD, migrate
from pipeline.domain.run import Run, StepSpec, Submission
from pipeline.errors import InfrastructureError, UsageError


def together(count: int, work: Callable[[int], None]) -> list[BaseException]:
    """Run `work` in that many threads at once; what went wrong."""
    start, errors = threading.Barrier(count), []

    def body(index: int) -> None:
        start.wait()
        try:
            work(index)
        except BaseException as error:  # noqa: BLE001 - handed to the test
            errors.append(error)

    threads = [threading.Thread(target=body, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'new' / 'store.sqlite3'}"


def a_run(tenant: str = "acme") -> tuple[Submission, Run]:
    submission = Submission(new_id(), tenant, "n", "0" * 64, "assay.toml", "now")
    return submission, Run(new_id(), tenant, submission.id, "core-1", 0, "now")


def test_sqlite_is_opened_for_durable_writers(sqlite_url: str, tmp_path: Path) -> None:
    database = open_database(sqlite_url)
    with reading(database) as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")}
        found |= {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("foreign_keys", "busy_timeout")}
    database.dispose()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_a_writer_locks_at_its_beginning_and_a_reader_does_not(sqlite_url: str) -> None:
    store, _ = open_store(sqlite_url)
    database = open_database(sqlite_url)
    path = sqlite_url.removeprefix("sqlite:///")
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    with reading(database) as connection:
        connection.execute(select(tables.run)).all()
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    with writing(database) as connection:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        assert other.execute("SELECT count(*) FROM run").fetchone() == (0,)
    other.close()
    database.dispose()
    store.close()


def test_concurrent_writers_lose_nothing(url: str) -> None:
    """Processes are stood in for by engines of their own; each reads, thinks, and writes what it read plus one."""
    store, _ = open_store(url)
    submission, run = a_run()
    store.create(submission, run, [StepSpec("intake")])
    rounds, writers = 25, 8

    def count_up(_index: int) -> None:
        database = open_database(url)
        for _ in range(rounds):
            with writing(database) as connection:
                last = connection.execute(select(tables.run.c.epoch).with_for_update()).scalar_one()
                connection.execute(tables.run.update().values(epoch=last + 1))
        database.dispose()

    assert together(writers, count_up) == []
    assert store.run("acme", run.id).epoch == rounds * writers
    store.close()


def test_concurrent_submissions_get_numbers_of_their_own(url: str) -> None:
    store, maintenance = open_store(url)
    runs = [a_run(f"tenant-{index % 3}") for index in range(24)]

    def submit(index: int) -> None:
        for submission, run in runs[index::6]:
            store.create(submission, run, [StepSpec("intake")])

    assert together(6, submit) == []
    numbers = sorted(store.run(run.tenant, run.id).number for _, run in runs)
    assert numbers == list(range(1, 25))
    assert len(maintenance.next_steps(100, 60.0)) == 24
    store.close()


def test_an_exception_rolls_everything_back(url: str) -> None:
    store, _ = open_store(url)
    submission, run = a_run()
    store.create(submission, run, [StepSpec("intake")])

    def half_done() -> None:
        with store.transaction("acme", run.id) as open_run:
            open_run.add([StepSpec("gate", needs=("intake",))])
            open_run.conclude("ACCEPTED", "0" * 64, "now")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_done()
    assert store.run("acme", run.id).verdict is None
    assert len(store.steps("acme", run.id)) == 1
    assert len(store.events("acme", run.id)) == 2
    store.close()


def test_the_databases_clock_is_in_seconds_since_1970(url: str) -> None:
    database = open_database(url)
    with reading(database) as connection:
        before = time.time()
        now = connection.execute(select(db_now())).scalar_one()
        later = connection.execute(select(db_now())).scalar_one()
        assert abs(now - before) < 1.0
        assert isinstance(now, float)
        assert later >= now
    database.dispose()


def test_migrations_make_exactly_the_tables(url: str) -> None:
    database = open_database(url)
    migrate(database)
    with reading(database) as connection:
        options = {"compare_type": True, "compare_server_default": True}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), tables.metadata)
        assert differences == []
        assert set(inspect(connection).get_table_names()) == set(tables.metadata.tables) | {"alembic_version"}
    database.dispose()


def test_the_comparison_of_tables_can_fail(url: str) -> None:
    database = open_database(url)
    migrate(database)
    with writing(database) as connection:
        connection.execute(text("ALTER TABLE run ADD COLUMN odd INTEGER"))
    with reading(database) as connection:
        ((what, _, table, column),) = compare_metadata(MigrationContext.configure(connection), tables.metadata)
    assert (what, table, column.name) == ("remove_column", "run", "odd")
    database.dispose()


def test_migrating_again_changes_nothing(url: str) -> None:
    store, _ = open_store(url)
    submission, run = a_run()
    store.create(submission, run, [StepSpec("intake")])
    store.close()
    again, _ = open_store(url)
    assert again.run("acme", run.id).id == run.id
    again.close()


def test_processes_that_open_a_new_database_at_once_all_succeed(new_url: Callable[[], str]) -> None:
    for _attempt in range(3):
        url = new_url()

        def open_one(_index: int, url: str = url) -> None:
            store, _ = open_store(url)
            assert store.runs("acme", 1) == []
            store.close()

        assert together(6, open_one) == []


def test_a_database_of_a_newer_version_is_refused(url: str) -> None:
    store, _ = open_store(url)
    store.close()
    database = open_database(url)
    with writing(database) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.dispose()
    with pytest.raises(InfrastructureError) as caught:
        open_store(url)
    assert (caught.value.rule, dict(caught.value.values)) == ("P-012", {"found": "9999", "known": HEAD})


@pytest.mark.parametrize("url", ["mysql://host/x", "nonsense", "oracle+odd://x", ""])
def test_what_is_no_database_of_ours_is_usage(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_store(url)
    assert caught.value.rule == "U-902"


def test_a_database_that_cannot_be_opened_is_our_trouble(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(InfrastructureError) as caught:
        open_store(f"sqlite:///{tmp_path / 'folder'}")
    assert caught.value.rule == "P-011"


def test_opening_waits_for_one_who_writes_before_the_log_is_switched(sqlite_url: str, tmp_path: Path) -> None:
    """SQLite answers `locked` at once here, whatever the busy timeout: seen when six processes opened a new home."""
    (tmp_path / "new").mkdir()
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    other.execute("CREATE TABLE held (x)")
    later = threading.Timer(0.1, other.execute, ("COMMIT",))
    later.start()
    store, _ = open_store(sqlite_url)
    assert store.runs("acme", 1) == []
    later.join()
    other.close()
    store.close()
