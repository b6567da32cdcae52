"""All runs of a night at once: one line each, redrawn on a terminal, or printed when a run ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Group
from rich.live import Live
from rich.text import Text

from pipeline.cli.demo_board import Standing, standing
from pipeline.cli.layout import bar, cut, duration, left, line, right, seconds_between
from pipeline.cli.summary import VERDICT_WORDS, VERDICTS
from pipeline.cli.terminal import Face
from pipeline.cli.world import Shell
from pipeline.domain.night import NightRun
from pipeline.engine.nightly import settle
from pipeline.engine.queries import view_run
from pipeline.engine.services import Services
from pipeline.engine.windows import Schedule
from pipeline.messages import text

POLL_S = 0.25
_NAME, _WORD = 40, 12


def follow_night(shell: Shell, services: Services, schedule: Schedule, window: str) -> None:
    """Until every run of the night has its result. Leaving does not stop the night."""
    runs = [run for run in services.store.nights.runs(shell.tenant, schedule.name) if run.window == window]
    with _screen(shell) as draw:
        told: set[str] = set()
        while len(told) < len(runs):
            now = [standing(view_run(services, shell.tenant, run.run_id)) for run in runs]
            lines = standing_lines(runs, now, shell.terminal.face)
            decided = {run.run_id: shown for run, at, shown in zip(runs, now, lines, strict=True) if at.run.verdict}
            draw(lines, [shown for run_id, shown in decided.items() if run_id not in told])
            told |= set(decided)
            time.sleep(POLL_S if len(told) < len(runs) else 0)
    settle(services, shell.tenant, schedule.name)


@contextmanager
def _screen(shell: Shell) -> Iterator[Callable[[Sequence[Text], Sequence[Text]], None]]:
    """Takes all lines, to redraw, and those that are new, to print where nothing can be redrawn."""
    terminal = shell.terminal
    if not terminal.live:
        yield lambda _lines, fresh: terminal.say(fresh)
        return
    footer = line("  ", (text("cli_footer_watch", shell.lang), "dim"))
    with Live(console=terminal.console(), auto_refresh=False, transient=True) as live:
        yield lambda lines, _fresh: live.update(Group(*lines, footer), refresh=True)


def standing_lines(runs: Sequence[NightRun], now: Sequence[Standing], face: Face) -> list[Text]:
    """One line a design: verdict and time, or how far it is."""
    return [_line(run, at, face) for run, at in zip(runs, now, strict=True)]


def _line(run: NightRun, now: Standing, face: Face) -> Text:
    verdict = now.run.verdict
    if verdict is None:
        mark, word, rest = face.mark("running" if now.stage else "queued"), now.stage, bar(now.share, 1.0)
    else:
        mark, word = face.mark(VERDICTS[verdict]), text(VERDICT_WORDS[verdict], face.lang)
        rest = right(duration(seconds_between(now.run.created_at, now.run.finished_at) or 0.0, face.lang), 12)
    start = f" {left(cut(run.design, _NAME), _NAME)}  {left(word or text('cli_queued', face.lang), _WORD)}  {rest}  "
    return line("  ", mark, start, (f"#{run.number}", "dim"))
