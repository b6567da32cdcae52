"""Nights over one database file with scripted stages, and a clock that stands where the test puts it."""

from __future__ import annotations

import itertools
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipeline.adapters.blob_store import BlobStore
from pipeline.adapters.local_dispatcher import LocalDispatcher
from pipeline.adapters.sql_store import open_store
from pipeline.domain.board import Board, DesignNight
from pipeline.domain.finding import Finding
from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StageResult, TestpointCount
from pipeline.engine.designs import register
from pipeline.engine.local import complete
from pipeline.engine.night_board import board
from pipeline.engine.nightly import keep_nights
from pipeline.engine.run_step import run_step
from pipeline.engine.services import Limits, Services, Workshop
from pipeline.engine.windows import Schedule
from pipeline.ports import Stage, StageContext
from pipeline.testing import FakeSandbox, fake_toolchain, scripted_intake, scripted_stages
from verif.testplan.plan import Batch, Job, Plan, PlannedTestpoint

Script = Callable[[StageContext], StageResult]
TENANT = "acme"


class HandClock:
    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> str:
        return self.moment.isoformat(timespec="milliseconds")


def fresh_plan(context: StageContext) -> StageResult:
    """As the real intake: seeds of the epoch, and what the run's bank holds as a marked batch."""
    epoch = context.run.epoch
    bank = [Job(*entry) for entry in json.loads(context.blobs.get(context.run.bank))] if context.run.bank else []
    fresh = (Job("FUN-01", 1000 * epoch), Job("FUN-01", 1000 * epoch + 1))
    seeds = tuple(job.seed for job in (*fresh, *bank))
    batches = [Batch(0, fresh, (1,))] + ([Batch(1, tuple(bank), (1,), banked=True)] if bank else [])
    point = PlannedTestpoint("FUN-01", "scripted", "V1", "random", "planned", "", seeds)
    return scripted_intake(Plan("1", "core-1", "scripted", epoch, (point,), tuple(batches)))(context)


def judging(*rules: str) -> Script:
    """A judge by which the first job of a batch fails, once for each rule; without any, everything passes."""

    def script(context: StageContext) -> StageResult:
        jobs = Plan.from_json(context.read("intake", "plan")).batches[context.step.spec.index].jobs
        findings = tuple(Finding(rule, Outcome.FAILED, testpoint=jobs[0].testpoint, seed=jobs[0].seed) for rule in rules)
        counts = tuple(TestpointCount(job.testpoint, 1, 1, int(bool(rules) and job is jobs[0]), 64) for job in jobs)
        return StageResult(Outcome.FAILED if rules else Outcome.PASSED, findings, testpoints=counts)

    return script


def broken(_context: StageContext) -> StageResult:
    return StageResult(Outcome.BROKEN, (Finding("P-401", Outcome.BROKEN),), reason="ours")


def good() -> dict[str, Stage]:
    return scripted_stages(intake=fresh_plan, judge=judging())


@dataclass
class Center:
    """What the design does is `stages`; `night(day)` is one whole night of a clock at 02:00 UTC."""

    services: Services
    clock: HandClock
    schedule: Schedule = field(default_factory=lambda: Schedule("nightly", "02:00", "UTC"))

    def register(self, name: str = "gemm", archive: bytes = b"rtl") -> None:
        register(self.services, TENANT, archive, name=name)

    def at(self, moment: str) -> None:
        self.clock.moment = datetime.fromisoformat(moment + "+00:00")

    def night(self, day: str, **stages: Script) -> Board:
        """The clock looks at 02:00:30, everything that it started is worked off; the board as at 06:00."""
        self.at(f"{day}T02:00:30")
        keep_nights(self.services, self.schedule)
        self.work(**stages)
        return self.board(f"{day}T06:00:00")

    def work(self, **stages: Script) -> None:
        tools = Workshop(
            FakeSandbox(), fake_toolchain(), scripted_stages(**{"intake": fresh_plan, "judge": judging()} | stages)
        )
        services = replace(self.services, workshop=lambda: tools)
        for run in services.store.nights.unsettled(TENANT, "nightly"):
            complete(services, services.dispatcher, TENANT, run.run_id)  # type: ignore[arg-type]
        keep_nights(self.services, self.schedule)

    def board(self, moment: str, window: str = "") -> Board:
        self.at(moment)
        return board(self.services, TENANT, self.schedule, window)

    def only(self, shown: Board) -> DesignNight:
        (design,) = shown.designs
        return design

    def later(self, days: int) -> str:
        return (self.clock.moment + timedelta(days=days)).date().isoformat()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("database") / "empty.sqlite3"
    store, _ = open_store(f"sqlite:///{path}")
    store.close()
    return path


@pytest.fixture
def make_services(empty_database: Path, tmp_path: Path) -> Iterator[Callable[[], Services]]:
    """Every call is another process's view of the one database file."""
    shutil.copy(empty_database, tmp_path / "store.sqlite3")
    opened, ids = [], itertools.count(1)
    clock = HandClock(datetime.fromisoformat("2026-11-20T15:00:00+00:00"))

    def make() -> Services:
        store, maintenance = open_store(f"sqlite:///{tmp_path / 'store.sqlite3'}")
        opened.append(store)
        tools = Workshop(FakeSandbox(), fake_toolchain(), good())
        return Services(
            store=store,
            maintenance=maintenance,
            blobs=lambda tenant: BlobStore(tmp_path / "blobs" / tenant),
            clock=clock,
            dispatcher=LocalDispatcher(),
            workshop=lambda: tools,
            work=tmp_path / "work",
            cache=tmp_path / "cache",
            worker=f"worker-{len(opened)}",
            new_id=lambda: f"{next(ids):012x}",
            limits=Limits(retry_delay_s=0.0, beat_s=0.01),
        )

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def center(make_services: Callable[[], Services]) -> Center:
    services = make_services()
    assert isinstance(services.clock, HandClock)
    return Center(services, services.clock)


@dataclass(frozen=True)
class Running:
    center: Any


@dataclass(frozen=True)
class InPlace:
    """Runs every step at once, where it is published."""

    services: Services

    def publish(self, run_id: str, step_id: str) -> None:
        run_step(self.services, run_id, step_id)


@pytest.fixture(scope="session")
def kit() -> ModuleType:
    """This file's own names, for tests: files under tests/ cannot import each other."""
    return sys.modules[__name__]


@pytest.fixture
def judge() -> Callable[..., Script]:
    return judging


@pytest.fixture
def ours() -> Script:
    return broken
