from __future__ import annotations

import io
import json
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.adapters.diagnosis import Probe
from pipeline.adapters.sql_store import open_store
from pipeline.bootstrap import Center, Kind, open_center
from pipeline.cli import main
from pipeline.cli.world import Tell, World
from pipeline.domain.dossier import Dossier
from pipeline.domain.finding import Finding, Location
from pipeline.domain.outcome import Outcome
from pipeline.domain.run import StageResult, TestpointCount
from pipeline.engine.reproduce import Reproduction
from pipeline.engine.run_step import run_step
from pipeline.engine.services import Workshop
from pipeline.engine.sweep import sweep
from pipeline.ports import Stage, StageContext
from pipeline.settings import Settings
from pipeline.testing import FakeSandbox, fake_toolchain, scripted_stages
from verif.judge.fault import Divergence

UTF8 = {"LC_ALL": "C.UTF-8", "TERM": "xterm"}
PLAIN = {"LC_ALL": "C", "TERM": "xterm"}


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Bench:
    """A command line over a local centre with scripted stages; every call is another process's view of the same home."""

    home: Path
    template: Path
    stages: dict[str, Stage]
    level: int = 2
    env: Mapping[str, str] = None  # type: ignore[assignment]
    tty: bool = False
    settings: Callable[[], Settings] | None = None
    told: tuple[tuple[str, str], ...] = ()
    probes: tuple[Probe, ...] = ()
    asked: dict[str, Any] | None = None

    def __call__(self, *argv: str | Path) -> Answer:
        out, err = (Screen(), Screen()) if self.tty else (io.StringIO(), io.StringIO())
        code = main([str(word) for word in argv], self.world(out, err))
        return Answer(code, out.getvalue(), err.getvalue())

    def world(self, out: io.StringIO, err: io.StringIO) -> World:
        return World(
            settings=self.settings or (lambda: Settings(self.home)),
            open_center=self.open,
            run_until_signal=self.up,
            running=self.running,
            render=render,
            pack=lambda folder: b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()),
            reproduce=self.reproduce,
            diagnose=lambda _settings: self.probes,
            terminal=self.env if self.env is not None else UTF8,
            out=out,
            err=err,
            cwd=self.home,
        )

    def open(self, settings: Settings, kind: Kind = "outbox") -> Center:
        home = settings.home / "check" if kind == "local" else settings.home
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "assay.sqlite3").exists():
            shutil.copy(self.template, home / "assay.sqlite3")
        center = open_center(settings, kind)
        workshop = Workshop(FakeSandbox(level=self.level), fake_toolchain(), self.stages)
        return replace(center, services=replace(center.services, workshop=lambda: workshop))

    @contextmanager
    def running(self, settings: Settings, tell: Tell) -> Iterator[Any]:
        with self.open(settings, "local") as center, working(center):
            tell("worker", "started")
            yield Running(center)

    def up(self, _settings: Settings, tell: Tell) -> None:
        for part, what in self.told:
            tell(part, what)

    def reproduce(self, *_args: object, **asked: object) -> Reproduction:
        self.asked = asked
        return Reproduction(Outcome.FAILED, (failure("FUN-01"),), 1234, None)


@dataclass(frozen=True)
class Running:
    center: Center


@contextmanager
def working(center: Center) -> Iterator[None]:
    """Somebody works off the queue meanwhile, as a worker would."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.01):
            sweep(center.services)
            center.local.drain(lambda run, step: run_step(center.services, run, step), 1, stop.set)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def render(dossier: Dossier, lang: str) -> dict[str, bytes]:
    return {"report.html": f"<p lang={lang}>{dossier.design}".encode(), "data/dossier.json": b"{}"}


def failure(testpoint: str, seed: int = 0x5EED1F07, **args: str) -> Finding:
    where = Divergence(18, "gemm", {"M": 8}, "c", 3, 0, "C[3,0]", 43, 1, 8, 1419, 2, 64)
    return Finding("J-001", Outcome.FAILED, args=args, testpoint=testpoint, seed=seed, divergence=where)


def failing_judge(context: StageContext) -> StageResult:
    counts = (TestpointCount("FUN-01", 1, 1, 1, 64),)
    return StageResult(Outcome.FAILED, findings=(failure("FUN-01", seed=context.step.spec.index + 7),), testpoints=counts)


def refusing_intake(_context: StageContext) -> StageResult:
    place = Location("rtl/[red]dma[/].sv", 212, 5, 7, '    $system("date");')
    return StageResult(
        Outcome.FAILED, findings=(Finding("E-MAN-014", Outcome.FAILED, location=place, args={"key": "[bold]x"}),)
    )


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("database") / "empty.sqlite3"
    store, _ = open_store(f"sqlite:///{path}")
    store.close()
    return path


@pytest.fixture
def bench(tmp_path: Path, template: Path) -> Bench:
    (tmp_path / "npu8").mkdir()
    (tmp_path / "npu8" / "assay.toml").write_text("[contract]\n")
    return Bench(tmp_path, template, scripted_stages())


@pytest.fixture
def rejecting(bench: Bench) -> Bench:
    bench.stages = scripted_stages(judge=failing_judge)
    return bench


@pytest.fixture
def refusing(bench: Bench) -> Bench:
    bench.stages = scripted_stages(intake=refusing_intake)
    return bench


@pytest.fixture
def submitted(bench: Bench) -> Bench:
    """One run in the queue of the centre, decided."""
    assert bench("submit", "npu8").code == 0
    with bench.open(Settings(bench.home)) as center:
        queue = replace(center.services, dispatcher=InPlace(center))
        while center.services.store.runs("local", 1)[0].verdict is None:
            sweep(queue)
    return bench


@dataclass(frozen=True)
class InPlace:
    center: Center

    def publish(self, run_id: str, step_id: str) -> None:
        run_step(self.center.services, run_id, step_id)
