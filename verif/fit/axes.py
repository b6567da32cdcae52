"""What of a manifest may be searched: facts of order and time, each with the values that it could have instead."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from verif.contract.model import Channel, Contract, Operation, Stream
from verif.contract.nodes import walk
from verif.contract.places import Path, Range, scan
from verif.contract.syntax import parse_expr
from verif.variants.streams import stream_drafts

LONGEST_DELAY, WIDEST_STEP = 64, 8
FAR = 16  # cycles around a delay that is an expression
MOST_ORDERS = 24  # of the loops of one stream
_ORDERS_LOOKED_AT = 400
_LANES = frozenset({"variant_lanes", "variant_items", "variant_bytes", "variant_nibbles"})
_LANE_COST = 2
_NUMBER = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a fact could have, as the manifest would say it; `cost` grows with the distance from what it says.

    `edits` are ranges of the manifest's text and what comes in their place.
    """

    cost: int
    value: str
    edits: tuple[tuple[Range, str], ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """A fact, named as `contract.check_fitted` names it, what the manifest says of it, and other values, nearest first."""

    fact: str
    declared: str
    choices: tuple[Choice, ...]


def axes(text: str, contract: Contract) -> tuple[Axis, ...]:
    """Every fact that has another value, by channel and stream. `text` is the manifest, with plain newlines."""
    _, places = scan(text)
    found = [*_times(text, contract, places)]
    for number, operation in enumerate(contract.operations):
        for place, stream in enumerate(operation.streams):
            path: Path = ("operation", number, "stream", place)
            name = f"operation.{operation.id}.stream.{place}"
            found.append(_loops(text, stream, places, (*path, "loops"), name))
        found += _lanes(text, contract, number, places)
    return tuple(axis for axis in found if axis.choices)


def _times(text: str, contract: Contract, places: Mapping[Path, Range]) -> Iterator[Axis]:
    """Delay and distance of the beats of every fixed channel that an operation uses."""
    used = {stream.channel for operation in contract.operations for stream in operation.streams}
    for number, channel in enumerate(contract.channels):
        if channel.handshake == "fixed" and channel.id in used:
            for key, make in (("delay", _delays), ("every", _distances)):
                place = places.get(("channel", number, key))
                if place is not None:
                    yield _time(text, channel, key, place, make(text[slice(*place)]))


def _time(text: str, channel: Channel, key: str, place: Range, values: Sequence[tuple[int, str]]) -> Axis:
    raw = text[slice(*place)]
    choices = tuple(Choice(cost, value, ((place, value),)) for cost, value in values)
    return Axis(f"channel.{channel.id}.{key}", raw, choices)


def _delays(raw: str) -> Sequence[tuple[int, str]]:
    """Cost and text of other delays."""
    if not _NUMBER.fullmatch(raw):
        offsets = sorted((*range(-FAR, 0), *range(1, FAR + 1)), key=lambda offset: (abs(offset), offset))
        return [(abs(offset), f"({raw}) {'+' if offset > 0 else '-'} {abs(offset)}") for offset in offsets]
    said = int(raw)
    known = {*range(LONGEST_DELAY + 1), *range(max(0, said - FAR), said + FAR + 1)} - {said}
    return [(abs(value - said), str(value)) for value in sorted(known, key=lambda value: (abs(value - said), value))]


def _distances(raw: str) -> Sequence[tuple[int, str]]:
    if not _NUMBER.fullmatch(raw):
        return []
    said = int(raw)
    known = sorted({*range(1, WIDEST_STEP + 1)} - {said}, key=lambda value: (abs(value - said), value))
    return [(2 * abs(value - said), str(value)) for value in known]


def _loops(text: str, stream: Stream, places: Mapping[Path, Range], path: Path, name: str) -> Axis:
    """The loops in every other order in which no extent needs an inner loop."""
    ranges = [places[*path, number] for number in range(len(stream.loops))]
    raws = [text[slice(*place)] for place in ranges]
    choices = [
        Choice(cost, _shown(raws[at] for at in order), tuple(zip(ranges, (raws[at] for at in order), strict=True)))
        for cost, order in _orders(stream)
    ]
    return Axis(f"{name}.loops", _shown(raws), tuple(choices))


def _shown(loops: Iterator[str] | Sequence[str]) -> str:
    return ", ".join(loops)


def _orders(stream: Stream) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Orders of the loops by the number of neighbours to exchange, the declared one left out."""
    needs = [{node.name for node in walk(parse_expr(extent.value))} for _, extent in stream.loops]
    start = tuple(range(len(needs)))
    waiting, seen, found = deque([(0, start)]), {start}, 0
    while waiting and found < MOST_ORDERS:
        cost, order = waiting.popleft()
        if cost and _legal(stream, order, needs):
            found += 1
            yield cost, order
        for at in range(len(order) - 1):
            other = (*order[:at], order[at + 1], order[at], *order[at + 2 :])
            if other not in seen and len(seen) < _ORDERS_LOOKED_AT:
                seen.add(other)
                waiting.append((cost + 1, other))


def _legal(stream: Stream, order: tuple[int, ...], needs: Sequence[set[str]]) -> bool:
    names = [name for name, _ in stream.loops]
    return not any(names[inner] in needs[outer] for at, outer in enumerate(order) for inner in order[at + 1 :])


def _lanes(text: str, contract: Contract, number: int, places: Mapping[Path, Range]) -> Iterator[Axis]:
    """Packers with their lanes, items, bytes or nibbles in another order. A text with escapes is left alone."""
    operation = contract.operations[number]
    made: dict[tuple[int, str], list[str]] = {}
    for draft in stream_drafts(contract, operation):
        if draft.word in _LANES and isinstance(draft.changed, Operation):
            field = draft.args["field"]
            made.setdefault((draft.part, field), []).append(draft.changed.streams[draft.part].fields[field].value)
    for (stream, field), values in sorted(made.items()):
        place = places[("operation", number, "stream", stream, "fields", field)]
        raw = text[slice(*place)]
        if raw == operation.streams[stream].fields[field].value:
            choices = tuple(Choice(_LANE_COST, value, ((place, value),)) for value in dict.fromkeys(values))
            yield Axis(f"operation.{operation.id}.stream.{stream}.fields.{field}", raw, choices)
