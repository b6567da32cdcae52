"""The tables. Every row has its tenant; times are ISO text for people, leases are seconds of the database's clock."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _tenant() -> Column[str]:
    return Column("tenant", String(63), ForeignKey("tenant.id"), nullable=False)


tenant = Table(
    "tenant",
    metadata,
    Column("id", String(63), primary_key=True),
    Column("created_at", String(40), nullable=False),
)

submission = Table(
    "submission",
    metadata,
    Column("id", String(32), primary_key=True),
    _tenant(),
    Column("name", Text, nullable=False),
    Column("archive", String(64), nullable=False),
    Column("manifest", Text, nullable=False),
    Column("received_at", String(40), nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    _tenant(),
    Column("submission_id", String(32), ForeignKey("submission.id"), nullable=False),
    Column("policy", String(40), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("created_at", String(40), nullable=False),
    Column("finished_at", String(40)),
    Column("verdict", String(20)),
    Column("verdict_digest", String(64)),
    Column("bank", String(64)),  # blob with the seeds to replay; none for most runs
    Column("last_event", Integer, nullable=False, default=0),
    Index("ix_run_tenant_number", "tenant", "number"),
    sqlite_autoincrement=True,
)

step = Table(
    "step",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("run_id", String(32), ForeignKey("run.id"), nullable=False),
    _tenant(),
    Column("ordinal", Integer, nullable=False),
    Column("name", String(80), nullable=False),
    Column("stage", String(40), nullable=False),
    Column("index", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("attempt", Integer, nullable=False, default=0),
    Column("fence", Integer, nullable=False, default=0),
    Column("lease_until", Float),  # database seconds; set while RUNNING
    Column("ready_at", Float),  # database seconds before which nobody publishes it
    Column("published_at", Float),  # database seconds of the last publication, none while unpublished
    Column("worker", Text, nullable=False, default=""),
    Column("environment", JSON, nullable=False, default=dict),  # of the last attempt: toolchain, sandbox_level, versions
    Column("inputs", JSON, nullable=False, default=dict),  # step -> role -> digest, recorded at claim
    Column("done", Integer, nullable=False, default=0),
    Column("total", Integer, nullable=False, default=0),
    Column("started_at", String(40)),
    Column("finished_at", String(40)),
    Column("outcome", String(10)),
    Column("reason", Text, nullable=False, default=""),
    Column("metrics", JSON, nullable=False, default=dict),
    Column("testpoints", JSON, nullable=False, default=list),
    UniqueConstraint("run_id", "ordinal"),
    UniqueConstraint("run_id", "name"),
    Index("ix_step_state_published_at", "state", "published_at"),
)

step_need = Table(
    "step_need",
    metadata,
    Column("run_id", String(32), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("need", String(80), primary_key=True),
    _tenant(),
    Column("passed", Boolean, nullable=False),  # false: it is enough that the other step is done
    ForeignKeyConstraint(["run_id", "name"], ["step.run_id", "step.name"]),
    ForeignKeyConstraint(["run_id", "need"], ["step.run_id", "step.name"], name="fk_step_need_need"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("step_id", String(32), ForeignKey("step.id"), primary_key=True),
    Column("role", String(80), primary_key=True),
    _tenant(),
    Column("run_id", String(32), ForeignKey("run.id"), nullable=False, index=True),
    Column("digest", String(64), nullable=False),
    Column("media_type", String(120), nullable=False),
    Column("size", BigInteger, nullable=False),
)

finding = Table(
    "finding",
    metadata,
    Column("step_id", String(32), ForeignKey("step.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    _tenant(),
    Column("run_id", String(32), ForeignKey("run.id"), nullable=False, index=True),
    Column("id", String(16), nullable=False),
    Column("rule", String(40), nullable=False),
    Column("body", JSON, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("run_id", String(32), ForeignKey("run.id"), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    _tenant(),
    Column("type", String(60), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("time", String(40), nullable=False),
    Column("data", JSON, nullable=False),
)
