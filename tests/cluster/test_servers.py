"""Servers of somebody's own, PostgreSQL and Redis, set by URL: outages pass, mistakes are explained, secrets stay inside."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.adapters.broker import check_broker
from pipeline.adapters.process import PLAIN_ENV, run
from pipeline.cluster.supervisor import Kind, running
from pipeline.domain.outcome import Verdict
from pipeline.engine.submit import submit
from pipeline.errors import BrokerUnavailable, UsageError
from pipeline.messages import message
from pipeline.settings import Settings
from pipeline.testing.servers import PASSWORD, PostgresServer, RedisServer

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster")]
Until = Callable[..., None]


def test_both_servers_are_killed_and_the_run_goes_on(
    on_servers: Settings, redis_server: RedisServer, postgresql: PostgresServer, scripted: Kind, until: Until, home: Path
) -> None:
    """Redis forgets everything. A worker may lose its lease meanwhile; then its step is done again."""
    (home / "hold").mkdir()
    (home / "hold" / "build").touch()
    with running(on_servers, kind=scripted) as centre:
        services = centre.center.services
        one, two = (submit(services, "acme", b"bytes", name="n") for _ in range(2))
        until((home / "began" / "build").exists)
        for server in (redis_server, postgresql):
            server.kill()
            server.start()
        (home / "hold" / "build").unlink()
        until(lambda: all(services.store.run("acme", run.id).verdict for run in (one, two)))
        ended = [services.store.run("acme", run.id) for run in (one, two)]
        assert [run.verdict for run in ended] == [Verdict.ACCEPTED] * 2
        assert ended[0].verdict_digest == ended[1].verdict_digest
        for run in ended:
            committed = [event for event in services.store.events("acme", run.id) if event.type == "assay.step.done"]
            assert len(committed) == len({event.subject for event in committed}) == 7
    assert PASSWORD not in "".join(path.read_text(errors="replace") for path in home.glob("*.log"))


def test_a_centre_with_a_broker_that_refuses_does_not_start(
    on_servers: Settings, redis_server: RedisServer, scripted: Kind
) -> None:
    wrong = replace(on_servers, redis_url=redis_server.url("wrong"))
    with pytest.raises(BrokerUnavailable) as caught, running(wrong, kind=scripted):
        raise AssertionError
    assert caught.value.rule == "P-042"
    with running(on_servers, kind=scripted) as centre:
        assert set(centre.pids) == {"worker"}


BROKERS: dict[str, tuple[Callable[[RedisServer], str], str, str]] = {
    "wrong password": (lambda server: server.url("Canary-wrong"), "P-042", "invalid username-password pair"),
    "no password": (lambda server: f"redis://127.0.0.1:{server.port}", "P-042", "authenticated"),
    "no such number": (lambda server: server.url()[:-1] + "99", "P-042", "DB index is out of range"),
    "nobody there": (lambda _server: "redis://:Canary@127.0.0.1:1/0", "P-040", ""),
    "no such host": (lambda _server: "redis://:Canary@absent.invalid/0", "P-040", ""),
    "another service": (lambda _server: "amqp://u:Canary@127.0.0.1", "U-905", "amqp"),
    "odd port": (lambda _server: "redis://:Canary@127.0.0.1:port/0", "U-905", "redis"),
    "odd number": (lambda _server: "redis://:Canary@127.0.0.1/name", "U-905", "redis"),
    "no URL": (lambda _server: "Canary@127.0.0.1", "U-905", ""),
}


@pytest.mark.parametrize("case", BROKERS)
def test_what_is_wrong_with_a_broker_is_said(redis_server: RedisServer, case: str) -> None:
    make, rule, word = BROKERS[case]
    with pytest.raises((BrokerUnavailable, UsageError)) as caught:
        check_broker(make(redis_server))
    assert caught.value.rule == rule
    assert word in " ".join(caught.value.values.values())
    assert "Canary" not in f"{caught.value}{[message(rule, caught.value.values, lang) for lang in ('en', 'ko')]}"


def test_a_broker_that_answers_is_taken(redis_server: RedisServer) -> None:
    check_broker(redis_server.url())


TOLD = [
    ("doctor", "database password", "P-011"),
    ("doctor", "database gone", "P-011"),
    ("doctor", "broker password", "P-042"),
    ("doctor", "broker gone", "P-040"),
    ("doctor", "URLs", "U-905"),
    ("runs", "database password", "P-011"),
    ("runs", "URLs", "U-902"),
    ("up", "broker password", "P-042"),
    ("up", "broker gone", "P-040"),
]


@pytest.mark.parametrize(("command", "trouble", "rule"), TOLD)
def test_no_command_tells_a_secret(
    postgresql: PostgresServer, redis_server: RedisServer, home: Path, command: str, trouble: str, rule: str
) -> None:
    urls = {
        "ASSAY_DATABASE_URL": postgresql.url(
            "postgres", password="Canary-wrong" if trouble == "database password" else PASSWORD
        ),
        "ASSAY_REDIS_URL": redis_server.url("Canary-wrong" if trouble == "broker password" else PASSWORD),
    }
    if trouble == "database gone":
        urls["ASSAY_DATABASE_URL"] = "postgresql://assay:Canary-x@127.0.0.1:1/x"
    if trouble == "broker gone":
        urls["ASSAY_REDIS_URL"] = "redis://:Canary-x@127.0.0.1:1/0"
    if trouble == "URLs":
        urls = {"ASSAY_DATABASE_URL": "postgresql://u:p@Canary@h/x", "ASSAY_REDIS_URL": "redis://:Canary@h:x/0"}
    told = run(
        (str(Path(sys.executable).with_name("assay")), command),
        cwd=home,
        env={**PLAIN_ENV, "HOME": str(home), "ASSAY_HOME": str(home), **urls},
        wall_s=20.0,
    )
    text = told.log.decode(errors="replace")
    assert told.cause == "exited"
    assert told.code in {2, 3}
    assert rule in text
    assert "Traceback" not in text
    left = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    assert b"Canary" not in b"".join([told.log, *left])
