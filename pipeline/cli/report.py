"""`assay report RUN`: write the report of a decided run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from pipeline.cli.layout import line
from pipeline.cli.look import take_look
from pipeline.cli.terminal import Face
from pipeline.cli.world import Shell, shell_of
from pipeline.domain.dossier import Dossier
from pipeline.engine.dossier import assemble
from pipeline.errors import UsageError
from pipeline.messages import text


def report(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN")],
    out: Annotated[Path | None, typer.Option(metavar="DIR", show_default=False)] = None,
) -> int:
    """0 when it was written, whatever the verdict."""
    shell = shell_of(ctx)
    with shell.world.open_center(shell.settings, "outbox") as center:
        look = take_look(center.services, shell.tenant, run)
        dossier = assemble(center.services, shell.tenant, look.view.run.id)
    folder = out or Path(f"assay-report-{look.number}")
    files = write_report(shell, dossier, folder)
    shell.terminal.emit({"run": look.number, "id": look.view.run.id, "folder": str(shell.path(folder)), "files": files})
    shell.terminal.say(written(folder, files, shell.terminal.face))
    return 0


def write_report(shell: Shell, dossier: Dossier, folder: Path) -> list[str]:
    """Render and write; the names below `folder`, sorted. UsageError U-922 when the folder cannot be written."""
    return write_files(shell, shell.world.render(dossier, shell.lang), folder)


def write_files(shell: Shell, rendered: Mapping[str, bytes], folder: Path) -> list[str]:
    """Write what was rendered; the names below `folder`, sorted. UsageError U-922 when the folder cannot be written."""
    target = shell.path(folder)
    try:
        for name, data in rendered.items():
            file = target / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    except OSError as error:
        raise UsageError("U-922", path=folder, reason=os.strerror(error.errno or 0)) from None
    return sorted(rendered)


def written(folder: Path, files: Sequence[str], face: Face) -> list[Text]:
    """What was written and where, pages for people first."""
    ordered = sorted(files, key=lambda name: (not name.endswith(".html"), name))
    return [line(text("cli_report_written", face.lang)), *(line("  ", str(folder / name)) for name in ordered)]
