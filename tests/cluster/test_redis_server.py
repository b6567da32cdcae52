from __future__ import annotations

import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from kombu import Connection
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError
from redis.retry import Retry

from pipeline.adapters.redis_server import EmbeddedRedis
from pipeline.errors import InfrastructureError

pytestmark = [pytest.mark.cluster]
Until = Callable[..., None]


@pytest.fixture
def server(home: Path) -> EmbeddedRedis:
    return EmbeddedRedis(home / "redis")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_is_private_takes_a_password_and_is_gone_afterwards(server: EmbeddedRedis, home: Path) -> None:
    folder = home / "redis"
    assert (server.pid, server.answers()) == (None, False)
    server.start()
    try:
        pid = server.pid
        assert pid is not None
        assert server.answers()
        assert mode(folder) == mode(folder / "redis.sock") == 0o700
        for name in ("redis.password", "redis.conf", "redis.log"):
            assert mode(folder / name) == 0o600
        password = (folder / "redis.password").read_text()
        assert len(password) == 64
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
        assert password.encode() not in arguments
        client = Redis(unix_socket_path=str(folder / "redis.sock"), password=password)
        found = {name: client.config_get(name)[name] for name in ("port", "maxmemory-policy", "appendonly", "appendfsync")}
        client.close()
        assert found == {"port": "0", "maxmemory-policy": "noeviction", "appendonly": "yes", "appendfsync": "everysec"}
    finally:
        server.stop()
    assert (server.pid, server.answers()) == (None, False)
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("password", [None, "wrong"])
def test_nobody_gets_in_without_the_password(server: EmbeddedRedis, home: Path, password: str | None) -> None:
    server.start()
    try:
        path, once = str(home / "redis" / "redis.sock"), Retry(NoBackoff(), 0)
        with Redis(unix_socket_path=path, password=password, retry=once) as client, pytest.raises(AuthenticationError):
            client.ping()
    finally:
        server.stop()


def test_what_was_sent_survives_a_stop_and_a_kill(server: EmbeddedRedis, home: Path, until: Until) -> None:
    def client() -> Redis:
        password = (home / "redis" / "redis.password").read_text()
        return Redis(unix_socket_path=str(home / "redis" / "redis.sock"), password=password)

    server.start()
    with client() as sender:
        sender.rpush("queue", "one")
    server.stop()
    server.start()
    with client() as sender:
        assert sender.lrange("queue", 0, -1) == [b"one"]
    os.kill(server.pid or 0, signal.SIGKILL)
    until(lambda: server.pid is None)
    server.start()
    with client() as sender:
        assert sender.lrange("queue", 0, -1) == [b"one"]
    server.stop()


def test_a_server_that_a_killed_centre_left_is_ended_first(home: Path, until: Until) -> None:
    left, new = EmbeddedRedis(home / "redis"), EmbeddedRedis(home / "redis")
    left.start()
    new.start()
    until(lambda: left.pid is None)
    assert new.answers()
    left.stop()
    new.stop()


@pytest.mark.parametrize("name", ["a b", "it's", 'say "x"', "back\\slash", "100%41", "q?x#y", "é"])
def test_a_home_may_have_any_name(home: Path, name: str) -> None:
    server = EmbeddedRedis(home / name)
    server.start()
    try:
        with Connection(server.url) as connection:
            assert connection.default_channel.client.ping()
        assert (home / name / "appendonly.aof").exists()
    finally:
        server.stop()


def test_a_path_that_the_kernel_would_not_take_is_said_at_once(home: Path) -> None:
    with pytest.raises(InfrastructureError) as caught:
        EmbeddedRedis(home / ("x" * 100))
    assert caught.value.rule == "P-030"


def test_a_server_that_does_not_start_is_said_with_its_log(server: EmbeddedRedis, home: Path) -> None:
    (home / "redis" / "redis.sock" / "full").mkdir(parents=True)
    with pytest.raises(InfrastructureError) as caught:
        server.start()
    assert (caught.value.rule, caught.value.values["log"]) == ("P-031", str(home / "redis" / "redis.log"))
    assert server.pid is None
