"""Where a run in progress is shown: redrawn on a terminal, one line an event in a pipe, JSON lines, or nowhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self

from rich.console import Group
from rich.live import Live
from rich.text import Text

from pipeline.cli.events import event_line
from pipeline.cli.findings import groups, seed_of
from pipeline.cli.layout import duration, line, seconds_between
from pipeline.cli.look import Look
from pipeline.cli.stages import stage_rows
from pipeline.cli.summary import progress_lines
from pipeline.cli.terminal import Face, Terminal
from pipeline.domain.outcome import Outcome
from pipeline.engine.views import Event
from pipeline.messages import message, text

MOST_FAILURES = 4
_ENOUGH = 0.1


class Screen(Protocol):
    """A context manager; `moving` when it wants to be shown even while nothing happened."""

    moving: bool

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def hear(self, event: Event, look: Look) -> None:
        """Something happened."""

    def show(self, look: Look) -> None:
        """How it stands."""

    def hint(self) -> None:
        """Nobody has taken the run for a while."""


class QuietScreen:
    """Shows nothing."""

    moving = False

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def hear(self, event: Event, look: Look) -> None:
        """Nothing to say."""

    def show(self, look: Look) -> None:
        """Nothing to draw."""

    def hint(self) -> None:
        """Say who works on runs, beside the answer."""
        self.terminal.warn([line(text("cli_nobody", self.terminal.face.lang))])


class LineScreen(QuietScreen):
    """One line an event."""

    def hear(self, event: Event, look: Look) -> None:
        """Print it, if it says anything."""
        words = event_line(event, look)
        if words:
            self.terminal.say([line(words)])


class JsonScreen(QuietScreen):
    """One CloudEvents object an event."""

    def hear(self, event: Event, look: Look) -> None:
        """Print it, with the run's number for people who read along."""
        self.terminal.emit(event.to_json() | {"run": look.number})


class LiveScreen(QuietScreen):
    """Redrawn in place; cleared at the end, when the summary takes its place."""

    moving = True

    def __init__(self, terminal: Terminal, footer: str) -> None:
        super().__init__(terminal)
        self._footer = footer
        self._hint = False
        self._live = Live(console=terminal.console(), auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._live.stop()

    def show(self, look: Look) -> None:
        """Draw."""
        lines = [*live_lines(look, self._footer, self.terminal.face)]
        if self._hint and not any(step.started_at for step in look.view.steps):
            lines.append(line("  ", text("cli_nobody", self.terminal.face.lang)))
        self._live.update(Group(*lines), refresh=True)

    def hint(self) -> None:
        """From now on, as long as it is true."""
        self._hint = True


@contextmanager
def working(terminal: Terminal, words: str) -> Iterator[None]:
    """Say what is being done and for how long by now, while the block runs; `words` say how long it may take."""
    if not terminal.live:
        terminal.warn([line((words, "dim"))])
        yield
        return
    begun = time.monotonic()

    def drawn() -> Text:
        spent = text("cli_elapsed", terminal.face.lang, time=duration(time.monotonic() - begun, terminal.face.lang))
        return line(terminal.face.mark("running"), f" {words}  ", (spent, "dim"))

    with Live(console=terminal.console(), get_renderable=drawn, refresh_per_second=4, transient=True):
        yield


def live_lines(look: Look, footer: str, face: Face) -> list[Text]:
    """What a terminal shows while a run goes on."""
    lines = [*progress_lines(look, face), Text()]
    failed = [group for group in groups(look.view.findings) if group.first.outcome is Outcome.FAILED]
    for group in failed[:MOST_FAILURES]:
        told, first = message(group.first.rule, group.first.args, face.lang), group.first
        where = f" {first.testpoint or first.rule}  "
        lines.append(line("  ", face.mark("failed"), where, told.title, (f"  {seed_of(first)}", "dim")))
    left = remaining(look)
    estimate = text("cli_left", face.lang, time=duration(left, face.lang)) + "   " if left is not None else ""
    return [*lines, line("  ", (estimate + text(footer, face.lang), "dim"))]


def remaining(look: Look) -> float | None:
    """Seconds left, from the pace of simulation so far; None before there is one."""
    rows = {row.stage: row for row in stage_rows(look, "en")}
    paced = rows.get("judge") if "judge" in rows and rows["judge"].done else rows.get("simulate")
    if paced is None or paced.state != "running" or paced.done / paced.total < _ENOUGH:
        return None
    begun = min((s.started_at for s in look.view.steps if s.spec.stage == "simulate" and s.started_at), default=None)
    spent = seconds_between(begun, look.now)
    return None if spent is None else spent * (paced.total - paced.done) / paced.done


def screen_for(terminal: Terminal, footer: str, *, events: bool = True) -> Screen:
    """The screen that fits; `events` False: a machine wants the answer and not the way there."""
    if terminal.live:
        return LiveScreen(terminal, footer)
    if terminal.json:
        return JsonScreen(terminal) if events else QuietScreen(terminal)
    return LineScreen(terminal)
