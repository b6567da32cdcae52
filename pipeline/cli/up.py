"""`assay up`: the centre on this host, until Ctrl-C."""

from __future__ import annotations

import typer

from pipeline.cli.layout import line
from pipeline.cli.terminal import Terminal
from pipeline.cli.world import shell_of
from pipeline.messages import text

PARTS = {"redis": "cli_part_redis", "worker": "cli_part_worker", "sweep": "cli_part_sweep", "night": "cli_part_night"}
WHATS = {"started": "cli_what_started", "ended": "cli_what_ended", "gone": "cli_what_gone", "back": "cli_what_back"}
_STATES = {"started": "passed", "ended": "broken", "gone": "broken", "back": "passed"}


def up(ctx: typer.Context) -> int:
    """Start everything, say how to use it, and end it in order when told to."""
    shell = shell_of(ctx)
    terminal, home = shell.terminal, shell.settings.home
    terminal.say([line((text("cli_up", shell.lang, slots=shell.settings.slots), "bold"))])
    told: list[str] = []

    def tell(part: str, what: str) -> None:
        terminal.emit({"part": part, "what": what})
        tell_part(terminal, part, what)
        if part == "worker" and what == "started" and not told:
            told.append(part)
            keys = ("cli_up_store", "cli_up_submit", "cli_up_leave")
            terminal.say([line("  ", text(key, shell.lang, home=home)) for key in keys])

    shell.world.run_until_signal(shell.settings, tell)
    terminal.emit({"part": "centre", "what": "ended"})
    terminal.say([line(text("cli_up_ended", shell.lang))])
    return 0


def tell_part(terminal: Terminal, part: str, what: str) -> None:
    """One line about one part; `what` may be the rule id of a passing trouble."""
    face = terminal.face
    words = text(WHATS[what], face.lang) if what in WHATS else text("cli_what_trouble", face.lang, rule=what)
    terminal.say([line("  ", face.mark(_STATES.get(what, "due")), f" {text(PARTS[part], face.lang)}  {words}")])
