"""The store: SQLAlchemy over SQLite (default) or PostgreSQL. The truth about every run; the broker only carries ids."""

from __future__ import annotations

from pipeline.adapters.sql_store.dialect import open_database
from pipeline.adapters.sql_store.maintenance import SqlMaintenance
from pipeline.adapters.sql_store.migrate import migrate
from pipeline.adapters.sql_store.store import SqlStore


def open_store(url: str) -> tuple[SqlStore, SqlMaintenance]:
    """The repository and the engine-wide queries over one database, brought to this version's schema first.

    Raises InfrastructureError: P-010 driver missing, P-011 not reachable, P-012 made by a newer version.
    """
    database = open_database(url)
    try:
        migrate(database)
    except BaseException:
        database.dispose()
        raise
    return SqlStore(database), SqlMaintenance(database)


__all__ = ["SqlMaintenance", "SqlStore", "open_store"]
