"""Pictures as coordinates. Templates draw them as SVG, painted by class only, each with a sentence that says the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from pipeline.messages import text
from pipeline.reports.units import duration
from pipeline.reports.words import Mark

BAR = 240
_BUCKETS = 160
_PLOT, _LEFT, _ROW = 820, 120, 24
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600, 1200, 3600, 7200, 21600, 86400)
_MOST_TICKS, _MINUTE = 8, 60
WIDEST_BITS = 64
_CHUNK, _NIBBLE_GAP, _LANE, _LABEL = 32, 8, 88, 76
NARROW, CELLS = 16, (24, 18)  # cells are wider when there are few


def bar(value: float, total: float, width: float = BAR) -> float:
    """Length of a bar from a zero base: never empty unless `value` is 0, never full unless all."""
    if total <= 0 or value <= 0:
        return 0.0
    return round(width if value >= total else min(width - 1, max(1.5, width * value / total)), 1)


@dataclass(frozen=True, slots=True)
class Strip:
    """A file from first to last line as two paths, `length` wide, 16 high: lines that ran, and taller, lines never run."""

    hit: str
    miss: str
    length: int


def strip(lines: Mapping[int, int]) -> Strip:
    """The strip of line -> hits. Long files share places; one line that never ran is enough to show its place as such."""
    last = max(lines, default=0)
    length = max(1, min(last, _BUCKETS))
    kinds: dict[int, bool] = {}
    for line, hits in lines.items():
        place = min(length - 1, max(0, (line - 1) * length // max(1, last)))
        kinds[place] = kinds.get(place, True) and hits > 0
    paths = {True: "", False: ""}
    for hit, group in groupby(sorted(kinds), key=lambda place: kinds[place]):
        places = list(group)
        top, height = (4, 8) if hit else (0, 16)
        paths[hit] += f"M{places[0]} {top}h{places[-1] - places[0] + 1}v{height}H{places[0]}z"
    return Strip(paths[True], paths[False], length)


@dataclass(frozen=True, slots=True)
class Bit:
    """One bit position: its place in the picture, both values, and its number when it is printed."""

    x: int
    number: str
    expected: str
    observed: str
    wrong: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """At most 32 bits in a row."""

    y: int
    bits: tuple[Bit, ...]


@dataclass(frozen=True, slots=True)
class Bits:
    """Expected above observed, bit by bit, the highest bit first; `cell` is the width of one."""

    cell: int
    middle: int
    width: int
    height: int
    lanes: tuple[Lane, ...]


def bit_lanes(expected: str, observed: str) -> Bits | None:
    """The picture of two binary numbers of one width; None for a single bit or more than 64."""
    width = len(expected)
    if not 1 < width <= WIDEST_BITS:
        return None
    cell, lanes = CELLS[width > NARROW], []
    for index, start in enumerate(range(0, width, _CHUNK)):
        positions = range(start, min(start + _CHUNK, width))
        lanes.append(Lane(index * _LANE, tuple(_bit(expected, observed, at, start, cell) for at in positions)))
    right = max(bit.x for lane in lanes for bit in lane.bits)
    return Bits(cell, cell // 2, right + cell + 2, len(lanes) * _LANE, tuple(lanes))


def _bit(expected: str, observed: str, at: int, start: int, cell: int) -> Bit:
    number = len(expected) - 1 - at
    gaps = ((len(expected) - 1 - start) // 4) - number // 4
    shown = str(number) if number % 4 in {0, 3} or at == 0 else ""
    x = _LABEL + (at - start) * cell + gaps * _NIBBLE_GAP
    return Bit(x, shown, expected[at], observed[at], expected[at] != observed[at])


@dataclass(frozen=True, slots=True)
class TimeBar:
    """One step on the axis of time."""

    name: str
    mark: Mark
    x: float
    y: int
    width: float
    label: str
    label_x: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """Steps on a common axis from the first start. `ticks` are x and label; `sentence` says what is to be seen."""

    bars: tuple[TimeBar, ...]
    ticks: tuple[tuple[float, str], ...]
    width: int
    height: int
    sentence: str


def timeline(steps: Sequence[tuple[str, float, float, Mark]], lang: str) -> Timeline:
    """`steps`: name, start and length in seconds, outcome; at least one."""
    whole = max(0.1, *(start + seconds for _, start, seconds, _ in steps))
    gap = next((tick for tick in _TICKS if whole / tick <= _MOST_TICKS), whole)
    ticks = [(round(_LEFT + _PLOT * at * gap / whole, 1), _tick(at * gap, lang)) for at in range(int(whole / gap) + 1)]
    bars = tuple(_time_bar(index, step, whole, lang) for index, step in enumerate(steps))
    longest = max(steps, key=lambda step: step[2])
    sentence = text(
        "report_timeline_sentence", lang, whole=duration(whole, lang), step=longest[0], time=duration(longest[2], lang)
    )
    return Timeline(bars, tuple(ticks), _LEFT + _PLOT + 84, len(steps) * _ROW + 34, sentence)


def _time_bar(index: int, step: tuple[str, float, float, Mark], whole: float, lang: str) -> TimeBar:
    name, start, seconds, mark = step
    x, width = _LEFT + _PLOT * start / whole, max(2.0, _PLOT * seconds / whole)
    return TimeBar(
        name, mark, round(x, 1), index * _ROW + 6, round(width, 1), duration(seconds, lang), round(x + width + 8, 1)
    )


def _tick(seconds: float, lang: str) -> str:
    """Whole seconds and minutes without what is zero."""
    if seconds < _MINUTE and float(seconds).is_integer():
        return text("report_tick_s", lang, count=int(seconds))
    minutes = int(seconds // _MINUTE)
    return text("report_tick_min", lang, count=minutes) if seconds == minutes * _MINUTE else duration(seconds, lang)
