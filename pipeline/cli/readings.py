"""Near-miss readings on the terminal: what a failure is consistent with, and what a run could not tell apart."""

from __future__ import annotations

from rich.text import Text

from pipeline.cli.layout import plain, wrap
from pipeline.cli.terminal import Face
from pipeline.domain.readings import Explained, Readings
from pipeline.reports.readings import explained_view, reading_words, readings_view

MOST_SHOWN = 5
_INDENT, _ITEM = "   ", "     - "


def explained_lines(found: Explained, face: Face) -> list[Text]:
    """The explanation of a failure, one reading a line when there are several."""
    view = explained_view(found, face.lang)
    lines = wrap(plain(view.sentence, 600), face.width, _INDENT)
    for reading in view.readings:
        lines += wrap(plain(reading, 300), face.width, _ITEM)
    return [*lines, *wrap(view.caution, face.width, _INDENT)]


def readings_lines(found: Readings, face: Face) -> list[Text]:
    """How many readings a run could tell apart, and the first ones that it could not although it compared them."""
    view = readings_view(found, face.lang)
    if view is None:
        return []
    lines = [Text(), *wrap(view.sentence, face.width, "  ")]
    for group in view.groups[:1] if found.having("open") else ():
        lines += wrap(group.title, face.width, "  ")
        for one in found.having("open")[:MOST_SHOWN]:
            lines += wrap(plain(reading_words(one, face.lang), 300), face.width, _ITEM)
    return lines
