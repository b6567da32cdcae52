"""Text from a submission, a log or a tool: bounded, and every character that a reader could not see made visible."""

from __future__ import annotations

from unicodedata import combining, east_asian_width

_OURS = frozenset("\u00a0\u202f")  # no-break spaces between figure and unit
MOST_MARKS = 2
_ESCAPED, _COST = frozenset("&<>\"'"), 8


def short(text: str, most: int = 200) -> str:
    """At most `most` characters as a page prints them; the last one is an ellipsis when some are missing.

    A character that must be escaped or made visible counts `_COST` times, so that hostile text cannot swell a page.
    report.json has the whole text.
    """
    if len(text) <= most // _COST:
        return text
    spent = 0
    for at, char in enumerate(text[: most + 1]):
        spent += _COST if char in _ESCAPED or not (char.isprintable() or char in _OURS) else 1
        if spent > most:
            return text[: max(0, at - 1)] + "…"
    return text


def visible(text: str) -> str:
    """Control characters, direction marks and everything else that prints nothing, by number: ⟦U+202E⟧.

    More than two combining marks in a row are left out: they would paint over their neighbours.
    """
    out: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if combining(char) else 0
        if marks <= MOST_MARKS:
            out.append(char if char.isprintable() or char in _OURS else f"⟦U+{ord(char):04X}⟧")
    return "".join(out)


def columns(text: str) -> int:
    """Columns that `text` takes in a monospaced face: wide characters two, combining marks none."""
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)
