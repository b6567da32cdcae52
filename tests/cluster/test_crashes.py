"""Fifty workers are killed where it hurts most; nothing is lost, nothing is committed twice, every verdict is the same."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.adapters.process import PLAIN_ENV, spawn
from pipeline.bootstrap import embedded_redis
from pipeline.cluster.supervisor import Kind
from pipeline.domain.outcome import Verdict
from pipeline.engine.services import Services
from pipeline.engine.submit import submit
from pipeline.engine.sweep import sweep
from pipeline.settings import Settings

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.xdist_group("cluster")]
RUNS, WORKERS, CLAIMED, PUBLISHING = 6, 3, 28, 22
STEPS = ["intake", "build", "simulate.0", "simulate.1", "judge.0", "judge.1", "coverage"]


@pytest.fixture
def crowded(any_settings: Settings, home: Path) -> Settings:
    for kind, count in (("kill-claimed", CLAIMED), ("kill-publishing", PUBLISHING)):
        (home / kind).mkdir()
        for number in range(count):
            (home / kind / str(number)).touch()
    return replace(any_settings, slots=2 * WORKERS)


@pytest.fixture
def services(crowded: Settings, scripted: Kind, home: Path) -> Iterator[Services]:
    """A broker, a restart loop of workers that are told to die, and this process's view of the store."""
    redis = embedded_redis(crowded)
    if redis:
        redis.start()
    env = crowded.child_environment() | PLAIN_ENV
    workers = spawn((sys.executable, "nursery.py", str(WORKERS)), cwd=home, env=env, log=home / "workers.log")
    with scripted.open_center(crowded) as center:
        yield center.services
    workers.terminate()
    workers.wait(10)
    workers.kill()
    if redis:
        redis.stop()


def left(home: Path) -> int:
    return len(list(home.glob("kill-*/*")))


def test_fifty_killed_workers_lose_nothing(services: Services, home: Path, until: Callable[..., None]) -> None:
    assert left(home) == CLAIMED + PUBLISHING == 50
    runs = [submit(services, "acme", b"bytes", name="n") for _ in range(RUNS)]

    def over() -> bool:
        sweep(services)
        return all(services.store.run("acme", run.id).verdict for run in runs)

    until(over, 240.0)
    assert left(home) == 0  # each of them killed a worker
    ended = [services.store.run("acme", run.id) for run in runs]
    assert [run.verdict for run in ended] == [Verdict.ACCEPTED] * RUNS
    assert len({run.verdict_digest for run in ended}) == 1
    attempts = 0
    for run in runs:
        events = services.store.events("acme", run.id)
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        committed = Counter(event.subject for event in events if event.type == "assay.step.done")
        assert committed == Counter(STEPS)  # exactly once each
        assert [event.type for event in events].count("assay.run.decided") == 1
        steps = services.store.steps("acme", run.id)
        assert [step.spec.name for step in steps] == STEPS
        attempts += sum(step.attempt - 1 for step in steps)
    assert attempts >= CLAIMED
