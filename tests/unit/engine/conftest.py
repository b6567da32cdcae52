from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.adapters.blob_store import BlobStore
from pipeline.adapters.local_dispatcher import LocalDispatcher
from pipeline.adapters.sql_store import SqlStore, open_store
from pipeline.engine.services import Limits, Services, Workshop
from pipeline.ports import Dispatcher, Stage
from pipeline.testing import FakeSandbox, FixedClock, fake_toolchain, scripted_stages

type_of_factory = Callable[..., Services]


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("database") / "empty.sqlite3"
    store, _ = open_store(f"sqlite:///{path}")
    store.close()
    return path


@pytest.fixture
def make_services(empty_database: Path, tmp_path: Path) -> Iterator[type_of_factory]:
    """Services over one database file: every call is another process's view of it."""
    shutil.copy(empty_database, tmp_path / "store.sqlite3")
    opened: list[SqlStore] = []
    ids = itertools.count(1)

    def make(stages: dict[str, Stage] | None = None, dispatcher: Dispatcher | None = None, **limits: float) -> Services:
        store, maintenance = open_store(f"sqlite:///{tmp_path / 'store.sqlite3'}")
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
            limits=Limits(**({"retry_delay_s": 0.0} | limits)),
        )

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def services(make_services: type_of_factory) -> Services:
    return make_services()
