"""`assay submit PATH`: put a folder or an archive into the queue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.layout import line
from pipeline.cli.package import read_package
from pipeline.cli.watch import watch_run
from pipeline.cli.world import shell_of
from pipeline.engine.submit import submit as submit_archive
from pipeline.messages import text


def submit(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="PATH")],
    policy: Annotated[str, typer.Option(metavar="NAME")] = "core-1",
    manifest: Annotated[str, typer.Option(metavar="FILE")] = "assay.toml",
    name: Annotated[str, typer.Option(metavar="NAME", show_default=False)] = "",
    *,
    watch: Annotated[bool, typer.Option("--watch", show_default=False)] = False,
) -> int:
    """Submit, and follow it when asked to."""
    shell = shell_of(ctx)
    archive = read_package(shell, path)
    called = name or shell.path(path).resolve().name
    with shell.world.open_center(shell.settings, "outbox") as center:
        run = submit_archive(center.services, shell.tenant, archive, name=called, manifest=manifest, policy=policy)
        mark = shell.terminal.face.mark("queued")
        words = text("cli_submitted", shell.lang, number=run.number, id=run.id, name=called, policy=policy)
        shell.terminal.say([line(mark, " ", (words, "bold"))])
        if watch:
            return watch_run(shell, center.services, run.id)
    shell.terminal.say([line("  ", text("cli_submitted_next", shell.lang, number=run.number))])
    shell.terminal.emit({"run": run.number, "id": run.id, "submission": run.submission_id, "name": called, "policy": policy})
    return 0
