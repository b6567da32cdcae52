"""The harness' text: transactors bound to the pins of a design, which is instantiated unmodified."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from verif.contract.model import Channel, Contract
from verif.contract.origin import origin_of
from verif.contract.ports import Ports
from verif.contract.signals import channel_layout, clock_number, parse_signal
from verif.tb.drivers import all_drives, clock_input, literal
from verif.tb.hold import hold_width
from verif.tb.pins import declarations, design, direct, wires

TOP = "assay_harness"
MAX_EVENTS = 32


def module(contract: Contract, ports: Ports) -> Iterator[str]:
    """The harness, line by line; raises `HarnessError` unless every input bit has exactly one driver."""
    pins = Pins(ports)
    clocks = ", ".join(f"input bit {clock_input(number)}" for number in range(len(contract.clocks)))
    yield "// Generated: transactors bound to the pins of a design, which is instantiated unmodified."
    yield f"module {TOP} ({clocks}, output bit done_o);"
    yield "  longint unsigned cycle;"
    yield "  bit in_reset;"
    yield f"  logic [{hold_width(contract) - 1}:0] hold;"
    yield f"  logic [{MAX_EVENTS - 1}:0] events;"
    yield from declarations(contract, ports)
    for number, channel in enumerate(contract.channels):
        yield f"  logic [{channel_layout(contract, channel.id, ports).width - 1}:0] c{number}_payload;"
        yield f"  logic c{number}_valid, c{number}_ready;"
    bound = direct(contract, ports)
    drives = [drive for drive in all_drives(contract, ports) if drive.port not in bound]
    yield from (f"  assign {pins.names[drive.port]}[{drive.hi}:{drive.lo}] = {drive.expression};" for drive in drives)
    yield from _events(contract, pins)
    yield f"  assay_stepper #(.HoldWidth({hold_width(contract)})) stepper ("
    yield "    .clk_i(clk_i), .events_i(events), .cycle_o(cycle), .in_reset_o(in_reset), .hold_o(hold), .done_o(done_o));"
    for number, channel in enumerate(contract.channels):
        yield from _Transactors(contract, pins, number, channel).text()
    yield from design(contract, ports)
    yield "endmodule"


class Pins:
    """Reads signals from the wires of a design's ports."""

    def __init__(self, ports: Ports) -> None:
        self.ports: Ports = ports
        self.names: Mapping[str, str] = wires(ports)

    def read(self, text: str) -> str:
        """The expression that reads a signal."""
        signal = parse_signal(text)
        bits = signal.bits(self.ports[signal.port].width)
        return f"{self.names[signal.port]}[{bits[-1]}:{bits[0]}]"

    def width(self, text: str) -> int:
        """Bits of a signal."""
        signal = parse_signal(text)
        return len(signal.bits(self.ports[signal.port].width))


def _events(contract: Contract, pins: Pins) -> Iterator[str]:
    for number, event in enumerate(contract.events):
        text = event.port.value
        yield f"  assign events[{number}] = {pins.read(text)} == {literal(event.value, pins.width(text))};"
    if len(contract.events) < MAX_EVENTS:
        yield f"  assign events[{MAX_EVENTS - 1}:{len(contract.events)}] = '0;"


class _Transactors:
    """What drives and watches one channel."""

    def __init__(self, contract: Contract, pins: Pins, number: int, channel: Channel) -> None:
        self.contract, self.pins, self.number, self.channel = contract, pins, number, channel
        self.width = channel_layout(contract, channel.id, pins.ports).width
        self.clock = clock_number(contract, channel)
        self.valid, self.ready, self.payload = (f"c{number}_{part}" for part in ("valid", "ready", "payload"))

    def text(self) -> Iterator[str]:
        yield from self._source() if self.channel.dir == "in" else self._sink()
        yield from self._fixed() if self.channel.handshake == "fixed" else self._watch()

    @property
    def _widths(self) -> str:
        return f".Width({self.width}), .MaxWidth({_max_width(self.contract, self.pins.ports)})"

    @property
    def _clk(self) -> str:
        return f".clk_i({clock_input(self.clock)})"

    def _source(self) -> Iterator[str]:
        """A fixed channel's source uses its payload only; its `valid` stands in the waveform."""
        ready = self.channel.ready
        given = f"c{self.number}_given" if self.channel.lag else self.payload
        yield f"  assign {self.ready} = {self.pins.read(ready.value) if ready else literal(1, 1)};"
        if self.channel.lag:
            yield f"  logic [{self.width - 1}:0] {given};"
            yield from self._lagging(f"payload_lag{self.number}", self.width, given, self.payload)
        form = f".Channel({self.number}), {self._widths}, .HasReady({int(ready is not None)})"
        yield f"  assay_source #({form}) source{self.number} ("
        yield f"    {self._clk}, .ready_i({self.ready}), .valid_o({self.valid}), .payload_o({given}));"

    def _sink(self) -> Iterator[str]:
        valid, ready = self.channel.valid, self.channel.ready
        yield f"  assign {self.valid} = {self.pins.read(valid.value) if valid else literal(1, 1)};"
        yield f"  assign {self.payload} = {{{', '.join(self._fields())}}};"
        if self.channel.handshake == "fixed":
            yield f"  assign {self.ready} = {literal(1, 1)};"
            return
        form = f".HasReady({int(ready is not None)}), .Grant({int(self.channel.handshake == 'request_grant')})"
        yield f"  assay_sink #(.Channel({self.number}), {form}) sink{self.number} ("
        yield f"    {self._clk}, .valid_i({self.valid}), .ready_o({self.ready}));"

    def _watch(self) -> Iterator[str]:
        valid, ready = self.valid, self.ready
        if self.channel.lag:
            late = f"c{self.number}_late"
            yield f"  logic [1:0] {late};"
            yield from self._lagging(f"handshake_lag{self.number}", 2, f"{{{valid}, {ready}}}", late)
            valid, ready = f"{late}[1]", f"{late}[0]"
        yield f"  assay_watch #(.Channel({self.number}), .Clock({self.clock}), {self._widths}) watch{self.number} ("
        yield f"    {self._clk}, .in_reset_i(in_reset), .valid_i({valid}), .ready_i({ready}), .payload_i({self.payload}));"

    def _fixed(self) -> Iterator[str]:
        origin = origin_of(self.contract, self.channel)
        events = [event.id for event in self.contract.events]
        level = f"events[{events.index(origin.name)}]" if origin and origin.kind == "event" else literal(0, 1)
        yield f"  assay_fixed #(.Channel({self.number}), .Clock({self.clock}), {self._widths}) watch{self.number} ("
        yield f"    {self._clk}, .event_i({level}), .payload_i({self.payload}));"

    def _lagging(self, name: str, width: int, now: str, late: str) -> Iterator[str]:
        yield f"  assay_lag #(.Width({width}), .Lag({self.channel.lag})) {name} ("
        yield f"    {self._clk}, .in_reset_i(in_reset), .now_i({now}), .late_o({late}));"

    def _fields(self) -> list[str]:
        """Pins of the channel's fields, most significant first."""
        return [self.pins.read(text.value) for text in reversed(tuple(self.channel.fields.values()))]


def _max_width(contract: Contract, ports: Ports) -> int:
    """Bits of the widest payload, at least one DPI word."""
    return max([32, *(channel_layout(contract, channel.id, ports).width for channel in contract.channels)])
