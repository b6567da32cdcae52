"""`assay check PATH`: the centre's own pipeline inside this process, with the centre's verdict. No server, no Redis."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from pipeline.bootstrap import Center
from pipeline.cli.follow import follow
from pipeline.cli.layout import line, wrap
from pipeline.cli.look import Look
from pipeline.cli.package import read_package
from pipeline.cli.report import write_report, written
from pipeline.cli.screens import screen_for
from pipeline.cli.summary import summary_json, summary_lines
from pipeline.cli.world import Shell, shell_of
from pipeline.engine.dossier import assemble
from pipeline.engine.local import complete
from pipeline.engine.submit import submit
from pipeline.errors import UsageError
from pipeline.messages import text
from pipeline.settings import SANDBOXES


def check(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="PATH")],
    policy: Annotated[str, typer.Option(metavar="NAME")] = "core-1",
    manifest: Annotated[str, typer.Option(metavar="FILE")] = "assay.toml",
    report: Annotated[Path | None, typer.Option(metavar="DIR", show_default=False)] = None,
    sandbox: Annotated[str, typer.Option(metavar="|".join(SANDBOXES), show_default=False)] = "",
) -> int:
    """Run everything here and now; the verdict's exit code."""
    shell = _with_sandbox(shell_of(ctx), sandbox)
    archive = read_package(shell, path)
    with shell.world.open_center(shell.settings, "local") as center:
        level = center.sandbox.level
        if level == 0:
            shell.terminal.warn(
                line(shell.terminal.face.mark("due"), row.plain)
                for row in wrap(text("cli_level_0", shell.lang), shell.terminal.face.width, " ")
            )
        name = shell.path(path).resolve().name
        run = submit(center.services, shell.tenant, archive, name=name, manifest=manifest, policy=policy)
        look = _complete(shell, center, run.id, str(path))
        files = write_report(shell, assemble(center.services, shell.tenant, run.id, str(path)), report) if report else []
    _tell(shell, look)
    if report:
        shell.terminal.say(written(report, files, shell.terminal.face))
    return look.exit_code


def _with_sandbox(shell: Shell, choice: str) -> Shell:
    if choice and choice not in SANDBOXES:
        raise UsageError("U-924", value=choice[:40], known=", ".join(SANDBOXES))
    return replace(shell, settings=replace(shell.settings, sandbox=choice)) if choice else shell


def _complete(shell: Shell, center: Center, run_id: str, target: str) -> Look:
    """Work in a thread while this one shows how far it is. Leaving stops the work within a beat."""
    raised: list[BaseException] = []

    def work() -> None:
        try:
            complete(center.services, center.local, shell.tenant, run_id)
        except BaseException as error:  # noqa: BLE001 - carried over to the thread that the user sees
            raised.append(error)

    def look_after() -> None:
        if raised:
            raise raised[0]

    thread = threading.Thread(target=work, name="check", daemon=True)
    thread.start()
    try:
        screen = screen_for(shell.terminal, "cli_footer_check", events=False)
        return follow(center.services, shell.tenant, run_id, screen, target=target, check=look_after)
    finally:
        center.services.stop.set()
        thread.join()


def _tell(shell: Shell, look: Look) -> None:
    shell.terminal.emit(summary_json(look, shell.lang))
    shell.terminal.say(summary_lines(look, shell.terminal.face))
