"""What must hold over both databases when several processes work at once, and how PostgreSQL is spoken to."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import func, select, text, update

from pipeline.adapters.sql_store import SqlMaintenance, SqlStore, open_store, tables
from pipeline.adapters.sql_store.create import new_id
from pipeline.adapters.sql_store.dialect import lock_publishing, open_database, reading, writing
from pipeline.domain.run import Run, StepSpec, StepState, Submission
from pipeline.errors import InfrastructureError, UsageError
from pipeline.messages import message
from pipeline.testing.servers import PASSWORD, PostgresServer

LONG = 10.0


@pytest.fixture
def opened(url: str) -> Iterator[tuple[SqlStore, SqlMaintenance]]:
    store, maintenance = open_store(url)
    yield store, maintenance
    store.close()


def submit(store: SqlStore, count: int) -> list[Run]:
    runs = []
    for _ in range(count):
        submission = Submission(new_id(), "acme", "n", "0" * 64, "assay.toml", "now")
        run = Run(new_id(), "acme", submission.id, "core-1", 0, "now")
        runs.append(store.create(submission, run, [StepSpec("intake")]))
    return runs


def beside(work: Callable[[], object]) -> tuple[threading.Thread, threading.Event]:
    """Run it in a thread of its own; the event is set when it is done."""
    done = threading.Event()

    def body() -> None:
        work()
        done.set()

    thread = threading.Thread(target=body)
    thread.start()
    return thread, done


def test_many_dispatchers_publish_every_step_once(url: str, opened: tuple[SqlStore, SqlMaintenance]) -> None:
    store, maintenance = opened
    submit(store, 24)
    start = threading.Barrier(6)
    published: list[str] = []

    def dispatch() -> None:
        own, mine = open_store(url)
        start.wait()
        for _ in range(4):
            published.extend(step for _run, step in mine.next_steps(3, 60.0))
        own.close()

    threads = [threading.Thread(target=dispatch) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(Counter(published).values()) == 1
    assert len(published) == 3 + 2  # the free slots and two: all of them counted the same slots
    assert maintenance.next_steps(3, 60.0) == []
    assert len({step for _run, step in maintenance.next_steps(3, -1.0)}) == 3 + 2  # overdue ones and others, each once


def test_dispatchers_take_turns(url: str, opened: tuple[SqlStore, SqlMaintenance]) -> None:
    store, maintenance = opened
    submit(store, 4)
    database = open_database(url)
    found: list[tuple[str, str]] = []
    with writing(database) as connection:
        lock_publishing(connection)
        thread, done = beside(lambda: found.extend(maintenance.next_steps(4, 60.0)))
        assert not done.wait(0.3)
    assert done.wait(LONG)
    thread.join()
    assert len(found) == 4
    database.dispose()


def test_commits_of_one_run_take_turns(url: str, opened: tuple[SqlStore, SqlMaintenance]) -> None:
    """The second one sees what the first one wrote: fan-in is decided by the later of two last steps."""
    store, _ = opened
    (run,) = submit(store, 1)
    other, _maintenance = open_store(url)
    seen: list[int] = []

    def second() -> None:
        with other.transaction("acme", run.id) as transaction:
            seen.append(len(transaction.nodes()))

    with store.transaction("acme", run.id) as transaction:
        thread, done = beside(second)
        assert not done.wait(0.3)
        transaction.add([StepSpec("gate", needs=("intake",))])
    assert done.wait(LONG)
    thread.join()
    assert seen == [2]
    other.close()


def test_a_reader_sees_one_moment(url: str, opened: tuple[SqlStore, SqlMaintenance]) -> None:
    store, _ = opened
    (run,) = submit(store, 1)
    database = open_database(url)
    count = select(func.count()).select_from(tables.step)
    with reading(database) as connection:
        assert connection.execute(count).scalar_one() == 1
        with store.transaction("acme", run.id) as transaction:
            transaction.add([StepSpec("gate", needs=("intake",))])
        assert connection.execute(count).scalar_one() == 1
    with reading(database) as connection:
        assert connection.execute(count).scalar_one() == 2
    database.dispose()


@pytest.fixture
def server_url(postgresql: PostgresServer) -> str:
    return postgresql.url(postgresql.new_database())


@pytest.mark.cluster
def test_a_step_that_is_being_claimed_holds_nobody_up(server_url: str) -> None:
    store, maintenance = open_store(server_url)
    runs = submit(store, 3)
    database = open_database(server_url)
    held = update(tables.step).where(tables.step.c.run_id == runs[0].id).values(state=StepState.RUNNING.value)
    with writing(database) as connection:
        connection.execute(held)
        begun = time.monotonic()
        published = maintenance.next_steps(4, 60.0)
        assert time.monotonic() - begun < LONG
    assert [run for run, _step in published] == [runs[1].id, runs[2].id]
    database.dispose()
    store.close()


@pytest.mark.cluster
def test_no_transaction_waits_or_lies_idle_for_ever(server_url: str) -> None:
    database = open_database(server_url)
    names = ("lock_timeout", "idle_in_transaction_session_timeout", "transaction_isolation", "transaction_read_only")

    def shown(connection: object) -> list[object]:
        return [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]  # type: ignore[attr-defined]

    with reading(database) as connection:
        assert shown(connection) == ["30s", "1min", "repeatable read", "on"]
    with writing(database) as connection:
        assert shown(connection) == ["30s", "1min", "read committed", "off"]
    with reading(database) as connection:
        assert shown(connection)[2:] == ["repeatable read", "on"]
    database.dispose()


TROUBLES: dict[str, tuple[Callable[[PostgresServer], str], str]] = {
    "wrong password": (lambda server: server.url("postgres", password="Canary-wrong"), "password authentication failed"),
    "no server": (lambda _server: f"postgresql://assay:{PASSWORD[:7]}@127.0.0.1:1/x", "Connection refused"),
    "no socket": (lambda _server: "postgresql://assay:Canary-x@/x?host=/nonexistent", "No such file or directory"),
    "secret elsewhere": (lambda _server: "postgresql://assay@/x?password=Canary&host=/absent/Canary", "/absent/***/"),
    "no database": (lambda server: server.url("absent"), 'database "absent" does not exist'),
    "odd option": (lambda server: server.url("postgres") + "&password2=Canary-y", "invalid connection option"),
}


@pytest.mark.cluster
@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_server_that_does_not_let_us_in_is_ours_and_says_why(postgresql: PostgresServer, trouble: str) -> None:
    make, reason = TROUBLES[trouble]
    with pytest.raises(InfrastructureError) as caught:
        open_store(make(postgresql))
    assert caught.value.rule == "P-011"
    assert reason in caught.value.values["reason"]
    told = [message("P-011", caught.value.values, lang) for lang in ("en", "ko")]
    assert "Canary" not in f"{caught.value}{told}"


@pytest.mark.cluster
def test_a_user_who_may_not_create_tables_is_told_so(postgresql: PostgresServer) -> None:
    name = postgresql.new_database()
    database = open_database(postgresql.url(name))
    with writing(database) as connection:
        connection.execute(text("CREATE ROLE weak LOGIN PASSWORD 'Canary-weak'"))
    database.dispose()
    url = postgresql.url(name, password="Canary-weak").replace("//assay:", "//weak:")
    with pytest.raises(InfrastructureError) as caught:
        open_store(url)
    assert (caught.value.rule, caught.value.values["reason"]) == ("P-011", "permission denied for schema public")


def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(InfrastructureError) as caught:
        open_store("postgresql://assay:Canary@127.0.0.1/x")
    assert (caught.value.rule, dict(caught.value.values)) == ("P-010", {"driver": "psycopg"})


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u:Canary@h/x",
        "postgresql://u:Canary@h:port/x",
        "postgresql+asyncpg://u:Canary@h/x",
        "u:Canary@h/x",
        "postgresql://u:pass@Canary@h/x",
        "postgresql://u:Canary/x",
    ],
)
def test_a_url_that_cannot_be_used_keeps_its_secret(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_store(url)
    assert caught.value.rule == "U-902"
    assert "Canary" not in str(caught.value)
    assert caught.value.values["scheme"] == (url.partition("://")[0] if "://" in url else "")
