from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.testing.servers import INSTALL, PostgresServer, RedisServer, find_server


def program(name: str) -> Path:
    """Of a server; the test is skipped, saying what installs it, when it is not there."""
    found = find_server(name)
    if found is None:
        pytest.skip(f"{name} is not installed. Root installs it with: {INSTALL}")
    return found


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    """One server for all tests of this process: each makes databases of its own."""
    server = PostgresServer(program("postgres"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    server = RedisServer(program("redis-server"))
    server.start()
    yield server
    server.stop()
