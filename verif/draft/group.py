"""Sorts the pins of a design: buses, channels, events, ties, start pulses, configuration, and what nobody looks at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from verif.draft.buses import find_buses
from verif.draft.model import Channel, Grouped, Pin, Rtl
from verif.draft.words import LOOSE, Mark, Words, field_of, marks, plain_words, words_of

_ROLES = ("data", "keep", "strb", "last", "id", "dest", "user")
_STREAM_WORDS = frozenset({"tvalid", "tready"})
_SIDES = frozenset({"s", "m", "v", "axis", "axi", "io", "stream", "st"})
_EVENTS = frozenset(
    {"done", "irq", "interrupt", "intr", "busy", "finish", "finished", "complete", "completed", "idle", "eoc"}
)
_TIES = frozenset({"scan", "test", "dft", "bist", "mbist", "atpg", "testmode", "scanmode", "tm"})
_STARTS = frozenset({"start", "go", "begin", "trigger", "trig", "launch", "kick", "fire"})
_DATA = frozenset({
    "data", "din", "dout", "d", "q", "x", "y", "in", "out", "act", "acts", "pixel", "pix", "weight", "weights", "sdi", "sdo",
    "serial", "result", "res", "byte", "sample", "operand", "mosi", "miso", "rx", "tx",
})  # fmt: skip
_SPECIAL = _EVENTS | _TIES | _STARTS | {"cfg", "config", "conf", "mode", "err", "error", "en", "enable"}


def group(rtl: Rtl) -> Grouped:
    """Every pin of the design but clocks and resets in exactly one place."""
    taken = {*rtl.clocks, *(reset.pin for reset in rtl.resets)}
    pins = [pin for pin in rtl.pins if pin.signal not in taken and pin.dir != "inout"]
    buses = find_buses(pins)
    free = _rest(pins, (pin for bus in buses for pin in bus.pins))
    handshaken = _called(_joined(*_channels(free)), free)
    left = _rest(free, (pin for channel in handshaken for pin in _pins(channel, free)))
    ties = [pin for pin in left if pin.dir == "in" and _TIES & set(words_of(pin.name))]
    starts = [pin for pin in _rest(left, ties) if pin.dir == "in" and pin.width == 1 and _STARTS & set(words_of(pin.name))]
    events = [pin for pin in left if pin.dir == "out" and pin.width == 1 and _EVENTS & set(words_of(pin.name))]
    serial = list(_serial(_rest(left, (*ties, *starts, *events)), handshaken, starts))
    final = _rest(left, (*ties, *starts, *events, *(pin for channel in serial for pin in channel.fields.values())))
    return Grouped(
        channels=_unique((*handshaken, *serial)),
        buses=buses,
        events=tuple(events),
        ties=tuple(ties),
        starts=tuple(starts),
        configuration=tuple(pin for pin in final if pin.dir == "in"),
        unobserved=tuple(pin for pin in final if pin.dir == "out"),
    )


def _rest(pins: Iterable[Pin], taken: Iterable[Pin]) -> list[Pin]:
    gone = {pin.signal for pin in taken}
    return [pin for pin in pins if pin.signal not in gone]


def _pins(channel: Channel, pins: Iterable[Pin]) -> Iterator[Pin]:
    used = {channel.valid, channel.ready, *(pin.signal for pin in channel.fields.values())}
    return (pin for pin in pins if pin.signal in used)


def _channels(pins: Sequence[Pin]) -> tuple[list[Channel], list[Pin]]:
    """Handshakes with their payload, and the pins that are in none."""
    found = list(_handshakes(pins))
    used = {signal for pairs in found for signal in (pairs[0].pin.signal, pairs[1].pin.signal if pairs[1] else "")}
    payload = [pin for pin in pins if pin.signal not in used]
    fields: list[dict[str, Pin]] = [{} for _ in found]
    for pin in payload:
        owner = _owner(pin, found)
        if owner is not None:
            name = _short(field_of(pin, found[owner][2]), stream=_is_stream(found[owner][0]))
            fields[owner][_free(name, fields[owner])] = pin
    channels = [_channel(pairs[0], pairs[1], held) for pairs, held in zip(found, fields, strict=True) if held or pairs[1]]
    owned = {signal for channel in channels for signal in (channel.valid, channel.ready)}
    owned |= {pin.signal for channel in channels for pin in channel.fields.values()}
    return channels, [pin for pin in pins if pin.signal not in owned]


def _handshakes(pins: Sequence[Pin]) -> Iterator[tuple[Mark, Mark | None, Words]]:
    """(valid or request, ready or grant if there is one, stem of the payload) of each handshake."""
    every = [mark for pin in pins for mark in marks(pin)]
    done = set[str]()
    for forward, backward in (("valid", "ready"), ("request", "grant"), ("valid", "grant"), ("request", "ready")):
        for mark in (mark for mark in every if mark.role == forward and mark.pin.signal not in done):
            partner = _partner(mark, every, backward, done)
            if partner is not None:
                done |= {mark.pin.signal, partner.pin.signal}
                yield mark, partner, mark.stem
    for mark in every:
        if mark.role in {"valid", "reply"} and mark.pin.signal not in done:
            done.add(mark.pin.signal)
            yield mark, None, mark.stem


def _partner(mark: Mark, every: Sequence[Mark], role: str, done: set[str]) -> Mark | None:
    """The pin that answers: same words beside its role, opposite direction, not taken."""
    for other in every:
        if other.role == role and other.stem == mark.stem and other.pin.dir != mark.pin.dir and other.pin.signal not in done:
            return other
    return None


def _owner(pin: Pin, found: Sequence[tuple[Mark, Mark | None, Words]]) -> int | None:
    """The handshake whose stem the pin's name shares, the longest stem first, in the direction of its valid."""
    fitting = []
    for number, (mark, _, stem) in enumerate(found):
        name = field_of(pin, stem) if mark.pin.dir == pin.dir else ""
        if name and (stem or name in LOOSE):
            fitting.append((len(stem), -number))
    return -max(fitting)[1] if fitting else None


def _is_stream(mark: Mark) -> bool:
    return bool(_STREAM_WORDS & set(words_of(mark.pin.name)))


def _short(name: str, *, stream: bool) -> str:
    """`tdata` of AXI4-Stream as `data`."""
    return name.removeprefix("t") if stream and name.removeprefix("t") in _ROLES else name


def _free(name: str, used: Iterable[str]) -> str:
    """The name as an identifier that is not used yet."""
    plain = name.replace("$", "_")
    clean = plain if plain[:1].isalpha() or plain[:1] == "_" else f"f{plain}"
    taken, count = set(used), 2
    made = clean[:56]
    while made in taken:
        made, count = f"{clean[:56]}_{count}", count + 1
    return made


def _channel(mark: Mark, partner: Mark | None, fields: Mapping[str, Pin]) -> Channel:
    side: Literal["in", "out"] = "in" if mark.pin.dir == "in" else "out"
    stream = _is_stream(mark) and partner is not None and "data" in fields
    roles = {name: name for name in fields if name in _ROLES} if stream else {}
    name = _identity(mark, stream=_is_stream(mark))
    if partner is None:
        return Channel(name, side, "valid", mark.pin.signal, "", fields)
    kind: Literal["ready_valid", "request_grant"] = "request_grant" if mark.role == "request" else "ready_valid"
    return Channel(name, side, kind, mark.pin.signal, partner.pin.signal, fields, stream, roles)


def _identity(mark: Mark, *, stream: bool) -> str:
    """A name from the words beside the role; those that only say 'stream of this side' are left out where others remain."""
    words = [word for word in mark.stem if not (stream and word in _SIDES)] or list(mark.stem)
    if mark.role == "reply":
        words.append("r")
    return _free("_".join(words) or mark.pin.dir, ())


def _joined(channels: list[Channel], left: Sequence[Pin]) -> list[Channel]:
    """One handshake over data pins of other names: where it is the only one of its direction and carries nothing."""
    made = []
    for channel in channels:
        alone = [other for other in channels if other.dir == channel.dir] == [channel]
        loose = [pin for pin in left if pin.dir == channel.dir and not _SPECIAL & set(words_of(pin.name))]
        if not channel.fields and alone and loose:
            names = {_free("_".join(plain_words(pin)), ()): pin for pin in loose}
            made.append(replace(channel, fields=names))
        elif channel.fields:
            made.append(channel)
    return made


def _called(channels: list[Channel], pins: Sequence[Pin]) -> list[Channel]:
    """High-level synthesis starts a block by a handshake of its own, whose payload is the scalar arguments."""
    start, ready = ([pin for pin in pins if pin.name == name] for name in ("ap_start", "ap_ready"))
    used = {signal for channel in channels for signal in (channel.valid, channel.ready)}
    used |= {pin.signal for channel in channels for pin in channel.fields.values()}
    scalars = {
        _free("_".join(words_of(pin.name)), ()): pin
        for pin in pins
        if pin.dir == "in" and pin.signal not in used and pin not in start and not _SPECIAL & set(words_of(pin.name))
    }
    if not start or not ready or not scalars:
        return channels
    return [Channel("call", "in", "ready_valid", start[0].signal, ready[0].signal, scalars), *channels]


def _is_data(pin: Pin) -> bool:
    return bool(_DATA & set(words_of(pin.name))) and not {"cfg", "config"} & set(words_of(pin.name))


def _serial(left: Sequence[Pin], channels: Sequence[Channel], starts: Sequence[Pin]) -> Iterator[Channel]:
    """Data pins without any handshake, where something exists that their beats can be counted from."""
    if not starts and not any(channel.dir == "in" for channel in channels):
        return
    answered = any(channel.dir == "out" for channel in channels)
    for pin in left:
        wide = pin.dir == "out" and pin.width > 1 and not answered  # results have to come out somewhere
        if wide or (_is_data(pin) and (pin.dir == "out" or (starts and not channels))):
            side: Literal["in", "out"] = "in" if pin.dir == "in" else "out"
            yield Channel(_free("_".join(plain_words(pin)), ()), side, "fixed", "", "", {"data": pin})


def _unique(channels: Iterable[Channel]) -> tuple[Channel, ...]:
    used: list[str] = []
    made = []
    for channel in channels:
        used.append(_free(channel.id, used))
        made.append(replace(channel, id=used[-1]))
    return tuple(made)
