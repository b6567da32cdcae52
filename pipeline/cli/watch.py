"""`assay watch RUN`: follow a run to its verdict. Leaving it does not stop the run."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.follow import follow
from pipeline.cli.screens import screen_for
from pipeline.cli.summary import end_lines, progress_lines
from pipeline.cli.world import Shell, shell_of
from pipeline.engine.services import Services


def watch(ctx: typer.Context, run: Annotated[str, typer.Argument(metavar="RUN")]) -> int:
    """Follow one run."""
    shell = shell_of(ctx)
    with shell.world.open_center(shell.settings, "outbox") as center:
        found = center.services.store.find_run(shell.tenant, run)
        return watch_run(shell, center.services, found.id)


def watch_run(shell: Shell, services: Services, run_id: str) -> int:
    """Follow it on the screen that fits, then say how it ended; the verdict's exit code."""
    look = follow(services, shell.tenant, run_id, screen_for(shell.terminal, "cli_footer_watch"))
    face = shell.terminal.face
    if shell.terminal.live:
        shell.terminal.say(progress_lines(look, face))
    shell.terminal.say(end_lines(look, face))
    return look.exit_code
