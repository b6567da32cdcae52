"""Alembic environment and versions. `alembic` finds them through `migrate`, never through a configuration file."""
