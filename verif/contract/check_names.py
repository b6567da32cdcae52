"""Checks outside operations that need no values: ids are unique, lets resolve, channels are whole and used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from verif.contract import faults
from verif.contract.diagnostic import Diagnostic
from verif.contract.expr import evaluate
from verif.contract.model import Channel, Contract, Span
from verif.contract.nodes import ExprError, near


def check_contract_names(contract: Contract) -> Iterator[Diagnostic]:
    """Everything outside operations."""
    yield from _duplicates(
        "channel", ((channel.id, channel.places.get("id", channel.span)) for channel in contract.channels)
    )
    yield from _duplicates("event", ((event.id, event.port.span) for event in contract.events))
    yield from _duplicates("operation", ((op.id, op.places.get("id", op.span)) for op in contract.operations))
    yield from _lets(contract)
    yield from _clocks(contract)
    for channel in contract.channels:
        yield from _channel(contract, channel)


def _duplicates(kind: str, ids: Iterable[tuple[str, Span]]) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for name, span in ids:
        if name in seen:
            yield faults.diagnostic("E-MAN-043", span, kind=kind, id=name)
        seen.add(name)


def _lets(contract: Contract) -> Iterator[Diagnostic]:
    names = {f"param.{name}": value for name, value in contract.design.parameters.items()}
    for name, text in contract.lets.items():
        try:
            names[name] = evaluate(text.value, names)
        except ExprError as error:
            yield faults.expression(error, text)
            names[name] = 1


def _clocks(contract: Contract) -> Iterator[Diagnostic]:
    if len(contract.clocks) > 1:
        yield faults.diagnostic("E-MAN-017", contract.clocks[1].port.span, construct="more than one clock")
    for kind, items in (("clock", contract.clocks), ("reset", contract.resets)):
        if not items:
            yield faults.diagnostic("E-MAN-044", contract.places.get(kind, Span(1, 1)), kind=kind)


def _channel(contract: Contract, channel: Channel) -> Iterator[Diagnostic]:
    place = channel.places.get("handshake", channel.span)
    clocks = [clock.port.value for clock in contract.clocks]
    if channel.clock and channel.clock not in clocks:
        span = channel.places.get("clock", channel.span)
        yield faults.diagnostic("E-MAN-045", span, clock=channel.clock, expected=", ".join(clocks))
    needed = (
        {"valid": channel.valid, "ready": channel.ready} if channel.handshake == "ready_valid" else {"valid": channel.valid}
    )
    for key, text in needed.items():
        if text is None:
            yield faults.diagnostic("E-MAN-046", place, key=key, handshake=channel.handshake)
    if channel.handshake == "valid" and channel.ready is not None:
        yield faults.diagnostic("E-MAN-047", channel.ready.span, channel=channel.id)
    for role, name in channel.roles.items():
        if name not in channel.fields:
            span = channel.places.get(f"roles.{role}", channel.span)
            yield unknown("field", name, span, channel.fields, channel.id)
    if not any(stream.channel == channel.id for op in contract.operations for stream in op.streams):
        yield faults.diagnostic("E-MAN-048", channel.places.get("id", channel.span), channel=channel.id)


def unknown(kind: str, name: str, span: Span, known: Iterable[str], owner: str = "the manifest") -> Diagnostic:
    """A reference to something that is not declared; `owner` says where it was looked for."""
    expected = list(known)
    rules = ("E-MAN-049", "E-MAN-050")
    return faults.pair(
        rules, span, near(name, expected), kind=kind, name=name, owner=owner, expected=", ".join(expected) or "none"
    )
