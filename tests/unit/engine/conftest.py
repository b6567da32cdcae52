from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from pipeline.adapters.blob_store import BlobStore
from pipeline.adapters.local_dispatcher import LocalDispatcher
from pipeline.adapters.sql_store import SqlStore, open_store
from pipeline.domain.run import Run
from pipeline.engine.services import Claim, Limits, Services, StepEnvironment, Workshop
from pipeline.engine.submit import submit
from pipeline.ports import Dispatcher, Stage
from pipeline.testing import FakeSandbox, FixedClock, fake_toolchain, scripted_stages
from pipeline.testing.servers import PostgresServer

ENVIRONMENT = StepEnvironment("tester", "0" * 64, 2, {"verilator": "0"})


class MakeServices(Protocol):
    def __call__(
        self, stages: dict[str, Stage] | None = None, dispatcher: Dispatcher | None = None, **limits: float
    ) -> Services: ...


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("database") / "empty.sqlite3"
    store, _ = open_store(f"sqlite:///{path}")
    store.close()
    return path


@pytest.fixture(scope="session")
def empty_database(postgresql: PostgresServer) -> str:
    name = postgresql.new_database()
    store, _ = open_store(postgresql.url(name))
    store.close()
    return name


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.cluster)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database with the tables in it; everything here holds over both kinds."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("empty_file"), tmp_path / "store.sqlite3")
        return f"sqlite:///{tmp_path / 'store.sqlite3'}"
    server: PostgresServer = request.getfixturevalue("postgresql")
    return server.url(server.new_database(request.getfixturevalue("empty_database")))


@pytest.fixture
def make_services(database: str, tmp_path: Path) -> Iterator[MakeServices]:
    """Services over one database: every call is another process's view of it."""
    opened: list[SqlStore] = []
    ids = itertools.count(1)

    def make(stages: dict[str, Stage] | None = None, dispatcher: Dispatcher | None = None, **limits: float) -> Services:
        store, maintenance = open_store(database)
        opened.append(store)
        workshop = Workshop(FakeSandbox(), fake_toolchain(), scripted_stages() if stages is None else stages)
        return Services(
            store=store,
            maintenance=maintenance,
            blobs=lambda tenant: BlobStore(tmp_path / "blobs" / tenant),
            clock=FixedClock(tick_s=1.0),
            dispatcher=dispatcher or LocalDispatcher(),
            workshop=lambda: workshop,
            work=tmp_path / "work",
            cache=tmp_path / "cache",
            worker=f"worker-{len(opened)}",
            new_id=lambda: f"{next(ids):012x}",
            limits=Limits(**({"retry_delay_s": 0.0, "beat_s": 0.01} | limits)),  # type: ignore[arg-type]
        )

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def services(make_services: MakeServices) -> Services:
    return make_services()


@pytest.fixture
def new_run() -> Callable[..., Run]:
    def new(services: Services, tenant: str = "acme") -> Run:
        return submit(services, tenant, b"bytes", name="npu8.tar")

    return new


@pytest.fixture
def claim() -> Callable[..., Claim | None]:
    """Claim a step of a run by its name, as a worker of another process would."""

    def take(services: Services, run: Run, name: str = "intake", lease_s: float = 60.0) -> Claim | None:
        (step,) = [step for step in services.store.steps(run.tenant, run.id) if step.spec.name == name]
        return services.maintenance.claim(run.id, step.id, lease_s, ENVIRONMENT, services.clock.now())

    return take
