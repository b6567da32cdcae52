"""Brings a database to this version's schema, with the migrations that ship inside the package."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from pipeline.adapters.sql_store.dialect import lock_schema, reading, writing
from pipeline.errors import InfrastructureError

HEAD = "0003"


def migrate(database: Engine) -> None:
    """Apply what is missing; nothing when the schema is current. P-012 when a newer version made the database."""
    with reading(database) as connection:
        if _revision(connection) == HEAD:
            return
    with writing(database) as connection:
        lock_schema(connection)
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        revision = _revision(connection)
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if revision is not None and revision not in known:
            raise InfrastructureError("P-012", found=revision, known=HEAD)
        command.upgrade(config, HEAD)


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
