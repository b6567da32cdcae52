"""The smallest operation's beats as drawings: out of the manifest alone, before anything ran. SVG and a page around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from pipeline.domain.isolated import MOST_CYCLES, Kind, Signal, Window
from pipeline.messages import text
from pipeline.reports.visible import visible
from pipeline.reports.waveform import Picture, Row, beats_picture

_HEAD, _FOOT = 28, 14
_NAME, _VALUE = 120, 64
_STYLE = (
    "svg{font:12px system-ui,sans-serif;background:#fff}text{fill:#333}.h{font-weight:700}.e{text-anchor:end}"
    ".m{text-anchor:middle}.n,.v{font-family:ui-monospace,monospace}.b{font-size:11px}.v{font-size:10px}.g{stroke:#ddd}"
    ".l,.x{fill:none;stroke:#222;stroke-width:1.5;stroke-linejoin:round}.clock .l{stroke:#999;stroke-width:1}"
    ".x{fill:#fff}"
)
_PAGE = "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}code{font-size:13px}"


def windows(channels: Sequence[Mapping[str, Any]], clock: str) -> tuple[Window, ...]:
    """One window for each channel of an operation (`verif.waves.sketch`), beats back to back, an idle cycle around them.

    Raises KeyError, TypeError or ValueError for what is no sketch: it was made while reading a stranger's file.
    """
    return tuple(_window(channel, clock) for channel in channels)


def _window(channel: Mapping[str, Any], clock: str) -> Window:
    fields = [(str(one["pin"])[:_NAME], [str(value)[:_VALUE] for value in one["values"]], one) for one in channel["fields"]]
    beats = min(max((len(values) for _, values, _ in fields), default=0), MOST_CYCLES - 2)
    lanes = [Signal(clock[:_NAME], "clock", ()), *_handshake(channel, beats)]
    for pin, values, one in fields:
        shown = (*values, *("x" * (beats - len(values))))[:beats]
        kind: Kind = "bit" if one["bits"] == 1 else "bus"
        lanes.append(Signal(pin, kind, _around(shown, "0" if kind == "bit" else ""), cut=bool(one["cut"])))
    numbers = (None, *range(beats), None)
    cycles = tuple(range(beats + 2))
    return Window(str(channel["id"])[:_NAME], 0, True, cycles, numbers, numbers, tuple(lanes))


def _handshake(channel: Mapping[str, Any], beats: int) -> Iterator[Signal]:
    if channel["valid"]:
        yield Signal(str(channel["valid"])[:_NAME], "valid", _around(("1",) * beats, "0"))
    if channel["ready"]:
        yield Signal(str(channel["ready"])[:_NAME], "ready", _around(("1",) * beats, "1"))


def _around(values: Sequence[str], idle: str) -> tuple[str, ...]:
    return (idle, *values, idle)


def svg(drawn: Sequence[Window], lang: str) -> str:
    """One standalone SVG, the channels below each other. Text only, no script, nothing loaded."""
    y, width, parts = 8, 0, []
    for window in drawn:
        picture = beats_picture(window, lang)
        title = f'<text class="h" x="4" y="14">{_shown(window.channel)}</text>'
        parts.append(
            f'<g transform="translate(4 {y})">{title}<g transform="translate(0 {_HEAD - 16})">{_drawn(picture)}</g></g>'
        )
        y += _HEAD + picture.height + _FOOT
        width = max(width, picture.width)
    size = f'width="{width + 8}" height="{y}" viewBox="0 0 {width + 8} {y}"'
    label = " ".join(beats_picture(window, lang).sentence for window in drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{_shown(label)}">'
        f"<style>{_STYLE}</style>{''.join(parts)}</svg>\n"
    )


def _drawn(picture: Picture) -> str:
    grid = "".join(f"M{x + 0.5} 20V{picture.bottom}" for x in picture.edges)
    beats = (f'<text class="b m" x="{one.x}" y="{picture.bottom + 15}">{_shown(one.shown)}</text>' for one in picture.beats)
    return f'<path class="g" d="{grid}"/>' + "".join(_row(row, picture.left) for row in picture.rows) + "".join(beats)


def _row(row: Row, left: int) -> str:
    name = f'<text class="n e" x="{left - 10}" y="{row.y + 12}">{_shown(row.name)}</text>'
    line = f'<path class="l" d="{row.path}"/>' if row.path else ""
    cells = "".join(
        f'<path class="x" d="{cell.path}"/><text class="v m" x="{cell.x}" y="{cell.y}">{_shown(cell.shown)}</text>'
        for cell in row.cells
    )
    return f'<g class="{row.tone}">{name}{line}{cells}</g>'


def page(title: str, sections: Sequence[tuple[str, Sequence[str], Sequence[Window]]], lang: str) -> str:
    """An HTML page: for each operation (head, sentences, windows). Everything of a stranger's is escaped."""
    body = "".join(
        f"<h2>{_shown(head)}</h2>"
        + "".join(f"<p>{_shown(sentence)}</p>" for sentence in sentences)
        + (svg(drawn, lang) if drawn else f"<p>{_shown(text('explain_no_beats', lang))}</p>")
        for head, sentences, drawn in sections
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>{_shown(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><style>{_PAGE}</style>'
        f"<h1>{_shown(title)}</h1>{body}</html>\n"
    )


def _shown(words: str) -> str:
    return escape(visible(words[:400]))
