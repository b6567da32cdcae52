"""`assay register PATH`: keep a submission as a design that every night tests."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.layout import line
from pipeline.cli.package import read_package
from pipeline.cli.world import shell_of
from pipeline.engine.designs import register as register_design
from pipeline.messages import text


def register(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="PATH")],
    name: Annotated[str, typer.Option(metavar="NAME", show_default=False)] = "",
    manifest: Annotated[str, typer.Option(metavar="FILE")] = "assay.toml",
    policy: Annotated[str, typer.Option(metavar="NAME")] = "core-1",
) -> int:
    """0 when it is kept; the next night judges it."""
    shell = shell_of(ctx)
    archive = read_package(shell, path)
    called = name or shell.path(path).resolve().name.split(".", 1)[0]
    with shell.world.open_center(shell.settings, "outbox") as center:
        kept = register_design(center.services, shell.tenant, archive, name=called, manifest=manifest, policy=policy)
    shell.terminal.emit({"design": asdict(kept)})
    words = text("night_registered", shell.lang, name=kept.name, revision=kept.revision, policy=policy)
    shell.terminal.say([line(shell.terminal.face.mark("passed"), " ", (words, "bold"))])
    return 0
