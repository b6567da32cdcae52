"""What is known of the failure that was taken apart: how small it gets, and the cycles that show it, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from pipeline.cli.layout import left, line, plain, right, wrap
from pipeline.cli.terminal import Face
from pipeline.domain.isolated import Isolated, Signal, Window
from pipeline.messages import text

_INDENT, _GAP = "   ", 2
_NAMED = 12  # operations


def isolated_lines(known: Isolated, face: Face) -> list[Text]:
    """How small it is, and its window."""
    lines = wrap(_sentence(known, face.lang), face.width, _INDENT)
    return [*lines, *(window_lines(known.window, face) if known.window else [])]


def _sentence(known: Isolated, lang: str) -> str:
    if not known.alone:
        return text("wave_after", lang, jobs=f"{len(known.prefix):,}")
    if not known.ops:
        return text("wave_alone", lang, of=f"{known.of_ops:,}")
    names = ", ".join(map(str, known.ops[:_NAMED])) + (", .." if len(known.ops) > _NAMED else "")
    return text("wave_shrunk", lang, ops=names, kept=f"{len(known.ops):,}", of=f"{known.of_ops:,}")


def window_lines(window: Window, face: Face) -> list[Text]:
    """One row a signal, one column a cycle; the cycle that counts is marked, and never among those that do not fit."""
    shown = [signal for signal in window.signals if signal.kind != "clock" and not _idle_reset(signal)]
    rows = [row for signal in shown for row in _rows(signal, face)]
    labels = [text("wave_cycle", face.lang), *(label for label, _values in rows)]
    label_width = max(cell_len(label) for label in labels)
    heads = [f">{cycle}" if cycle == window.cycle else str(cycle) for cycle in window.cycles]
    width = max(cell_len(value) for _label, values in [("", heads), *rows] for value in values)
    room = max(1, (face.width - len(_INDENT) - label_width) // (width + _GAP))
    columns = _columns(window, room)
    table = [_row(labels[0], heads, columns, (label_width, width))]
    table += [_row(label, values, columns, (label_width, width)) for label, values in rows]
    return [*table, *wrap(_caption(window, face.lang), face.width, _INDENT)]


def _columns(window: Window, room: int) -> range:
    """As many columns as there is room for, more of them before the cycle that counts than after it."""
    mark, count = window.cycles.index(window.cycle), len(window.cycles)
    start = min(max(0, mark - room * 2 // 3), max(0, count - room))
    return range(start, min(count, start + room))


def _idle_reset(signal: Signal) -> bool:
    return signal.kind == "reset" and set(signal.values) <= {"0"}


def _rows(signal: Signal, face: Face) -> list[tuple[str, Sequence[str]]]:
    """The signal; below it what was expected, where anything else was."""
    rows: list[tuple[str, Sequence[str]]] = [(plain(signal.name, 40), signal.values)]
    if any(signal.expected):
        awaited = [should or value for should, value in zip(signal.expected, signal.values, strict=True)]
        rows.append((text("wave_expected", face.lang), awaited))
    return rows


def _row(label: str, values: Sequence[str], columns: range, widths: tuple[int, int]) -> Text:
    cells = "".join(" " * _GAP + right(plain(values[column]), widths[1]) for column in columns)
    return line(_INDENT, left(label, widths[0]), cells)


def _caption(window: Window, lang: str) -> str:
    at = window.cycles.index(window.cycle)
    operation, beat = window.operations[at], window.beats[at]
    if window.hang:
        return text("wave_text_hang", lang, channel=window.channel, cycle=window.cycle)
    if operation is None or beat is None:
        return text("wave_text_cycle", lang, channel=window.channel, cycle=window.cycle)
    return text("wave_text_beat", lang, channel=window.channel, cycle=window.cycle, operation=operation, beat=beat)
