"""`assay demo`: a real accelerator and its planted bugs through the real queue, with fresh seeds every time."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from pipeline.cli.demo_bank import DESIGN, Material, choose, read_material, write_planted
from pipeline.cli.demo_board import follow_all
from pipeline.cli.demo_print import Piece, piece_json, piece_lines, piece_ok
from pipeline.cli.layout import line
from pipeline.cli.report import write_report
from pipeline.cli.up import tell_part
from pipeline.cli.world import Shell, shell_of
from pipeline.engine.dossier import assemble
from pipeline.engine.services import Services
from pipeline.engine.submit import submit
from pipeline.messages import text
from pipeline.settings import Settings

HOME = Path(".assay/demo")
LONGEST_HOME = 80
DEMO_SLOTS = 3
POLICY = "core-1"


def demo(
    ctx: typer.Context,
    bugs: Annotated[int, typer.Option(min=0)] = 6,
    *,
    every: Annotated[bool, typer.Option("--all", show_default=False)] = False,
) -> int:
    """0 only when the design is accepted and every planted bug is rejected by the testpoint that was named for it before."""
    shell = shell_of(ctx)
    material = read_material(shell.world.cwd)
    shell = replace(shell, settings=demo_settings(shell))
    chosen = material.bugs if every else choose(material.bugs, bugs)
    _introduce(shell, len(chosen))
    with shell.world.running(shell.settings, lambda part, what: tell_part(shell.terminal, part, what)) as centre:
        services = centre.center.services
        pieces = _submit(shell, services, replace(material, bugs=chosen), epoch=int(time.time()))
        follow_all(shell, services, pieces)
        finished = [_finish(shell, services, piece) for piece in pieces]
    return _conclude(shell, finished)


def demo_settings(shell: Shell) -> Settings:
    """A private centre below the current folder; in the user's own home when a socket's path there would be too long."""
    home = shell.world.cwd / HOME
    if len(str(home).encode()) > LONGEST_HOME:
        home = shell.settings.home / "demo"
    # One step more than the cores of a small machine: much of a step is spent waiting for the one before it in its sandbox.
    return replace(shell.settings, home=home, database_url="", redis_url="", slots=max(shell.settings.slots, DEMO_SLOTS))


def near(path: Path, cwd: Path) -> Path:
    """The path as seen from `cwd` when it lies below it: shorter to read, and still what a command accepts."""
    return path.relative_to(cwd) if path.is_relative_to(cwd) else path


def _introduce(shell: Shell, count: int) -> None:
    words = text("cli_demo", shell.lang, design=DESIGN, count=count, policy=POLICY)
    shell.terminal.say(
        [
            line((words, "bold")),
            line("  ", text("cli_demo_home", shell.lang, home=near(shell.settings.home, shell.world.cwd))),
        ]
    )


def _submit(shell: Shell, services: Services, material: Material, epoch: int) -> list[Piece]:
    """Everything goes into the queue at once, the good design first; the queue keeps every core busy."""
    archive = shell.world.pack(material.folder)
    good = submit(services, shell.tenant, archive, name=DESIGN, policy=POLICY, epoch=epoch)
    pieces = [Piece(None, good)]
    with tempfile.TemporaryDirectory(prefix="assay-demo-") as scratch:
        for bug in material.bugs:
            archive = shell.world.pack(write_planted(material, bug, Path(scratch)))
            run = submit(services, shell.tenant, archive, name=f"{DESIGN}+{bug.id}", policy=POLICY, epoch=epoch)
            pieces.append(Piece(bug, run))
    return pieces


def _finish(shell: Shell, services: Services, piece: Piece) -> Piece:
    """The piece with its dossier, and its report written."""
    dossier = assemble(services, shell.tenant, piece.run.id)
    folder = shell.settings.home / "reports" / str(piece.run.number)
    files = write_report(shell, dossier, folder)
    pages = [name for name in files if name.endswith(".html")]
    return replace(piece, dossier=dossier, report=near(folder / (pages or files or [""])[0], shell.world.cwd))


def _conclude(shell: Shell, pieces: Sequence[Piece]) -> int:
    face, home = shell.terminal.face, near(shell.settings.home, shell.world.cwd)
    ok = all(piece_ok(piece) for piece in pieces)
    code = 0 if ok else 1
    caught = sum(piece_ok(piece) for piece in pieces if piece.bug)
    verdict = pieces[0].run.verdict if pieces[0].dossier is None else pieces[0].dossier.decision.verdict
    shell.terminal.emit({"pieces": [piece_json(piece) for piece in pieces], "caught": caught, "exit_code": code})
    shell.terminal.say(row for piece in pieces for row in (Text(), *piece_lines(piece, home, face)))
    again = text("cli_demo_again", shell.lang, home=home)
    last = text(
        "cli_demo_verdict",
        shell.lang,
        design=DESIGN,
        verdict=verdict,
        policy=POLICY,
        caught=caught,
        planted=len(pieces) - 1,
    )
    shell.terminal.say([Text(), line((again, "dim")), line(face.mark("passed" if ok else "failed"), " ", (last, "bold"))])
    return code
