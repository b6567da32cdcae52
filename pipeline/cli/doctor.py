"""`assay doctor`: is everything here that a check needs, and what to do when it is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer
from rich.cells import cell_len
from rich.text import Text

from pipeline.cli.errors import BROKEN, as_json
from pipeline.cli.layout import left, line, wrap
from pipeline.cli.terminal import Face
from pipeline.cli.world import shell_of
from pipeline.messages import message, text

if TYPE_CHECKING:
    from pipeline.adapters.diagnosis import Probe

MARKS = {"ok": "passed", "note": "not_applicable", "problem": "failed"}
WORDS = {"ok": "cli_doctor_ok", "note": "cli_doctor_note", "problem": "cli_doctor_problem"}


def doctor(ctx: typer.Context) -> int:
    """0 when everything is in place, 3 when something is not."""
    shell = shell_of(ctx)
    probes = shell.world.diagnose(shell.settings)
    code = BROKEN if any(probe.state == "problem" for probe in probes) else 0
    told = [asdict(probe) | {"message": _told(probe, shell.lang)} for probe in probes]
    shell.terminal.emit({"probes": told, "exit_code": code})
    shell.terminal.say(probe_lines(probes, shell.terminal.face))
    return code


def _told(probe: Probe, lang: str) -> dict[str, str] | None:
    return as_json(message(probe.rule, probe.values, lang)) if probe.rule else None


def probe_lines(probes: Sequence[Probe], face: Face) -> list[Text]:
    """One line a probe; below a problem, what it means and what to do."""
    width = max((cell_len(probe.name) for probe in probes), default=0)
    words = max(cell_len(text(key, face.lang)) for key in WORDS.values())
    lines: list[Text] = []
    for probe in probes:
        start = f" {left(probe.name, width)}  {left(text(WORDS[probe.state], face.lang), words)}  "
        lines.append(line(face.mark(MARKS[probe.state]), start, probe.detail))
        if probe.rule:
            told = message(probe.rule, probe.values, face.lang)
            lines += wrap(f"{told.rule}  {told.what}", face.width, "     ") + wrap(told.next, face.width, "     ")
    count = sum(probe.state == "problem" for probe in probes)
    key = "cli_doctor_problems" if count else "cli_doctor_fine"
    return [*lines, line(text(key, face.lang, count=count))]
