"""`assay nightly`: start or join tonight's regression and follow it; or show a night."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline.bootstrap import Center
from pipeline.cli.layout import line
from pipeline.cli.nightly_follow import follow_night
from pipeline.cli.nightly_print import night_lines
from pipeline.cli.report import write_files, written
from pipeline.cli.up import tell_part
from pipeline.cli.world import Shell, shell_of
from pipeline.domain.board import Board
from pipeline.engine.designs import registered
from pipeline.engine.night_board import board
from pipeline.engine.nightly import start_night
from pipeline.engine.windows import Schedule, window_of
from pipeline.errors import UsageError
from pipeline.messages import text

ANOTHER_CENTRE = "U-904"


def nightly(
    ctx: typer.Context,
    window: Annotated[str, typer.Argument(metavar="[WINDOW]", show_default=False)] = "",
    report: Annotated[Path | None, typer.Option(metavar="DIR", show_default=False)] = None,
    *,
    show: Annotated[bool, typer.Option("--show", show_default=False)] = False,
) -> int:
    """0 no new failure and a result for every design, 1 a new failure, 3 broken, missed or not finished."""
    shell = shell_of(ctx)
    schedule = Schedule.of(shell.settings.nightly)
    if show or window:
        with shell.world.open_center(shell.settings, "outbox") as center:
            return _tell(shell, board(center.services, shell.tenant, schedule, window), report)
    return _tell(shell, _tonight(shell, schedule), report)


def _tonight(shell: Shell, schedule: Schedule) -> Board:
    """Run it through the queue, of the centre that works here or of one that lives as long as this command."""
    with _working(shell) as center:
        services = center.services
        if not registered(services, shell.tenant):
            raise UsageError("U-945")
        tonight = window_of(schedule, datetime.fromisoformat(services.clock.now()))
        started = start_night(services, shell.tenant, schedule, tonight)
        words = text("night_started" if started else "night_joined", shell.lang, window=tonight)
        shell.terminal.say([line((words, "bold"))])
        follow_night(shell, services, schedule, tonight)
        return board(services, shell.tenant, schedule, tonight)


@contextmanager
def _working(shell: Shell) -> Iterator[Center]:
    with ExitStack() as stack:
        try:
            running = shell.world.running(shell.settings, lambda part, what: tell_part(shell.terminal, part, what))
            center = stack.enter_context(running).center
        except UsageError as error:
            if error.rule != ANOTHER_CENTRE:
                raise
            center = stack.enter_context(shell.world.open_center(shell.settings, "outbox"))
        yield center


def _tell(shell: Shell, found: Board, report: Path | None) -> int:
    from pipeline.reports.nightly import render_night
    from pipeline.reports.nightly_json import night_json

    files = write_files(shell, render_night(found, shell.lang), report) if report else []
    shell.terminal.emit(night_json(found, shell.lang))
    shell.terminal.say(night_lines(found, shell.terminal.face))
    if report:
        shell.terminal.say(written(report, files, shell.terminal.face))
    return found.exit_code
