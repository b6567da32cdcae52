"""What a step waits for, as the store keeps it: passes, and ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, MetaData, insert, text

from pipeline.adapters import sql_store
from pipeline.adapters.sql_store import SqlMaintenance, SqlStore, open_store, queries
from pipeline.adapters.sql_store.dialect import open_database, reading, writing
from pipeline.adapters.sql_store.store import new_id
from pipeline.domain.evidence import Evidence
from pipeline.domain.outcome import Outcome
from pipeline.domain.run import Run, StageResult, StepSpec, Submission
from pipeline.engine.services import StepEnvironment

PLANNED = (
    StepSpec("judge", 0, ("intake",)),
    StepSpec("isolate", needs=("intake",), after=("judge.0", "intake")),
)
ENVIRONMENT = StepEnvironment("tester", "0" * 64, 2, {})


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.sqlite3'}"


@pytest.fixture
def opened(url: str) -> Iterator[tuple[SqlStore, SqlMaintenance]]:
    store, maintenance = open_store(url)
    yield store, maintenance
    store.close()


def planned(store: SqlStore) -> Run:
    submission = Submission(new_id(), "acme", "n", "0" * 64, "assay.toml", "now")
    run = store.create(submission, Run(new_id(), "acme", submission.id, "core-1", 0, "now"), [StepSpec("intake")])
    with store.transaction("acme", run.id) as open_run:
        open_run.add(PLANNED)
    return run


def test_waits_are_kept_and_a_pass_is_the_stronger_one(opened: tuple[SqlStore, SqlMaintenance]) -> None:
    store, _ = opened
    run = planned(store)
    specs = {step.spec.name: step.spec for step in store.steps("acme", run.id)}
    assert (specs["judge.0"].needs, specs["judge.0"].after) == (("intake",), ())
    assert (specs["isolate"].needs, specs["isolate"].after) == (("intake",), ("judge.0",))
    with store.transaction("acme", run.id) as open_run:
        assert [(node.needs, node.after) for node in open_run.nodes()] == [
            ((), ()),
            (("intake",), ()),
            (("intake",), ("judge.0",)),
        ]


def test_a_step_sees_the_evidence_of_what_it_comes_after(opened: tuple[SqlStore, SqlMaintenance], url: str) -> None:
    store, maintenance = opened
    run = planned(store)
    ids = {step.spec.name: step.id for step in store.steps("acme", run.id)}
    for name, outcome in (("intake", Outcome.PASSED), ("judge.0", Outcome.FAILED)):
        with store.transaction("acme", run.id) as open_run:
            if name != "intake":
                open_run.make_ready([ids[name]], "now")
        claim = maintenance.claim(run.id, ids[name], 60.0, ENVIRONMENT, "now")
        assert claim is not None
        with store.transaction("acme", run.id) as open_run:
            open_run.finish(
                ids[name], claim.step.fence, StageResult(outcome, evidence=(Evidence(name, "1" * 64, "", 1),)), "now"
            )
    database = open_database(url)
    with reading(database) as connection:
        found = queries.evidence_before(connection, "acme", run.id, "isolate")
    database.dispose()
    assert {step: set(roles) for step, roles in found.items()} == {"intake": {"intake"}, "judge.0": {"judge.0"}}


def upgrade(database: Engine, revision: str) -> None:
    with writing(database) as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(sql_store.__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


STEP = {"stage": "", "index": 0, "state": "BLOCKED", "attempt": 0, "fence": 0, "worker": "", "environment": {}, "inputs": {},
        "done": 0, "total": 0, "reason": "", "metrics": {}, "testpoints": []}  # fmt: skip
OLD: dict[str, list[dict[str, object]]] = {
    "tenant": [{"id": "acme", "created_at": "now"}],
    "submission": [{"id": "s", "name": "n", "archive": "0", "manifest": "assay.toml", "received_at": "now"}],
    "run": [{"number": 1, "id": "r", "submission_id": "s", "policy": "p", "epoch": 0, "created_at": "now", "last_event": 0}],
    "step": [STEP | {"id": name, "run_id": "r", "ordinal": at, "name": name} for at, name in enumerate(("intake", "gate"))],
    "step_need": [{"run_id": "r", "name": "gate", "need": "intake"}],
}


def test_waits_of_an_older_database_were_for_passes(url: str) -> None:
    database = open_database(url)
    upgrade(database, "0001")
    metadata = MetaData()
    with writing(database) as connection:
        metadata.reflect(connection)
        for table, rows in OLD.items():
            tenant = {"tenant": "acme"} if table != "tenant" else {}
            connection.execute(insert(metadata.tables[table]), [tenant | row for row in rows])
    upgrade(database, "0002")
    with reading(database) as connection:
        assert connection.execute(text("SELECT name, need, passed FROM step_need")).all() == [("gate", "intake", 1)]
    database.dispose()
