"""The commands: register, designs, nightly, seeds, in this process over scripted stages."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.bootstrap import Center, Kind, open_center
from pipeline.cli import main
from pipeline.cli.world import Tell, real_world
from pipeline.engine.services import Workshop
from pipeline.engine.sweep import sweep
from pipeline.errors import UsageError
from pipeline.settings import Settings
from pipeline.testing import FakeSandbox, fake_toolchain, scripted_stages


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Desk:
    """One home; `stages` are what its workers do; `elsewhere`: the centre runs in another process."""

    home: Path
    kit: Any
    stages: dict[str, Any] = field(default_factory=dict)
    moment: str = "2026-11-22T03:00:00+00:00"
    nightly: str = "02:00 UTC"
    elsewhere: bool = False

    def __call__(self, *argv: str) -> Answer:
        out, err = io.StringIO(), io.StringIO()
        settings = Settings(self.home, nightly=self.nightly)
        world = replace(
            real_world(), settings=lambda: settings, open_center=self.open, running=self.running, out=out, err=err,
            cwd=self.home, terminal={"LC_ALL": "C.UTF-8", "TERM": "xterm", "COLUMNS": "120"},
        )  # fmt: skip
        code = main(list(argv), world)
        return Answer(code, out.getvalue(), err.getvalue())

    def open(self, settings: Settings, kind: Kind) -> Center:
        center = open_center(settings, kind)
        tools = Workshop(FakeSandbox(), fake_toolchain(), scripted_stages(**self.stages))
        clock = self.kit.HandClock(datetime.fromisoformat(self.moment))
        return replace(center, services=replace(center.services, clock=clock, workshop=lambda: tools))

    @contextmanager
    def running(self, settings: Settings, tell: Tell) -> Iterator[Any]:
        if self.elsewhere:
            raise UsageError("U-904", home=self.home)
        with self.open(settings, "outbox") as center, self.worker(center):
            tell("worker", "started")
            yield self.kit.Running(center)

    @contextmanager
    def worker(self, center: Center) -> Iterator[None]:
        stop = threading.Event()
        services = replace(center.services, dispatcher=self.kit.InPlace(center.services))

        def work() -> None:
            while not stop.wait(0.01):
                sweep(services)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


@pytest.fixture
def desk(tmp_path: Path, kit: Any) -> Desk:
    (tmp_path / "npu8").mkdir()
    (tmp_path / "npu8" / "assay.toml").write_text("[contract]\n")
    return Desk(tmp_path, kit, {"intake": kit.fresh_plan, "judge": kit.judging()})


@pytest.fixture
def registered(desk: Desk) -> Desk:
    desk.moment = "2026-11-20T15:00:00+00:00"
    assert desk("register", "npu8").code == 0
    desk.moment = "2026-11-22T03:00:00+00:00"
    return desk


def test_registering_again_makes_a_revision_and_withdrawing_ends_it(desk: Desk) -> None:
    assert "No design is registered" in desk("designs").out
    assert "npu8 is registered, revision 1" in desk("register", "npu8").out
    assert desk("register", "npu8", "--json").json["design"]["revision"] == 2
    assert desk("register", "npu8", "--name", "conv").code == 0
    assert [item["name"] for item in desk("designs", "--json").json["designs"]] == ["conv", "npu8"]
    assert "revision 2" in desk("designs").out
    assert [item["name"] for item in desk("designs", "--withdraw", "npu8", "--json").json["designs"]] == ["conv"]
    again = desk("designs", "--withdraw", "npu8")
    assert (again.code, "U-941" in again.err) == (2, True)
    assert desk("register", "npu8", "--json").json["design"]["revision"] == 3
    assert desk("register", "npu8", "--policy", "none").code == 2


def test_a_night_without_designs_is_refused(desk: Desk) -> None:
    answer = desk("nightly")
    assert (answer.code, "U-945" in answer.err) == (2, True)
    assert (desk("nightly", "--show").code, "U-942" in desk("nightly", "--show").err) == (2, True)


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_tonight_is_started_followed_and_shown(registered: Desk, lang: str) -> None:
    answer = registered("nightly", "--lang", lang)
    assert answer.code == 0, answer.out + answer.err
    assert {"en": "The night of 2026-11-22 has started", "ko": "2026-11-22 밤을 시작했습니다"}[lang] in answer.out
    assert {"en": "ACCEPTED", "ko": "적합"}[lang] in answer.out
    assert "npu8" in answer.out
    again = registered("nightly", "--json")
    assert (again.code, again.json["window"], again.json["designs"][0]["state"]) == (0, "2026-11-22", "passed")
    shown = registered("nightly", "--show", "2026-11-22", "--json")
    assert shown.json == again.json
    assert len(registered("runs", "--json").json["runs"]) == 1, "joined, not started twice"


def test_the_exit_code_tells_new_from_ours(registered: Desk, kit: Any) -> None:
    registered.stages["judge"] = kit.judging("J-001")
    answer = registered("nightly", "--report", "out")
    assert answer.code == 1
    line = next(line.strip() for line in answer.out.splitlines() if "assay repro" in line)
    found = json.loads((registered.home / "out" / "nightly.json").read_text())
    assert found["designs"][0]["failures"][0]["reproduce"] == line
    assert line in (registered.home / "out" / "nightly.html").read_text()
    registered.moment = "2026-11-23T03:00:00+00:00"
    assert registered("nightly").code == 0, "known"
    registered.moment, registered.stages["judge"] = "2026-11-24T03:00:00+00:00", kit.broken
    ours = registered("nightly")
    assert (ours.code, "P-401" in ours.out) == (3, True)
    registered.moment = "2026-11-25T03:00:00+00:00"
    missed = registered("nightly", "--show")
    assert missed.code == 3
    assert "? npu8" in missed.out
    assert missed.out.splitlines()[-1] == "exit 3 (inconclusive or broken)"


def test_a_centre_that_runs_elsewhere_does_the_work(registered: Desk) -> None:
    registered.elsewhere = True
    with registered.open(Settings(registered.home), "outbox") as center, registered.worker(center):
        assert registered("nightly", "--json").json["designs"][0]["verdict"] == "ACCEPTED"


def test_seeds_are_shown_written_retired_and_taken_in(registered: Desk, kit: Any) -> None:
    assert "The bank is empty" in registered("seeds", "npu8").out
    registered.stages["judge"] = kit.judging("J-001")
    registered("nightly")
    (seed,) = registered("seeds", "npu8", "--json").json["seeds"]
    assert (seed["testpoint"], seed["found"], seed["rule"], seed["reason"]) == ("FUN-01", "2026-11-22", "J-001", "")
    assert registered("seeds", "npu8", "--export", "bank").code == 0
    assert seed["seed"] in (registered.home / "bank" / "npu8.toml").read_text()
    name = f"FUN-01:{seed['seed']}"
    assert (registered("seeds", "npu8", "--retire", name).code, registered("seeds", "npu8", "--retire", "x:y").code) == (
        2,
        2,
    )
    retired = registered("seeds", "npu8", "--retire", name, "--reason", "밤마다 같은 원인")
    assert (retired.code, "retired: 밤마다 같은 원인" in retired.out) == (0, True)
    registered("seeds", "npu8", "--export", "bank")
    registered("register", "npu8", "--name", "twin")
    taken = registered("seeds", "twin", "--import", "bank/npu8.toml", "--json").json["seeds"]
    assert [item["reason"] for item in taken] == ["밤마다 같은 원인"]


@pytest.mark.parametrize(("content", "rule"), [(b"\xff", "U-921"), (b"[[seed]]", "U-944"), (None, "U-921")])
def test_files_that_are_no_bank_are_refused(registered: Desk, content: bytes | None, rule: str) -> None:
    if content is not None:
        (registered.home / "bank.toml").write_bytes(content)
    answer = registered("seeds", "npu8", "--import", "bank.toml")
    assert (answer.code, rule in answer.err) == (2, True)
