"""Nights over the real pipeline: a planted fault is one new failure with its line, a night left out is missed."""

from __future__ import annotations

import io
import json
import shlex
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.adapters.local_dispatcher import LocalDispatcher
from pipeline.bootstrap import Center, Kind, open_center
from pipeline.cli import main
from pipeline.cli.world import Tell, real_world
from pipeline.engine.run_step import run_step
from pipeline.engine.sweep import sweep
from pipeline.settings import Settings
from pipeline.stages.archive import pack_tree

pytestmark = [pytest.mark.sim, pytest.mark.slow, pytest.mark.xdist_group("e2e")]

IDLE = """\
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) idle_q <= '0;
    else idle_q <= (take || full_q) ? 10'd1 : (idle_q == '0 || (&idle_q)) ? idle_q : idle_q + 10'd1;
  end
endmodule
"""
STEP = "full_q <= take || (full_q && !(c_valid_o && c_ready_i))"
PLANTED = (  # a beat that nobody asked for, 300 cycles after the last one: only FUN-32 waits that long
    ("  logic full_q, take;", "  logic full_q, take;\n  logic [9:0] idle_q;"),
    (f"{STEP};", f"{STEP} || (idle_q == 10'd300);"),
    ("endmodule\n", IDLE),
)


@dataclass
class Clock:
    moment: str

    def now(self) -> str:
        return datetime.fromisoformat(self.moment + "+00:00").isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class Running:
    center: Center


@dataclass
class Office:
    """A home with real tools and sandbox; the worker is a thread of this process."""

    home: Path
    cache: Path
    clock: Clock

    def __call__(self, *argv: str) -> tuple[int, Any]:
        out, err = io.StringIO(), io.StringIO()
        settings = Settings(self.home, tenant=f"night-{self.home.parent.name}".lower(), nightly="02:00 UTC")
        world = replace(
            real_world(), settings=lambda: settings, open_center=self.open, running=self.running,
            terminal={"LC_ALL": "C.UTF-8"}, out=out, err=err, cwd=self.home,
        )  # fmt: skip
        code = main([*argv, "--json"], world)
        assert err.getvalue() == ""
        return code, json.loads(out.getvalue())

    def open(self, settings: Settings, kind: Kind) -> Center:
        center = open_center(settings, kind)
        return replace(center, services=replace(center.services, clock=self.clock, cache=self.cache))

    @contextmanager
    def running(self, settings: Settings, _tell: Tell) -> Iterator[Running]:
        with self.open(settings, "outbox") as center:
            stop, queue = threading.Event(), LocalDispatcher()
            services = replace(center.services, dispatcher=queue)

            def work() -> None:
                while not stop.wait(0.02):
                    sweep(services)
                    queue.drain(lambda run, step: run_step(services, run, step), 2, stop.set)

            thread = threading.Thread(target=work)
            thread.start()
            try:
                yield Running(center)
            finally:
                stop.set()
                thread.join()

    def night(self, day: str, files: dict[str, bytes]) -> tuple[int, Any]:
        """The design as registered the evening before, tested at 03:00."""
        (self.home / "adder.tar").write_bytes(pack_tree(files))
        self.clock.moment = f"{day}T01:00:00"
        assert self("register", "adder.tar")[0] == 0
        self.clock.moment = f"{day}T03:00:00"
        code, found = self("nightly")
        (design,) = found["designs"]
        return code, design


@pytest.fixture
def office(tmp_path: Path, kit: Any) -> Iterator[Office]:
    made = Office(tmp_path / "home", kit.CACHE, Clock("2026-11-20T15:00:00"))
    made.home.mkdir()
    yield made
    shutil.rmtree(kit.CACHE / f"night-{tmp_path.name}".lower(), ignore_errors=True)


def test_four_nights_of_a_design_that_breaks_and_is_mended(office: Office, kit: Any) -> None:
    good, bad = kit.adder(), kit.adder(*PLANTED)
    code, design = office.night("2026-11-21", good)
    assert (code, design["verdict"], design["failures"], design["replayed"]) == (0, "ACCEPTED", [], 0)

    code, design = office.night("2026-11-22", bad)
    (failure,) = design["failures"]
    assert (code, design["verdict"], design["revision"], failure["standing"]) == (1, "REJECTED", 2, "new")
    assert (failure["place"], failure["rule"], failure["first_seen"]) == ("FUN-32", "J-003", "2026-11-22")
    again, answer = office(*shlex.split(failure["reproduce"])[1:])
    assert (again, answer["outcome"], answer["findings"][0]["rule"]) == (1, "failed", failure["rule"])
    banked = office("seeds", "adder")[1]["seeds"]
    assert failure["seed"] in {seed["seed"] for seed in banked}

    office.clock.moment = "2026-11-23T09:00:00"
    code, board = office("nightly", "--show")
    assert (code, board["window"], board["designs"][0]["state"]) == (3, "2026-11-23", "missed")

    code, design = office.night("2026-11-24", good)
    assert (code, design["verdict"], design["state"], design["replayed"]) == (0, "ACCEPTED", "fixed", len(banked))
    assert [item["standing"] for item in design["failures"]] == ["fixed"]
    assert [cell["state"] for cell in design["strip"]][-4:] == ["passed", "new", "missed", "fixed"]
