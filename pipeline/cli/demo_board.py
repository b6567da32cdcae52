"""All runs of the demonstration at once: one line each, redrawn on a terminal, or printed when a run ends."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Group
from rich.live import Live
from rich.text import Text

from pipeline.cli.demo_bank import DESIGN
from pipeline.cli.demo_print import Piece
from pipeline.cli.layout import bar, cut, duration, left, line, right, seconds_between
from pipeline.cli.summary import VERDICT_WORDS, VERDICTS
from pipeline.cli.terminal import Face
from pipeline.cli.world import Shell
from pipeline.domain.run import Run, StepState
from pipeline.engine.queries import view_run
from pipeline.engine.services import Services
from pipeline.engine.views import RunView
from pipeline.messages import text

POLL_S = 0.5
_TITLE, _WORD = 44, 12
_STEPS_AT_LEAST = 8


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one run is: `share` from 0 to 1, and the stage it is at."""

    run: Run
    share: float
    stage: str


class _Board:
    """What is on the screen: the standing of every piece, and which verdicts have been told."""

    def __init__(self, shell: Shell, pieces: Sequence[Piece]) -> None:
        self._terminal, self._pieces = shell.terminal, pieces
        self._standings: dict[str, Standing] = {}
        self._begun = time.monotonic()
        self._live = Live(console=shell.terminal.console(), auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        if self._terminal.live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._live.stop()

    @property
    def waiting(self) -> list[Piece]:
        """Pieces without a verdict."""
        return [piece for piece in self._pieces if not self._decided(piece)]

    def take(self, piece: Piece, view: RunView) -> None:
        """Note how far it is; in a pipe, one line when it is decided."""
        self._standings[piece.run.id] = standing(view)
        if self._decided(piece) and not self._terminal.live:
            self._terminal.say([_line(piece, self._standings[piece.run.id], self._terminal.face)])

    def draw(self) -> None:
        """Show everything."""
        if self._terminal.live:
            lines = board_lines(self._pieces, self._standings, time.monotonic() - self._begun, self._terminal.face)
            self._live.update(Group(*lines), refresh=True)

    def _decided(self, piece: Piece) -> bool:
        return piece.run.id in self._standings and self._standings[piece.run.id].run.verdict is not None


def follow_all(shell: Shell, services: Services, pieces: Sequence[Piece]) -> None:
    """Until every run has its verdict."""
    with _Board(shell, pieces) as board:
        while waiting := board.waiting:
            for piece in waiting:
                board.take(piece, view_run(services, shell.tenant, piece.run.id))
            board.draw()
            if board.waiting:
                time.sleep(POLL_S)


def standing(view: RunView) -> Standing:
    """From what the store holds; steps that intake has not planned yet are guessed, so that the share never jumps."""
    done = float(sum(step.state is StepState.DONE for step in view.steps))
    for step in view.steps:
        progress = view.progress.get(step.spec.name)
        if step.state is StepState.RUNNING and progress and progress.total:
            done += min(0.9, progress.done / progress.total)
    running = [step.spec.stage for step in view.steps if step.state is StepState.RUNNING]
    share = 1.0 if view.finished else min(0.99, done / max(_STEPS_AT_LEAST, len(view.steps)))
    return Standing(view.run, share, running[-1] if running else "")


def board_lines(pieces: Sequence[Piece], standings: dict[str, Standing], spent: float, face: Face) -> list[Text]:
    """All runs, and how long it may take from here, judged by the pace so far."""
    lines = [_line(piece, standings[piece.run.id], face) for piece in pieces]
    share = sum(standing.share for standing in standings.values()) / len(pieces)
    key = "cli_demo_left" if share > 0.1 else "cli_demo_spent"  # noqa: PLR2004 - a tenth is too little to judge a pace by
    rest = duration(spent * (1 - share) / share, face.lang) if share else ""
    return [*lines, line("  ", (text(key, face.lang, spent=duration(spent, face.lang), left=rest), "dim"))]


def _line(piece: Piece, now: Standing, face: Face) -> Text:
    title = left(cut(f"{piece.bug.id} {piece.bug.title}" if piece.bug else DESIGN, _TITLE), _TITLE)
    verdict = now.run.verdict
    if verdict is None:
        mark, word, rest = face.mark("running" if now.stage else "queued"), now.stage, f"{bar(now.share, 1.0)}"
    else:
        mark, word = face.mark(VERDICTS[verdict]), text(VERDICT_WORDS[verdict], face.lang)
        rest = right(duration(seconds_between(now.run.created_at, now.run.finished_at) or 0.0, face.lang), 12)
    start = f" {title}  {left(word or text('cli_queued', face.lang), _WORD)}  {rest}  "
    return line("  ", mark, start, (f"#{now.run.number}", "dim"))
