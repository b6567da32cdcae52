"""A manifest explained on a terminal: sentences, timing diagrams in letters, testpoints with their reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text

from pipeline.cli.layout import cut, left, line, plain, wrap
from pipeline.cli.terminal import Face
from pipeline.domain.isolated import Signal, Window
from pipeline.messages import text
from pipeline.reports.beats import windows
from pipeline.reports.reasons import reason

_NAME = 24
_HIGH, _LOW = "-", "_"
_ORDER = ("planned", "not_applicable", "later")
Section = tuple[str, Sequence[str], Sequence[Window]]


def explained_lines(facts: Mapping[str, Any], face: Face) -> list[Text]:
    """Everything, in the order in which one asks: what it computes, how that looks on the pins, what will be tested."""
    contract = facts["contract"]
    title = text("explain_title", face.lang, design=plain(str(contract["design"]), 60))
    lines = [line((title, "bold"), f"  {plain(str(contract['profile']), 20)}")]
    for number, (head, sentences, drawn) in enumerate(sections(facts, face.lang)):
        lines += [Text(), line((head, "bold"))]
        lines += [row for sentence in sentences for row in wrap(sentence, face.width, "  ")]
        lines += [Text(), *_beats(facts["operations"][number], drawn, face)]
    lines += [Text(), *_own(contract, face), *_pins(facts["pins"], face), Text(), *_testpoints(facts["testpoints"], face)]
    return lines


def sections(facts: Mapping[str, Any], lang: str) -> list[Section]:
    """(head, sentences, windows) for each operation."""
    clock = text("explain_clock", lang)
    return [
        (
            text("explain_operation", lang, id=plain(str(one["id"]), 64)),
            [plain(str(sentence), 1000) for sentence in one["words"][lang]],
            windows(one["channels"], clock),
        )
        for one in facts["operations"]
    ]


def _beats(operation: Mapping[str, Any], drawn: Sequence[Window], face: Face) -> Iterator[Text]:
    if not drawn:
        yield from wrap(text("explain_no_beats", face.lang), face.width, "  ")
        return
    yield from wrap(text("explain_smallest", face.lang, shape=plain(str(operation["shape"]), 200)), face.width, "  ")
    for channel, window in zip(operation["channels"], drawn, strict=True):
        shown = len(window.cycles) - 2
        values = {"id": window.channel, "count": int(channel["count"]), "shown": shown}
        key = "explain_channel_in" if channel["dir"] == "in" else "explain_channel_out"
        yield Text()
        yield from wrap(text(key, face.lang, **values), face.width, "  ")
        yield from (line(row) for row in diagram(window, face.width))


def diagram(window: Window, width: int) -> list[str]:
    """The window in letters: one row a signal, as many whole cycles as `width` has room for."""
    signals = [signal for signal in window.signals if signal.values]
    cell = max([4, *(len(_digits(signal, value)) + 3 for signal in signals for value in signal.values)])
    name = min(_NAME, max(len(signal.name) for signal in window.signals))
    room = max(1, (width - name - 9) // cell)
    clock = (_HIGH * (cell // 2)).ljust(cell, _LOW) * min(room, len(window.cycles))
    more = " .." if room < len(window.cycles) else ""
    rows = [f"    {left(cut(window.signals[0].name, name), name)}  {clock}{more}"]
    for signal in signals:
        body = "".join(_cell(signal, value, cell) for value in signal.values[:room])
        rows.append(f"    {left(cut(signal.name, name), name)}  {body}{more}")
    return rows


def _cell(signal: Signal, value: str, width: int) -> str:
    if signal.kind != "bus":
        return (_HIGH if value == "1" else _LOW) * width
    return f"<{_digits(signal, value)}>".ljust(width, " ") if value else "." * (width - 1) + " "


def _digits(signal: Signal, value: str) -> str:
    return ".." + value if signal.cut and value else value


def _own(contract: Mapping[str, Any], face: Face) -> Iterator[Text]:
    """The submitter's own tests, when there are any."""
    tests = contract["selftest"].get("tests", [])
    if tests:
        counted = sum(not test["why"] for test in tests)
        yield from wrap(text("explain_selftest", face.lang, counted=counted, tests=len(tests)), face.width)


def _pins(pins: Mapping[str, Any], face: Face) -> Iterator[Text]:
    """What nobody drives or looks at; why that is not known, when it is not."""
    if pins["remark"] == "opaque":
        yield from wrap(text("explain_pins_opaque", face.lang), face.width)
    elif pins["remark"]:
        yield from wrap(text("explain_pins_unknown", face.lang, reason=plain(str(pins["remark"]), 200)), face.width)
    else:
        for key in ("undriven", "unobserved"):
            names = ", ".join(plain(str(name), 80) for name in pins[key][:40]) or "-"
            yield from wrap(text(f"explain_pins_{key}", face.lang, names=names), face.width)


def _testpoints(rows: Sequence[Mapping[str, Any]], face: Face) -> Iterator[Text]:
    """Selected ones with their seeds; the others by reason, with their numbers."""
    by_state: dict[str, list[Mapping[str, Any]]] = {state: [] for state in _ORDER}
    for row in rows:
        by_state[row["state"]].append(row)
    yield line((text("explain_selected", face.lang, count=len(by_state["planned"])), "bold"))
    for row in by_state["planned"]:
        seeds = text("explain_seeds", face.lang, count=int(row["seeds"]))
        why = f"  ({reason(str(row['reason']), face.lang)})" if row["reason"] else ""
        yield line(f"  {left(plain(str(row['id']), 12), 8)} {left(seeds, 10)} {plain(str(row['title']), 120)}{why}")
    for state in ("not_applicable", "later"):
        yield from _skipped(by_state[state], state, face)


def _skipped(rows: Sequence[Mapping[str, Any]], state: str, face: Face) -> Iterator[Text]:
    reasons: dict[str, list[str]] = {}
    for row in rows:
        reasons.setdefault(reason(str(row["reason"]), face.lang), []).append(plain(str(row["id"]), 12))
    yield Text()
    yield line((text(f"explain_rows_{state}", face.lang, count=len(rows)), "bold"))
    for why, names in reasons.items():
        yield from wrap(f"{why}: {', '.join(names)}", face.width, "  ")
