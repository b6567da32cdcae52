"""Text in columns that a terminal cannot bend: widths in cells (Hangul takes two), no control bytes, figures as agreed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.cells import cell_len
from rich.text import Text

MOST_TEXT = 2000
BAR = 20
_MINUTE, _HOUR = 60, 3600
_BELOW_A_MINUTE = 59.95

Part = str | tuple[str, str]


def plain(text: str, most: int = MOST_TEXT) -> str:
    """One bounded line: control bytes, direction marks and line ends become spaces."""
    return "".join(c if c.isprintable() else " " for c in text[:most])


def line(*parts: Part) -> Text:
    """One line of (text, style) or unstyled parts. Never markup: brackets of a hostile name stay brackets."""
    built = Text(no_wrap=True)
    for part in parts:
        words, style = part if isinstance(part, tuple) else (part, "")
        built.append(plain(words), style=style or None)
    return built


def left(text: str, width: int) -> str:
    """Padded to `width` cells on the right; a longer text stays whole."""
    return text + " " * max(0, width - cell_len(text))


def right(text: str, width: int) -> str:
    """Padded to `width` cells on the left."""
    return " " * max(0, width - cell_len(text)) + text


def cut(text: str, width: int) -> str:
    """At most `width` cells, the end replaced by two dots."""
    text = plain(text)
    if cell_len(text) <= width:
        return text
    while text and cell_len(text) > width - 2:
        text = text[:-1]
    return text + ".."


def apart(start: Text, end: str, width: int) -> Text:
    """`start` at the left edge and `end` at the right one, at least two columns between them."""
    return Text.assemble(start, " " * max(2, width - start.cell_len - cell_len(end)), (end, "dim"), no_wrap=True)


def wrap(text: str, width: int, indent: str = "", most: int = 12) -> list[Text]:
    """Words wrapped to `width` cells, at most `most` lines; line ends in `text` are kept."""
    lines: list[str] = []
    for paragraph in text[:MOST_TEXT].splitlines():
        current = ""
        for word in plain(paragraph).split():
            joined = f"{current} {word}" if current else word
            if current and cell_len(indent + joined) > width:
                lines.append(current)
                joined = word
            current = joined
        lines.append(current)
    return [line(indent + words) for words in lines[:most] if words]


def table(rows: Iterable[Sequence[str]], words: int = 1, indent: str = "  ", gap: int = 3) -> list[str]:
    """Aligned rows: the first `words` columns to the left, the others, figures, to the right."""
    cells = [list(row) for row in rows]
    widths = [max(cell_len(row[column]) for row in cells) for column in range(len(cells[0]))] if cells else []
    place = [left if column < words else right for column in range(len(widths))]
    return [
        (indent + (" " * gap).join(put(cell, width) for put, cell, width in zip(place, row, widths, strict=True))).rstrip()
        for row in cells
    ]


def bar(done: float, total: float, width: int = BAR) -> str:
    """`[#####.....]`; full only when all is done."""
    filled = min(width, int(width * done / total)) if total > 0 else 0
    return f"[{'#' * filled}{'.' * (width - filled)}]"


def duration(seconds: float, lang: str) -> str:
    """0.4 s, 6 min 12 s, 2 h 18 min; 0.4초, 6분 12초, 2시간 18분."""
    seconds = max(0.0, seconds)
    korean = lang == "ko"
    if seconds < _BELOW_A_MINUTE:
        return f"{seconds:.1f}초" if korean else f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _HOUR:
        minutes, rest = divmod(whole, _MINUTE)
        return f"{minutes}분 {rest}초" if korean else f"{minutes} min {rest} s"
    hours, rest = divmod(whole // _MINUTE, _MINUTE)
    return f"{hours}시간 {rest}분" if korean else f"{hours} h {rest} min"


def seconds_between(start: str | None, end: str | None) -> float | None:
    """Seconds from one ISO time to another; None when either is missing."""
    if not start or not end:
        return None
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def percent(value: float, threshold: float | None = None) -> str:
    """One decimal; two when one would round up across the threshold: 89.96 against 90 is not 90.0."""
    short = f"{value:.1f}"
    crosses = threshold is not None and value < threshold <= float(short)
    return f"{value:.2f} %" if crosses else f"{short} %"
