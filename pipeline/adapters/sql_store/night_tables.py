"""Tables of the nightly regression: registered designs, nights, their runs, and the seed bank."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, ForeignKeyConstraint, Integer, String, Table, Text

from pipeline.adapters.sql_store.tables import metadata


def _tenant() -> Column[str]:
    return Column("tenant", String(63), ForeignKey("tenant.id"), primary_key=True)


design = Table(
    "design",
    metadata,
    _tenant(),
    Column("name", String(80), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("archive", String(64), nullable=False),
    Column("manifest", Text, nullable=False),
    Column("policy", String(40), nullable=False),
    Column("registered_at", String(40), nullable=False),
    Column("withdrawn_at", String(40)),
)

night = Table(
    "night",
    metadata,
    _tenant(),
    Column("schedule", String(40), primary_key=True),
    Column("window", String(10), primary_key=True),  # the key that lets only one clock start a night
    Column("epoch", BigInteger, nullable=False),
    Column("started_at", String(40), nullable=False),
    Column("deadline", String(40), nullable=False),
)

night_run = Table(
    "night_run",
    metadata,
    _tenant(),
    Column("schedule", String(40), primary_key=True),
    Column("window", String(10), primary_key=True),
    Column("design", String(80), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("run_id", String(32), ForeignKey("run.id"), nullable=False),
    Column("replayed", Integer, nullable=False),
    Column("verdict", String(20)),
    Column("result", JSON),  # failures, passed, troubles: set together with the verdict, once
    Column("settled_at", String(40)),
    ForeignKeyConstraint(
        ["tenant", "schedule", "window"],
        ["night.tenant", "night.schedule", "night.window"],
        name="fk_night_run_night",
    ),
)

seed_bank = Table(
    "seed_bank",
    metadata,
    _tenant(),
    Column("design", String(80), primary_key=True),
    Column("testpoint", String(80), primary_key=True),
    Column("seed", String(18), primary_key=True),  # 0x and 16 hex digits: 64 bits without a sign fit no integer column
    Column("rule", String(40), nullable=False),
    Column("found", String(10), nullable=False),
    Column("reason", Text, nullable=False),  # why it was retired; empty while it is replayed
)
