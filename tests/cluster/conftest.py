from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.bootstrap import Center, open_center
from pipeline.cluster.supervisor import Kind
from pipeline.engine.services import Workshop
from pipeline.settings import Settings
from pipeline.testing import FakeSandbox, fake_toolchain, scripted_stages
from pipeline.testing.servers import PostgresServer, RedisServer

PROGRAMS = Path(__file__).parents[1] / "data" / "cluster"


@pytest.fixture
def home() -> Iterator[Path]:
    """A home with the scripted application in it. Not below tmp_path: the kernel takes 107 bytes for a socket's path."""
    path = Path(tempfile.mkdtemp(prefix="assay-"))
    for program in PROGRAMS.glob("*.py"):
        shutil.copy(program, path)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def settings(home: Path) -> Settings:
    """Everything as fast as it may be set."""
    return Settings(home=home, lease_s=1.5, step_limit_s=60.0, sweep_s=0.05, republish_s=0.4, retry_delay_s=0.0)


@pytest.fixture(params=["embedded", "servers"])
def any_settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """A SQLite file and the embedded Redis, or PostgreSQL and a Redis server over TCP: the same must hold."""
    return settings if request.param == "embedded" else request.getfixturevalue("on_servers")


@pytest.fixture
def on_servers(settings: Settings, postgresql: PostgresServer, redis_server: RedisServer) -> Settings:
    return replace(settings, database_url=postgresql.url(postgresql.new_database()), redis_url=redis_server.url())


def open_scripted(settings: Settings) -> Center:
    center = open_center(settings, "celery")
    workshop = Workshop(FakeSandbox(), fake_toolchain(), scripted_stages())
    return replace(center, services=replace(center.services, workshop=lambda: workshop))


@pytest.fixture
def scripted() -> Kind:
    return Kind("scripted_app", open_scripted)


@pytest.fixture
def until() -> Callable[..., None]:
    def wait(happened: Callable[[], object], seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < end, "did not happen in time"
            time.sleep(0.02)

    return wait
