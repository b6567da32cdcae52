"""A night as text: how fresh it is, a line for each design, then failures by standing, and what is ours."""

from __future__ import annotations

from rich.text import Text

from pipeline.cli.errors import exit_line
from pipeline.cli.layout import cut, left, line
from pipeline.cli.summary import VERDICT_WORDS
from pipeline.cli.terminal import Face
from pipeline.domain.board import Board, DesignNight, NightState
from pipeline.domain.night import Classed, Standing
from pipeline.messages import message, text
from pipeline.reports.nightly import clock, fresh, missed, ours, trouble

STRIP = {
    NightState.PASSED: "+",
    NightState.NEW: "N",
    NightState.KNOWN: "x",
    NightState.FIXED: "f",
    NightState.BROKEN: "!",
    NightState.MISSED: "?",
    NightState.RUNNING: ">",
    NightState.ABSENT: ".",
}
_MARKS = {NightState.NEW: "failed", NightState.KNOWN: "failed", NightState.FIXED: "passed", NightState.ABSENT: "later"}
_STANDINGS = {
    Standing.NEW: ("failed", "night_new"),
    Standing.KNOWN: ("failed", "night_known"),
    Standing.OPEN: ("due", "night_open"),
    Standing.FIXED: ("passed", "night_fixed"),
}
_NAME, _WORD = 32, 14


def night_lines(board: Board, face: Face) -> list[Text]:
    """Everything, worst last, where the eye is; then the exit code."""
    lines = [line((text("night_of", face.lang, window=board.window), "bold")), line("  ", fresh(board, face.lang))]
    opens = text("night_next", face.lang, time=clock(board.next_opens)) if board.next_opens else ""
    lines += [line("  ", opens or text("night_no_clock", face.lang)), Text()]
    lines += [_design_line(design, face) for design in board.designs]
    lines.append(line("  ", (text("night_strip_legend", face.lang), "dim")))
    for standing in (Standing.FIXED, Standing.OPEN, Standing.KNOWN, Standing.NEW):
        lines += _failures(board, standing, face)
    return [*lines, *_apart(board, face), Text(), exit_line(board.exit_code, face)]


def _design_line(design: DesignNight, face: Face) -> Text:
    result = design.run.result if design.run else None
    verdict = text(VERDICT_WORDS[result.verdict], face.lang) if result else text("night_no_result", face.lang)
    strip = "".join(STRIP[cell.state] for cell in design.strip)
    run = f"#{design.run.number}" if design.run else ""
    mark = face.mark(_MARKS.get(design.state, design.state.value))
    return line("  ", mark, f" {left(cut(design.name, _NAME), _NAME)}  {strip}  {left(verdict, _WORD)}  ", (run, "dim"))


def _failures(board: Board, standing: Standing, face: Face) -> list[Text]:
    state, word = _STANDINGS[standing]
    rows = [row for design in board.designs for item in design.of(standing) for row in _failure(design, item, state, face)]
    head = text("night_failures_head", face.lang, word=text(word, face.lang), count=board.count(standing))
    return [Text(), line((head, "bold")), *rows] if rows else []


def _failure(design: DesignNight, item: Classed, state: str, face: Face) -> list[Text]:
    failure = item.failure
    title = message(failure.rule, failure.args, face.lang).title
    since = text("night_seen_since", face.lang, window=item.first_seen, nights=item.nights)
    count = text("night_findings", face.lang, count=failure.count)
    return [
        line("  ", face.mark(state), f" {design.name}  {failure.place}  {failure.rule}  ", (title, "bold")),
        line("    ", (f"{count}  {since}", "dim")),
        line("    ", failure.again),
    ]


def _apart(board: Board, face: Face) -> list[Text]:
    """What is missing and what is ours: nothing of it is said of a design."""
    late = [(face.mark("missed"), design.name, text("night_state_missed", face.lang)) for design in missed(board)]
    broke = [(face.mark("broken"), design.name, trouble(design, face.lang)) for design in board.designs if ours(design)]
    rows = [line("  ", mark, f" {name}  {words}") for mark, name, words in (*late, *broke)]
    return [Text(), line((text("night_ours_head", face.lang), "bold")), *rows] if rows else []
