"""The command line: `main` is the entry point and the one error boundary."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import typer

from pipeline.cli.app import Switches, build_command
from pipeline.cli.errors import BROKEN, USAGE, crash, refuse
from pipeline.cli.layout import line
from pipeline.cli.terminal import open_terminal
from pipeline.cli.world import Shell, World, real_world
from pipeline.errors import AssayError, UsageError
from pipeline.messages import text

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None, world: World | None = None) -> int:
    """Run one command. 0 accepted or done, 1 rejected, 2 usage, 3 inconclusive or broken, 130 left with Ctrl-C."""
    given = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    around = world or real_world()
    switches = Switches.read(given)
    terminal = open_terminal(
        around.out, around.err, around.terminal, switches.lang or "en", as_json=switches.json, no_color=switches.no_color
    )
    home: Path | None = None
    try:
        settings = around.settings()
        home = settings.home
        lang = switches.lang or settings.lang
        terminal = replace(terminal, face=replace(terminal.face, lang=lang))
        code = _run(given, Shell(around, replace(settings, lang=lang), terminal))
    except AssayError as error:
        return refuse(terminal, error)
    except BrokenPipeError:
        _let_go(around)
        return BROKEN
    except Exception as error:  # noqa: BLE001 - the boundary: whatever is left is ours, and no traceback reaches a user
        return crash(terminal, error, home)
    if code == INTERRUPTED:
        terminal.warn([line(text("cli_interrupted", terminal.face.lang))])
    return code


def _run(argv: list[str], shell: Shell) -> int:
    command = build_command(shell.lang)
    try:
        code = command.main(args=argv, prog_name="assay", standalone_mode=False, obj=shell)
    except typer.TyperException as error:
        if error.exit_code != USAGE:
            raise
        raise UsageError("U-920", detail=error.format_message()[:300]) from None
    return code if isinstance(code, int) else 0


def _let_go(world: World) -> None:
    """The reader of our pipe is gone; keep the interpreter from complaining when it flushes at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), world.out.fileno())
