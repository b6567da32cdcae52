from __future__ import annotations

import threading
from typing import Any

import pytest

from pipeline.cli.follow import follow
from pipeline.cli.look import take_look
from pipeline.cli.screens import LiveScreen, QuietScreen, live_lines, remaining
from pipeline.cli.terminal import Face
from pipeline.domain.run import StageResult
from pipeline.engine.run_step import run_step
from pipeline.engine.submit import submit
from pipeline.engine.sweep import sweep
from pipeline.ports import StageContext
from pipeline.settings import Settings
from pipeline.testing import sample_plan, scripted_intake, scripted_stages


class LeaveError(Exception):
    pass


class Spy(QuietScreen):
    hints = 0

    def hint(self) -> None:
        self.hints += 1


class MovingSpy(Spy):
    moving = True


def leave_after(turns: int) -> Any:
    left = iter(range(turns))

    def check() -> None:
        if next(left, None) is None:
            raise LeaveError

    return check


@pytest.mark.parametrize("spy", [Spy, MovingSpy])
def test_a_run_that_nobody_takes_gets_one_hint(bench: Any, spy: type[Spy]) -> None:
    bench("submit", "npu8")
    with bench.open(Settings(bench.home)) as center:
        run, screen = center.services.store.runs("local", 1)[0], spy(Any)
        with pytest.raises(LeaveError):
            follow(center.services, "local", run.id, screen, check=leave_after(4), patience_s=0.3)
    assert screen.hints == 1


def test_no_hint_for_a_run_that_is_decided(submitted: Any) -> None:
    with submitted.open(Settings(submitted.home)) as center:
        run, screen = center.services.store.runs("local", 1)[0], Spy(Any)
        look = follow(center.services, "local", run.id, screen, patience_s=0.0)
    assert look.finished
    assert screen.hints == 0


def test_half_way_is_shown_with_an_estimate(bench: Any) -> None:
    """Two of four simulations are committed; a third is under way, and not a single seed counts as passed."""
    third = threading.Event()

    def simulate(context: StageContext) -> StageResult:
        if context.step.spec.index == 2:
            third.set()
            raise OSError
        return scripted_stages()["simulate"].run(context)

    bench.stages = scripted_stages(intake=scripted_intake(sample_plan(4)), simulate=simulate)
    with bench.open(Settings(bench.home), "local") as center:
        services = center.services
        run = submit(services, "local", b"bytes", name="npu8")
        while not third.is_set():
            sweep(services)
            step = center.local._waiting.popleft()
            run_step(services, *step)
        look = take_look(services, "local", run.id)
    text = "\n".join(line.plain for line in live_lines(look, "cli_footer_check", Face()))
    assert "> simulate    running" in text
    assert "[##########..........]" in text
    assert "no verdict" not in text
    assert look.exit_code == 3
    assert not look.certifiable
    assert remaining(look) is not None


def test_nothing_is_estimated_before_there_is_a_pace(bench: Any) -> None:
    bench("submit", "npu8")
    with bench.open(Settings(bench.home)) as center:
        look = take_look(center.services, "local", "1")
    assert remaining(look) is None


def test_the_screen_is_left_as_it_was_found(submitted: Any) -> None:
    submitted.tty = True
    out = submitted("watch", "1").out
    assert out.count("\x1b[?25l") == out.count("\x1b[?25h") == 1
    assert LiveScreen.moving
