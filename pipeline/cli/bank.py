"""`assay bank`: the reference design and its planted bugs, one after another in this process; the matrix bug x testpoint."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from pipeline.bootstrap import Center
from pipeline.cli.bank_print import Row, exit_code, matrix_json, matrix_lines, row_line
from pipeline.cli.demo_bank import DESIGN, Material, read_material, write_planted
from pipeline.cli.layout import line
from pipeline.cli.look import take_look
from pipeline.cli.world import Shell, shell_of
from pipeline.domain.bank import PlantedBug
from pipeline.engine.local import complete
from pipeline.engine.submit import submit
from pipeline.messages import text

POLICY = "core-1"


def bank(
    ctx: typer.Context,
    only: Annotated[str, typer.Option("--bugs", metavar="LIST", show_default=False)] = "",
) -> int:
    """0 only when the design is accepted and each bug rejected by the testpoint named for it. Fixed seeds; keeps nothing."""
    shell = shell_of(ctx)
    material = read_material(shell.world.cwd)
    bugs = _chosen(material.bugs, only)
    words = text("cli_bank", shell.lang, design=DESIGN, count=len(bugs), policy=POLICY)
    shell.terminal.say([line((words, "bold"))])
    rows = _run_all(shell, material, bugs)
    shell.terminal.emit(matrix_json(rows))
    shell.terminal.say(matrix_lines(rows, shell.terminal.face))
    return exit_code(rows)


def _chosen(bugs: Sequence[PlantedBug], only: str) -> Sequence[PlantedBug]:
    """The bugs whose ids stand in the list, in the bank's order; all of them when the list is empty."""
    wanted = {name for name in only.split(",") if name}
    unknown = sorted(wanted - {bug.id for bug in bugs})
    if unknown:
        raise typer.BadParameter(f"--bugs {', '.join(unknown)}: {bugs[0].id} .. {bugs[-1].id}")
    return [bug for bug in bugs if bug.id in wanted] if wanted else bugs


def _run_all(shell: Shell, material: Material, bugs: Sequence[PlantedBug]) -> list[Row]:
    """The design first: a suite that rejects everything would catch every bug and prove nothing."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="assay-bank-") as scratch:
        settings = replace(shell.settings, home=Path(scratch) / "home")
        with shell.world.open_center(settings, "local") as center:
            for bug in (None, *bugs):
                folder = write_planted(material, bug, Path(scratch)) if bug else material.folder
                rows.append(_run(shell, center, folder, bug))
                shell.terminal.say([row_line(rows[-1], shell.terminal.face)])
    return rows


def _run(shell: Shell, center: Center, folder: Path, bug: PlantedBug | None) -> Row:
    name = f"{DESIGN}+{bug.id}" if bug else DESIGN
    run = submit(center.services, shell.tenant, shell.world.pack(folder), name=name, policy=POLICY)
    complete(center.services, center.local, shell.tenant, run.id)
    return Row(bug, take_look(center.services, shell.tenant, run.id).decision)
