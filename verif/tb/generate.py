"""The harness: contract + ports -> text. Binds transactors to the named pins and instantiates the design, unmodified.

Every module name of ours starts with `assay_`, a prefix that no module of a submission may use. Names from the manifest are
identifiers that the contract's reader has validated; nothing else of it reaches the text but integers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from verif.contract.model import Channel, Contract
from verif.contract.ports import Port, Ports
from verif.contract.signals import channel_layout, parse_signal
from verif.tb.drivers import CLOCK, HarnessError, all_drives, literal
from verif.tb.hold import hold_width

TOP = "assay_harness"
CONTROL_FILE = "assay_control.vlt"
BUILD_FILE = "assay_build.json"
MAX_EVENTS = 32
MAX_CHANNELS = 64
_AGENTS = Path(__file__).resolve().parents[1] / "agents"
TRANSACTORS = tuple(
    _AGENTS / name
    for name in ("stepper/assay_stepper.sv", "channel/assay_source.sv", "channel/assay_sink.sv", "channel/assay_watch.sv")
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
# The folder is named too: a design's own file that is called assay_*.sv must not escape lint or coverage.
_CONTROL = """`verilator_config
public_flat_rd -module "assay_harness" -var "done_o"
lint_off -file "harness/assay_*.sv"
coverage_off -file "harness/assay_*.sv"
"""


def generate(contract: Contract, ports: Ports) -> dict[str, str]:
    """File name -> text: our SystemVerilog in compile order, the control file, and `assay_build.json` for who compiles.

    Raises:
        HarnessError: the contract does not fit these ports, or asks for more than the harness can bind.
    """
    _check(contract, ports)
    files = {path.name: path.read_text() for path in TRANSACTORS}
    files[f"{TOP}.sv"] = "\n".join(_harness(contract, ports)) + "\n"
    files[CONTROL_FILE] = _CONTROL
    files[BUILD_FILE] = json.dumps(_build(contract, [name for name in files if name.endswith(".sv")]), sort_keys=True)
    return files


def _build(contract: Contract, sources: list[str]) -> dict[str, object]:
    return {"trusted": sources, "half_period_ps": max(contract.clocks[0].period_ps // 2, 1), "top": contract.design.top}


def _check(contract: Contract, ports: Ports) -> None:
    if len(contract.clocks) != 1:
        raise HarnessError(f"{len(contract.clocks)} clocks, exactly one can be bound")
    if len(contract.events) > MAX_EVENTS or len(contract.channels) > MAX_CHANNELS:
        raise HarnessError(f"more than {MAX_EVENTS} events or {MAX_CHANNELS} channels")
    for channel in contract.channels:
        if channel.handshake not in {"ready_valid", "valid"} or not channel.valid:
            raise HarnessError(f"channel {channel.id}: handshake {channel.handshake} has no transactor")
    inouts = [port.name for port in ports.values() if port.dir == "inout"]
    if inouts:
        raise HarnessError(f"bidirectional ports cannot be bound: {', '.join(inouts)}")
    names = [contract.design.top, *contract.design.parameters, *ports]
    wrong = [name for name in names if not _NAME.fullmatch(name)]
    if wrong or contract.design.top.startswith("assay_"):
        raise HarnessError(f"names that cannot be bound: {', '.join(wrong) or contract.design.top}")


def _harness(contract: Contract, ports: Ports) -> Iterator[str]:
    yield "// Generated: transactors bound to the pins of a design, which is instantiated unmodified."
    yield f"module {TOP} (input bit clk_i, output bit done_o);"
    yield "  longint unsigned cycle;"
    yield "  bit in_reset;"
    yield f"  logic [{hold_width(contract) - 1}:0] hold;"
    yield "  logic [31:0] events;"
    yield from (f"  wire logic [{port.width - 1}:0] p_{port.name};" for port in _pins(contract, ports))
    for number, channel in enumerate(contract.channels):
        yield f"  logic [{channel_layout(contract, channel.id, ports).width - 1}:0] c{number}_payload;"
        yield f"  logic c{number}_valid, c{number}_ready;"
    drives = [drive for drive in all_drives(contract, ports) if drive.expression != CLOCK]
    yield from (f"  assign p_{drive.port}[{drive.hi}:{drive.lo}] = {drive.expression};" for drive in drives)
    yield from _events(contract, ports)
    yield from _stepper(contract)
    for number, channel in enumerate(contract.channels):
        yield from _transactors(contract, ports, number, channel)
    yield from _design(contract, ports)
    yield "endmodule"


def _pins(contract: Contract, ports: Ports) -> list[Port]:
    """All ports but the clock, which is bound directly."""
    return [port for port in ports.values() if port.name != contract.clocks[0].port.value]


def _read(ports: Ports, text: str) -> str:
    """The expression that reads a signal from the design's pins."""
    signal = parse_signal(text)
    bits = signal.bits(ports[signal.port].width)
    return f"p_{signal.port}[{bits[-1]}:{bits[0]}]"


def _events(contract: Contract, ports: Ports) -> Iterator[str]:
    for number, event in enumerate(contract.events):
        signal = parse_signal(event.port.value)
        width = len(signal.bits(ports[signal.port].width))
        yield f"  assign events[{number}] = {_read(ports, event.port.value)} == {literal(event.value, width)};"
    if len(contract.events) < MAX_EVENTS:
        yield f"  assign events[{MAX_EVENTS - 1}:{len(contract.events)}] = '0;"


def _stepper(contract: Contract) -> Iterator[str]:
    yield f"  assay_stepper #(.HoldWidth({hold_width(contract)})) stepper ("
    yield "    .clk_i(clk_i), .events_i(events), .cycle_o(cycle), .in_reset_o(in_reset), .hold_o(hold), .done_o(done_o));"


def _transactors(contract: Contract, ports: Ports, number: int, channel: Channel) -> Iterator[str]:
    width = channel_layout(contract, channel.id, ports).width
    valid, ready, payload = (f"c{number}_{part}" for part in ("valid", "ready", "payload"))
    has_ready = int(channel.ready is not None)
    widths = f".Width({width}), .MaxWidth({_max_width(contract, ports)})"
    clock = ".clk_i(clk_i), .cycle_i(cycle)"
    if channel.dir == "in":
        yield f"  assign {ready} = {_read(ports, channel.ready.value) if channel.ready else literal(1, 1)};"
        yield f"  assay_source #(.Channel({number}), {widths}, .HasReady({has_ready})) source{number} ("
        yield f"    {clock}, .ready_i({ready}), .valid_o({valid}), .payload_o({payload}));"
    else:
        yield f"  assign {valid} = {_read(ports, channel.valid.value) if channel.valid else literal(1, 1)};"
        yield f"  assign {payload} = {{{', '.join(_fields(contract, ports, channel))}}};"
        yield f"  assay_sink #(.Channel({number}), .HasReady({has_ready})) sink{number} ("
        yield f"    {clock}, .valid_i({valid}), .ready_o({ready}));"
    yield f"  assay_watch #(.Channel({number}), {widths}) watch{number} ("
    yield f"    {clock}, .in_reset_i(in_reset), .valid_i({valid}), .ready_i({ready}), .payload_i({payload}));"


def _max_width(contract: Contract, ports: Ports) -> int:
    """Bits of the widest payload, at least one DPI word."""
    return max([32, *(channel_layout(contract, channel.id, ports).width for channel in contract.channels)])


def _fields(contract: Contract, ports: Ports, channel: Channel) -> list[str]:
    """Pins of a channel's fields, most significant first."""
    fields = channel_layout(contract, channel.id, ports).fields
    pins = [(signal.port, signal.bits(ports[signal.port].width)) for _name, signal, _lsb, _width in fields]
    return [f"p_{port}[{bits[-1]}:{bits[0]}]" for port, bits in reversed(pins)]


def _design(contract: Contract, ports: Ports) -> Iterator[str]:
    parameters = ", ".join(f".{name}({value})" for name, value in contract.design.parameters.items())
    yield f"  {contract.design.top} {f'#({parameters}) ' if parameters else ''}dut ("
    clock = contract.clocks[0].port.value
    yield ",\n".join(f"    .{name}({CLOCK if name == clock else f'p_{name}'})" for name in ports)
    yield "  );"
