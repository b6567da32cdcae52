"""`assay show RUN`: one run as the store has it now."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.errors import exit_line
from pipeline.cli.look import take_look
from pipeline.cli.stages import stage_lines, stage_rows
from pipeline.cli.summary import header, summary_json, summary_lines, verdict_lines
from pipeline.cli.testpoints import testpoint_lines
from pipeline.cli.world import shell_of


def show(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN")],
    *,
    stages: Annotated[bool, typer.Option("--stages", show_default=False)] = False,
    testpoints: Annotated[bool, typer.Option("--testpoints", show_default=False)] = False,
) -> int:
    """Everything, or only the stages, or only the testpoints, with the verdict; the verdict's exit code."""
    shell = shell_of(ctx)
    with shell.world.open_center(shell.settings, "outbox") as center:
        look = take_look(center.services, shell.tenant, run)
    face = shell.terminal.face
    shell.terminal.emit(summary_json(look, shell.lang))
    if not stages and not testpoints:
        shell.terminal.say(summary_lines(look, face))
        return look.exit_code
    lines = [header(look, face)]
    if stages:
        lines += stage_lines(stage_rows(look, face.lang), face)
    if testpoints:
        lines += testpoint_lines(look, face)
    shell.terminal.say([*lines, *verdict_lines(look, face), exit_line(look.exit_code, face)])
    return look.exit_code
