"""Checks of channels that need no values: every key that the handshake needs, none that means nothing there."""

from __future__ import annotations

from collections.abc import Iterator

from verif.contract import faults
from verif.contract.check_names import unknown
from verif.contract.diagnostic import Diagnostic
from verif.contract.model import Channel, Contract, Span, Text
from verif.contract.nodes import near
from verif.contract.origin import known_origins, origin_of
from verif.contract.steps import written

# handshake -> keys that it needs, keys that mean nothing with it
_KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ready_valid": (("valid", "ready"), ("from", "delay", "every")),
    "request_grant": (("valid", "ready"), ("from", "delay", "every")),
    "valid": (("valid",), ("from", "delay", "every")),
    "fixed": (("from", "delay"), ("valid", "ready")),
}


def check_channels(contract: Contract) -> Iterator[Diagnostic]:
    """Every channel of the contract."""
    for channel in contract.channels:
        yield from _clock(contract, channel)
        yield from _handshake(channel)
        yield from _names(channel)
        yield from _meaningless(channel)
        yield from _origin(contract, channel)
        if not any(stream.channel == channel.id for op in contract.operations for stream in op.streams):
            yield faults.diagnostic("E-MAN-048", channel.places.get("id", channel.span), channel=channel.id)


def _clock(contract: Contract, channel: Channel) -> Iterator[Diagnostic]:
    clocks = [clock.port.value for clock in contract.clocks]
    if channel.clock and channel.clock not in clocks:
        span = channel.places.get("clock", channel.span)
        yield faults.diagnostic("E-MAN-045", span, clock=channel.clock, expected=", ".join(clocks))


def _given(channel: Channel) -> dict[str, Text]:
    keys = {
        "valid": channel.valid, "ready": channel.ready, "from": channel.origin, "delay": channel.delay,
        "every": channel.every,
    }  # fmt: skip
    return {key: text for key, text in keys.items() if text is not None}


def _handshake(channel: Channel) -> Iterator[Diagnostic]:
    needed, senseless = _KEYS[channel.handshake]
    given = _given(channel)
    for key in needed:
        if key not in given:
            place = channel.places.get("handshake", channel.span)
            yield faults.diagnostic("E-MAN-046", place, key=key, handshake=channel.handshake)
    if channel.handshake == "valid" and channel.ready is not None:
        yield faults.diagnostic("E-MAN-047", channel.ready.span, channel=channel.id)
    for key in senseless:
        if key in given:
            expected = "handshake = 'fixed'" if key in {"from", "delay", "every"} else "a handshake that is not fixed"
            yield _senseless(channel, key, given[key].span, expected)


def _senseless(channel: Channel, key: str, span: Span, expected: str) -> Diagnostic:
    return faults.diagnostic("E-MAN-100", span, key=key, channel=channel.id, expected=expected)


def _names(channel: Channel) -> Iterator[Diagnostic]:
    for role, name in channel.roles.items():
        if name not in channel.fields:
            span = channel.places.get(f"roles.{role}", channel.span)
            yield unknown("field", name, span, channel.fields, channel.id)
    if channel.match and channel.match not in channel.fields:
        yield unknown("field", channel.match, channel.places.get("match", channel.span), channel.fields, channel.id)


def _meaningless(channel: Channel) -> Iterator[Diagnostic]:
    lag, match = (channel.places.get(key, channel.span) for key in ("lag", "match"))
    if channel.lag and channel.handshake == "fixed":
        yield _senseless(channel, "lag", lag, "a handshake; delay says it here")
    if channel.lag and channel.protocol == "axi4stream":
        yield _senseless(channel, "lag", lag, "protocol = 'none'")
    if channel.match and channel.dir == "in":
        yield _senseless(channel, "match", match, "dir = 'out'")


def _origin(contract: Contract, channel: Channel) -> Iterator[Diagnostic]:
    """The origin is known, no beat of the channel itself, and comes in every operation that uses the channel."""
    if channel.handshake != "fixed" or channel.origin is None:
        return
    origin, known = origin_of(contract, channel), known_origins(contract)
    if origin is None:
        rules, text = ("E-MAN-101", "E-MAN-102"), channel.origin.value
        expected = ", ".join(known) or "none"
        yield faults.pair(rules, channel.origin.span, near(text, known), channel=channel.id, name=text, expected=expected)
        return
    if origin.kind in {"first", "last"} and origin.name in _counting_from(contract, channel):
        yield faults.diagnostic("E-MAN-103", channel.origin.span, channel=channel.id)
    for operation in contract.operations:
        carried = {stream.channel for stream in operation.streams}
        comes = {
            "event": True,
            "pulse": any(step.signal == origin.name for step in written(operation.steps)),
        }.get(origin.kind, origin.name in carried)
        if channel.id in carried and not comes:
            yield faults.diagnostic(
                "E-MAN-104",
                channel.origin.span,
                channel=channel.id,
                origin=channel.origin.value,
                operation=operation.id,
            )


def _counting_from(contract: Contract, channel: Channel) -> set[str]:
    """The channel and all that count from its beats, directly or not."""
    found = {channel.id}
    for _ in contract.channels:
        for other in contract.channels:
            origin = origin_of(contract, other)
            if origin and origin.kind in {"first", "last"} and origin.name in found:
                found.add(other.id)
    return found
