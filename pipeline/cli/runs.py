"""`assay runs`: the latest runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from pipeline.cli.layout import cut, duration, line, seconds_between, table
from pipeline.cli.summary import VERDICT_WORDS, VERDICTS
from pipeline.cli.terminal import Face
from pipeline.cli.world import shell_of
from pipeline.domain.run import Run
from pipeline.engine.queries import list_runs
from pipeline.messages import text

_NAME = 40


def runs(ctx: typer.Context, limit: Annotated[int, typer.Option(min=1, max=1000)] = 20) -> int:
    """Newest first."""
    shell = shell_of(ctx)
    with shell.world.open_center(shell.settings, "outbox") as center:
        found = list_runs(center.services, shell.tenant, limit)
        names = {run.id: center.services.store.submission(shell.tenant, run.submission_id).name for run in found}
    shell.terminal.emit({"runs": [asdict(run) | {"name": names[run.id]} for run in found]})
    shell.terminal.say(run_lines(found, names, shell.terminal.face))
    return 0


def run_lines(found: Sequence[Run], names: Mapping[str, str], face: Face) -> list[Text]:
    """One line a run; why there are none, and what fills the list."""
    if not found:
        return [line(text("cli_no_runs", face.lang))]
    rows = table([_cells(run, cut(names[run.id], _NAME), face) for run in found], words=6, indent=" ", gap=2)
    return [line(face.mark(_state(run)), row) for run, row in zip(found, rows, strict=True)]


def _state(run: Run) -> str:
    return VERDICTS[run.verdict] if run.verdict else "running"


def _cells(run: Run, name: str, face: Face) -> list[str]:
    verdict = text(VERDICT_WORDS[run.verdict] if run.verdict else "cli_open", face.lang)
    seconds = seconds_between(run.created_at, run.finished_at)
    took = duration(seconds, face.lang) if seconds is not None else ""
    return [str(run.number), run.id, verdict, run.policy, name, run.created_at[:16].replace("T", " "), took]
