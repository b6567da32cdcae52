"""`assay designs`: what every night tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from pipeline.cli.layout import line, table
from pipeline.cli.terminal import Face
from pipeline.cli.world import shell_of
from pipeline.domain.night import Design
from pipeline.engine.designs import registered
from pipeline.engine.designs import withdraw as withdraw_design
from pipeline.messages import text


def designs(
    ctx: typer.Context,
    withdraw: Annotated[str, typer.Option(metavar="NAME", show_default=False)] = "",
) -> int:
    """By name; with --withdraw, what is left."""
    shell = shell_of(ctx)
    with shell.world.open_center(shell.settings, "outbox") as center:
        if withdraw:
            withdraw_design(center.services, shell.tenant, withdraw)
        found = registered(center.services, shell.tenant)
    shell.terminal.emit({"designs": [asdict(design) for design in found]})
    shell.terminal.say(design_lines(found, shell.terminal.face))
    return 0


def design_lines(found: Sequence[Design], face: Face) -> list[Text]:
    """One line a design; why there are none, and what fills the list."""
    if not found:
        return [line(text("night_no_designs", face.lang))]
    rows = [
        [
            design.name,
            text("night_revision", face.lang, revision=design.revision),
            design.policy,
            design.archive[:12],
            design.registered_at[:16].replace("T", " "),
        ]
        for design in found
    ]
    return [line(row) for row in table(rows, words=5, gap=2)]
