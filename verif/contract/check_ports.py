"""Checks of a contract against the elaborated design's ports: existence, direction, slices, widths, one driver per bit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from verif.contract import faults, samples, scope
from verif.contract.check import check_contract
from verif.contract.diagnostic import Diagnostic
from verif.contract.expr import evaluate
from verif.contract.model import Contract, Operation, Span, Step, Stream, Text
from verif.contract.nodes import ExprError, near
from verif.contract.packing import layout, names_of
from verif.contract.ports import Port, Ports
from verif.contract.signals import Signal, channel_of, parse_signal
from verif.contract.steps import taken, written

MAX_SET_BITS = 64  # of the room that a signal has in the hold vector


@dataclass(frozen=True, slots=True)
class Use:
    """One mention of a signal: who uses it, in which direction seen from the design; `single` when it must be one bit."""

    owner: str
    text: Text
    dir: Literal["in", "out"]
    single: bool = False

    @property
    def signal(self) -> Signal:
        """The signal; it was read before, so it parses."""
        return parse_signal(self.text.value)


def check_ports(contract: Contract, ports: Ports) -> list[Diagnostic]:
    """Errors and notes about how the contract fits these ports, in the order of the text.

    A contract that `check_contract` refuses is checked only as far as its signals go.
    """
    found = [diagnostic for use in uses(contract) for diagnostic in _use(use, ports)]
    found += _owners(contract, ports)
    sound = not any(d.severity == "error" for d in [*found, *check_contract(contract)])
    if sound:
        for operation in contract.operations:
            found += _widths(contract, operation, ports)
        found += _values(contract, ports)
    unique = {(d.rule, d.span.line, d.span.column, *sorted(d.args.items())): d for d in found}
    return sorted(unique.values(), key=lambda diagnostic: (diagnostic.span.line, diagnostic.span.column))


def uses(contract: Contract) -> Iterator[Use]:
    """Every signal that the contract mentions."""
    for clock in contract.clocks:
        yield Use("clock", clock.port, "in", single=True)
    for reset in contract.resets:
        yield Use("reset", reset.port, "in", single=True)
    for tie in contract.ties:
        yield Use("tie", tie.port, "in")
    for event in contract.events:
        yield Use(f"event {event.id}", event.port, "out")
    for channel in contract.channels:
        forward: Literal["in", "out"] = channel.dir
        backward: Literal["in", "out"] = "out" if channel.dir == "in" else "in"
        owner = f"channel {channel.id}"
        yield from (Use(f"{owner} valid", text, forward, single=True) for text in (channel.valid,) if text is not None)
        yield from (Use(f"{owner} ready", text, backward, single=True) for text in (channel.ready,) if text is not None)
        yield from (Use(f"{owner} {name}", text, forward) for name, text in channel.fields.items())
    for operation in contract.operations:
        for step in written(operation.steps):
            yield from _held(step)


def _held(step: Step) -> Iterator[Use]:
    for name in step.sets:
        yield Use("set", Text(name, step.places.get(f"@set.{name}", step.span)), "in")
    if step.signal:
        yield Use("set", Text(step.signal, step.places.get("pulse", step.span)), "in", single=True)


def _use(use: Use, ports: Ports) -> Iterator[Diagnostic]:
    port = ports.get(use.signal.port)
    if port is None:
        rules, name = ("E-MAN-080", "E-MAN-081"), use.signal.port
        yield faults.pair(rules, use.text.span, near(name, ports), port=name, owner=use.owner)
        return
    if port.dir != use.dir:
        names = {"in": "input", "out": "output", "inout": "inout"}
        yield faults.diagnostic(
            "E-MAN-082", use.text.span, port=port.name, owner=use.owner, dir=names[port.dir], expected=names[use.dir]
        )
    if use.signal.array != bool(port.dims):
        rule = "E-MAN-110" if port.dims else "E-MAN-111"
        yield faults.diagnostic(rule, use.text.span, signal=use.text.value, port=port.name)
    elif use.signal.hi is not None and use.signal.hi >= port.width:
        yield faults.diagnostic("E-MAN-083", use.text.span, signal=use.text.value, port=port.name, width=port.width)
    elif use.owner == "set" and len(use.signal.bits(port.width)) > MAX_SET_BITS:
        width = len(use.signal.bits(port.width))
        yield faults.diagnostic("E-MAN-112", use.text.span, signal=use.text.value, width=width, limit=MAX_SET_BITS)
    elif use.single and len(use.signal.bits(port.width)) != 1:
        width = len(use.signal.bits(port.width))
        yield faults.diagnostic("E-MAN-084", use.text.span, signal=use.text.value, owner=use.owner, width=width)


def _owners(contract: Contract, ports: Ports) -> Iterator[Diagnostic]:
    """Every input bit has exactly one driver; outputs that nobody looks at are noted."""
    drivers: dict[tuple[str, int], str] = {}
    looked: set[tuple[str, int]] = set()
    for use in uses(contract):
        port = ports.get(use.signal.port)
        if port is None or port.dir != use.dir:
            continue
        bits = {(port.name, bit) for bit in use.signal.bits(port.width)}
        if use.dir == "out":
            looked |= bits
            continue
        clash = sorted(
            key for key in bits if drivers.get(key, use.owner) != use.owner or (key in drivers and use.owner != "set")
        )
        if clash:
            bit, first = clash[0][1], drivers[clash[0]]
            yield faults.diagnostic("E-MAN-088", use.text.span, port=port.name, bit=bit, first=first, second=use.owner)
        drivers |= dict.fromkeys(bits, use.owner)
    top = contract.places.get("design.top", Span(1, 1))
    yield from _leftover(ports, set(drivers), looked, top)


def _leftover(ports: Ports, driven: set[tuple[str, int]], looked: set[tuple[str, int]], top: Span) -> Iterator[Diagnostic]:
    for port in ports.values():
        if port.dir == "inout":
            yield faults.diagnostic("E-MAN-017", top, construct=f"inout port {port.name}")
            continue
        have = driven if port.dir == "in" else looked
        missing = [bit for bit in range(port.width) if (port.name, bit) not in have]
        if not missing:
            continue
        bits = _bits(port, missing)
        if port.dir == "in":
            yield faults.diagnostic("E-MAN-089", top, port=port.name, bits=bits)
        else:
            yield faults.diagnostic("E-MAN-090", top, "note", port=port.name, bits=bits)


def _bits(port: Port, missing: list[int]) -> str:
    """`port` whole, or its missing bits as a slice from the highest to the lowest."""
    if len(missing) == port.width or port.dims:
        return port.name
    return f"{port.name}[{missing[-1]}:{missing[0]}]" if len(missing) > 1 else f"{port.name}[{missing[0]}]"


def _widths(contract: Contract, operation: Operation, ports: Ports) -> Iterator[Diagnostic]:
    """Each packer is as wide as its field's signal."""
    for variables in samples.samples(contract, operation)[:1]:
        names = names_of(contract, variables)
        for stream in operation.streams:
            yield from _stream_widths(contract, operation, stream, names, ports)


def _stream_widths(
    contract: Contract, operation: Operation, stream: Stream, names: Mapping[str, int], ports: Ports
) -> Iterator[Diagnostic]:
    channel = channel_of(contract, stream.channel)
    for field in layout(contract, operation, stream, names):
        text = channel.fields[field.name]
        signal = parse_signal(text.value)
        have = len(signal.bits(ports[signal.port].width))
        if have != field.width:
            span = stream.fields[field.name].span
            yield faults.diagnostic(
                "E-MAN-085", span, field=field.name, channel=channel.id, packed=field.width, signal=text.value, width=have
            )


def _values(contract: Contract, ports: Ports) -> Iterator[Diagnostic]:
    """Ties, event values and set values fit their signals."""
    constant = [(tie.port, tie.value, tie.port.span) for tie in contract.ties]
    constant += [(event.port, event.value, event.port.span) for event in contract.events]
    for text, value, span in constant:
        yield from _fits(text.value, value, span, ports)
    for operation in contract.operations:
        for variables in samples.samples(contract, operation):
            names = scope.constants(contract) | variables
            for step, values in taken(operation.steps, names):
                yield from _step_values(step, values, ports)


def _step_values(step: Step, names: Mapping[str, int], ports: Ports) -> Iterator[Diagnostic]:
    for signal, text in step.sets.items():
        try:
            yield from _fits(signal, evaluate(text.value, names), text.span, ports)
        except ExprError as error:
            yield faults.expression(error, text)


def _fits(signal_text: str, value: int, span: Span, ports: Ports) -> Iterator[Diagnostic]:
    """A value fits as an unsigned number, or in two's complement when negative."""
    signal = parse_signal(signal_text)
    width = len(signal.bits(ports[signal.port].width))
    if not -(1 << (width - 1)) <= value < 1 << width:
        yield faults.diagnostic("E-MAN-086", span, signal=signal_text, width=width, value=value)
