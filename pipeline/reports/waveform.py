"""The waveform of the failure that was isolated, as coordinates: a template draws them, painted by class only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from pipeline.domain.isolated import Isolated, Signal, Window
from pipeline.messages import text
from pipeline.reports.units import count
from pipeline.reports.visible import short

COLUMN, ROW, TRACE = 60, 34, 16
_TOP, _BELOW = 26, 44
_LETTER, _GAP = 7.3, 14  # width of a letter of a label, and between label and plot
_LONGEST, _OPS = 32, 24
_SLANT = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """A value that lasts: a hexagon with its digits in the middle. `tone`: empty, wrong or should."""

    path: str
    x: float
    y: int
    shown: str
    tone: str


@dataclass(frozen=True, slots=True)
class Row:
    """One signal: its name, a line (`path`), and for a bus its cells. `tone`: clock, should or empty."""

    name: str
    y: int
    path: str
    cells: tuple[Cell, ...]
    tone: str


@dataclass(frozen=True, slots=True)
class Label:
    """Words below or above the plot; `x` is their middle. `tone`: empty, or wrong."""

    x: float
    shown: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole drawing. `stalls`: x and width; `band`: x and width of the cycle that counts; `edges`: cycle borders."""

    width: int
    height: int
    left: int
    right: int
    bottom: int
    edges: tuple[int, ...]
    cycles: tuple[Label, ...]
    stalls: tuple[tuple[int, int], ...]
    band: tuple[int, int]
    rows: tuple[Row, ...]
    beats: tuple[Label, ...]
    name: Label
    sentence: str


@dataclass(frozen=True, slots=True)
class Wave:
    """What a finding's block shows of it: how small the failure gets, the picture, and the same figures as a table."""

    small: str
    lead: str
    picture: Picture | None
    heads: tuple[str, ...]
    table: tuple[tuple[str, tuple[str, ...]], ...]


def wave(known: Isolated, lang: str) -> Wave:
    """Everything that is known of the failure; without a picture when no window was kept."""
    window = known.window
    if window is None:
        return Wave(_small(known, lang), "", None, (), ())
    lead = text("wave_lead", lang, count=len(window.cycles), channel=short(window.channel, _LONGEST))
    heads = tuple(count(cycle) for cycle in window.cycles)
    return Wave(_small(known, lang), lead, _picture(known, window, lang), heads, tuple(_table(window, lang)))


def _small(known: Isolated, lang: str) -> str:
    if not known.alone:
        return text("wave_after", lang, jobs=count(len(known.prefix)))
    if not known.ops:
        return text("wave_alone", lang, of=count(known.of_ops))
    names = ", ".join(map(str, known.ops[:_OPS])) + ("…" if len(known.ops) > _OPS else "")
    return text("wave_shrunk", lang, ops=names, kept=count(len(known.ops)), of=count(known.of_ops))


def _drawn(window: Window) -> list[Signal]:
    """Signals with something to see: a reset that is never asserted has nothing."""
    return [signal for signal in window.signals if signal.kind != "reset" or "1" in signal.values]


def _table(window: Window, lang: str) -> list[tuple[str, tuple[str, ...]]]:
    rows: list[tuple[str, tuple[str, ...]]] = []
    for signal in _drawn(window):
        if signal.values:
            rows.append((short(signal.name, _LONGEST), signal.values))
        if any(signal.expected):
            rows.append((text("wave_expected", lang), tuple(value or "\u2013" for value in signal.expected)))
    return rows


def _picture(known: Isolated, window: Window, lang: str) -> Picture:
    signals = _drawn(window)
    left = round(max(len(short(signal.name, _LONGEST)) for signal in signals) * _LETTER) + _GAP
    edges = tuple(left + COLUMN * number for number in range(len(window.cycles) + 1))
    rows = _rows(window, signals, edges, lang)
    bottom, at = _TOP + ROW * len(rows), window.cycles.index(window.cycle)
    stalls = _stalls(window)
    here = "wave_here_hang" if window.hang else "wave_here" if known.divergence else "wave_here_rule"
    return Picture(
        width=edges[-1] + 2,
        height=bottom + _BELOW,
        left=left,
        right=edges[-1],
        bottom=bottom,
        edges=edges,
        cycles=tuple(Label(_middle(edges, number), count(cycle)) for number, cycle in enumerate(window.cycles)),
        stalls=tuple((edges[run.start], COLUMN * len(run)) for run in stalls),
        band=(edges[at], COLUMN),
        rows=rows,
        beats=tuple(_beats(window, stalls, edges, lang)),
        name=Label(_middle(edges, at), text(here, lang, rule=short(known.rule, 20)), "wrong"),
        sentence=_sentence(known, window, lang),
    )


def beats_picture(window: Window, lang: str) -> Picture:
    """A window in which nothing is wrong, as a drawing: no band, no mark, no words below but the beats' numbers."""
    signals = _drawn(window)
    left = round(max(len(short(signal.name, _LONGEST)) for signal in signals) * _LETTER) + _GAP
    edges = tuple(left + COLUMN * number for number in range(len(window.cycles) + 1))
    rows = _rows(window, signals, edges, lang)
    bottom = _TOP + ROW * len(rows)
    return Picture(
        width=edges[-1] + 2,
        height=bottom + _BELOW // 2,
        left=left,
        right=edges[-1],
        bottom=bottom,
        edges=edges,
        cycles=(),
        stalls=(),
        band=(edges[0], 0),
        rows=rows,
        beats=tuple(_beats(window, (), edges, lang)),
        name=Label(0, ""),
        sentence=text("wave_beats", lang, channel=short(window.channel, _LONGEST)),
    )


def _middle(edges: Sequence[int], column: int, columns: int = 1) -> float:
    return (edges[column] + edges[column + columns]) / 2


def _rows(window: Window, signals: Sequence[Signal], edges: Sequence[int], lang: str) -> tuple[Row, ...]:
    rows: list[Row] = []
    valid = _values(window, "valid") or ("1",) * len(window.cycles)
    spans = _spans(window, valid)
    for signal in signals:
        y = _TOP + ROW * len(rows) + (ROW - TRACE) // 2
        name = short(signal.name, _LONGEST)
        if signal.kind == "clock":
            rows.append(Row(name, y, _clock(y, edges), (), "clock"))
        elif signal.kind != "bus":
            rows.append(Row(name, y, _level(signal.values, y, edges), (), ""))
        else:
            at = window.cycles.index(window.cycle) if any(signal.expected) else -1
            rows.append(
                Row(name, y, _idle(valid, y, edges), _cells(signal.values, spans, y, edges, cut=signal.cut, wrong=at), "")
            )
        if any(signal.expected):
            y += ROW
            rows.append(Row(text("wave_expected", lang), y, "", _awaited(signal, spans, y, edges), "should"))
    return tuple(rows)


def _values(window: Window, kind: str) -> tuple[str, ...]:
    """Values of the first signal of a kind: that of the channel in question."""
    return next((signal.values for signal in window.signals if signal.kind == kind), ())


def _spans(window: Window, valid: Sequence[str]) -> list[range]:
    """Columns over which one beat is offered: VALID is high, and a handshake ends it."""
    ready, spans, start = _values(window, "ready"), list[range](), 0
    for column, offered in enumerate(valid):
        if offered != "1":
            start = column + 1
        elif column + 1 == len(valid) or valid[column + 1] != "1" or not ready or ready[column] == "1":
            spans.append(range(start, column + 1))
            start = column + 1
    return spans


def _clock(y: int, edges: Sequence[int]) -> str:
    half = COLUMN // 2
    return f"M{edges[0]} {y + TRACE}" + "".join(f"V{y}h{half}V{y + TRACE}h{half}" for _ in edges[1:])


def _level(values: Sequence[str], y: int, edges: Sequence[int]) -> str:
    heights = {"0": y + TRACE, "1": y}
    path = f"M{edges[0]} {heights.get(values[0], y + TRACE // 2)}"
    return path + "".join(
        f"V{heights.get(value, y + TRACE // 2)}H{edge}" for value, edge in zip(values, edges[1:], strict=True)
    )


def _idle(valid: Sequence[str], y: int, edges: Sequence[int]) -> str:
    """A line in the middle wherever nothing is offered."""
    middle = y + TRACE // 2
    return "".join(f"M{edges[at]} {middle}H{edges[at + 1]}" for at, offered in enumerate(valid) if offered != "1")


def _cells(
    values: Sequence[str], spans: Sequence[range], y: int, edges: Sequence[int], *, cut: bool, wrong: int
) -> tuple[Cell, ...]:
    """One hexagon for each value within each offered beat."""
    cells = []
    for span in spans:
        for value, group in groupby(span, key=lambda column: values[column]):
            columns = list(group)
            tone = "wrong" if wrong in columns else ""
            cells.append(_cell(columns, ("…" if cut else "") + value, y, edges, tone))
    return tuple(cells)


def _awaited(signal: Signal, spans: Sequence[range], y: int, edges: Sequence[int]) -> tuple[Cell, ...]:
    cells = []
    for span in spans:
        for value, group in groupby(span, key=lambda column: signal.expected[column]):
            if value:
                cells.append(_cell(list(group), ("…" if signal.cut else "") + value, y, edges, "should"))
    return tuple(cells)


def _cell(columns: Sequence[int], shown: str, y: int, edges: Sequence[int], tone: str) -> Cell:
    start, end, half = edges[columns[0]] + 0.5, edges[columns[-1] + 1] - 0.5, TRACE // 2 + 1
    middle = y + TRACE // 2
    wide = f"H{end - _SLANT}l{_SLANT} {half}l-{_SLANT} {half}H{start + _SLANT}l-{_SLANT} -{half}z"
    return Cell(f"M{start + _SLANT} {middle - half}{wide}", (start + end) / 2, middle + 4, shown, tone)


def _stalls(window: Window) -> list[range]:
    """Columns in which VALID waits for READY, in runs."""
    valid, ready = _values(window, "valid"), _values(window, "ready")
    if not valid or not ready:
        return []
    waits = [offered == "1" and taken == "0" for offered, taken in zip(valid, ready, strict=True)]
    runs = []
    for waiting, group in groupby(range(len(waits)), key=lambda column: waits[column]):
        columns = list(group)
        if waiting:
            runs.append(range(columns[0], columns[-1] + 1))
    return runs


def _beats(window: Window, stalls: Sequence[range], edges: Sequence[int], lang: str) -> list[Label]:
    """Below the plot: the beats that crossed by their numbers, and how long each stall is."""
    labels = []
    for column, beat in enumerate(window.beats):
        wrong = window.cycles[column] == window.cycle and not window.hang
        if beat is not None:
            key = "wave_wrong_beat" if wrong else "wave_beat"
            labels.append(Label(_middle(edges, column), text(key, lang, beat=count(beat)), "wrong" if wrong else ""))
    for run in stalls:
        key = "wave_stall" if len(run) == 1 else "wave_stall_cycles"
        labels.append(Label(_middle(edges, run.start, len(run)), text(key, lang, count=len(run))))
    return labels


def _sentence(known: Isolated, window: Window, lang: str) -> str:
    """What is to be seen, for those who cannot see it."""
    at = window.cycles.index(window.cycle)
    where = {
        "first": count(window.cycles[0]),
        "last": count(window.cycles[-1]),
        "channel": short(window.channel, _LONGEST),
        "cycle": count(window.cycle),
    }
    if window.hang:
        return text("wave_says_hang", lang, **where)
    for signal in window.signals:
        if signal.expected and signal.expected[at]:
            found = {"observed": signal.values[at], "expected": signal.expected[at]}
            return text("wave_says_wrong", lang, name=short(signal.name, _LONGEST), **where, **found)
    return text("wave_says_rule", lang, rule=short(known.rule, 20), **where)
