"""Registered designs, nights and their runs, the seed bank; and which bank a run replays."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables, and let a run name its bank; runs until now have none."""
    op.add_column("run", sa.Column("bank", sa.String(length=64), nullable=True))
    _design()
    _night()
    _night_run()
    _seed_bank()


def downgrade() -> None:
    """Drop them."""
    for name in ("seed_bank", "night_run", "night", "design"):
        op.drop_table(name)
    op.drop_column("run", "bank")


def _tenant(table: str) -> tuple[sa.Column[str], sa.ForeignKeyConstraint]:
    return (
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name=op.f(f"fk_{table}_tenant")),
    )


def _design() -> None:
    op.create_table(
        "design",
        *_tenant("design"),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("archive", sa.String(length=64), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("policy", sa.String(length=40), nullable=False),
        sa.Column("registered_at", sa.String(length=40), nullable=False),
        sa.Column("withdrawn_at", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "name", "revision", name=op.f("pk_design")),
    )


def _night() -> None:
    op.create_table(
        "night",
        *_tenant("night"),
        sa.Column("schedule", sa.String(length=40), nullable=False),
        sa.Column("window", sa.String(length=10), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.String(length=40), nullable=False),
        sa.Column("deadline", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "schedule", "window", name=op.f("pk_night")),
    )


def _night_run() -> None:
    night = ["tenant", "schedule", "window"]
    op.create_table(
        "night_run",
        *_tenant("night_run"),
        sa.Column("schedule", sa.String(length=40), nullable=False),
        sa.Column("window", sa.String(length=10), nullable=False),
        sa.Column("design", sa.String(length=80), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("replayed", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("settled_at", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_night_run_run_id")),
        sa.ForeignKeyConstraint(night, [f"night.{column}" for column in night], name="fk_night_run_night"),
        sa.PrimaryKeyConstraint(*night, "design", name=op.f("pk_night_run")),
    )


def _seed_bank() -> None:
    op.create_table(
        "seed_bank",
        *_tenant("seed_bank"),
        sa.Column("design", sa.String(length=80), nullable=False),
        sa.Column("testpoint", sa.String(length=80), nullable=False),
        sa.Column("seed", sa.String(length=18), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("found", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "design", "testpoint", "seed", name=op.f("pk_seed_bank")),
    )
