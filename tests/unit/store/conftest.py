from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.testing.servers import PostgresServer


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.cluster)])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes URLs of databases without tables; everything that asks for one holds over both kinds."""
    if request.param == "sqlite":
        numbers = itertools.count()
        return lambda: f"sqlite:///{tmp_path / f'{next(numbers)}.sqlite3'}"
    server: PostgresServer = request.getfixturevalue("postgresql")
    return lambda: server.url(server.new_database())


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    return new_url()
