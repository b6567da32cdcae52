"""`assay export RUN`: a decided run as other programs read it, to a file or to standard output."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, TextIO

import typer

from pipeline.cli.layout import line
from pipeline.cli.look import take_look
from pipeline.cli.world import Shell, shell_of
from pipeline.engine.dossier import assemble
from pipeline.errors import UsageError
from pipeline.messages import text
from pipeline.reports.exports import EXPORTS, Export, export_of

NAMES = tuple(export.name for export in EXPORTS)


def _known(value: str) -> str:
    if value not in NAMES:
        raise typer.BadParameter(f"{value!r}: {', '.join(NAMES)}")
    return value


def export(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN")],
    form: Annotated[str, typer.Option("--format", metavar="|".join(NAMES), callback=_known)],
    file: Annotated[Path | None, typer.Option("--out", metavar="FILE", show_default=False)] = None,
) -> int:
    """0 when it was written, whatever the verdict."""
    shell, wanted = shell_of(ctx), export_of(form)
    with shell.world.open_center(shell.settings, "outbox") as center:
        look = take_look(center.services, shell.tenant, run)
        data = wanted.render(assemble(center.services, shell.tenant, look.view.run.id), shell.lang)
    if file:
        _to_file(shell, wanted, look.number, file, data)
    elif shell.terminal.json:
        shell.terminal.emit({"run": look.number, "format": wanted.name, "content": data.decode()})
    else:
        _to_stream(shell.terminal.out, data)
    return 0


def _to_file(shell: Shell, wanted: Export, number: int, file: Path, data: bytes) -> None:
    """UsageError U-922 when it cannot be written."""
    target = shell.path(file)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    except OSError as error:
        raise UsageError("U-922", path=file, reason=os.strerror(error.errno or 0)) from None
    shell.terminal.emit({"run": number, "format": wanted.name, "file": str(target)})
    shell.terminal.say([line(text("cli_export_written", shell.lang, number=number, format=wanted.name, file=file))])


def _to_stream(out: TextIO, data: bytes) -> None:
    """The very bytes where the stream has bytes: a locale must not change a file's encoding."""
    raw = getattr(out, "buffer", None)
    if raw is None:
        out.write(data.decode())
    else:
        out.flush()
        raw.write(data)
    out.flush()
