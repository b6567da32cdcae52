"""Run by Alembic: migrate over the connection, and inside the transaction, that `migrate` hands over."""

from alembic import context

from pipeline.adapters.sql_store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
