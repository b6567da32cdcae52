"""Who drives what: every bit of every input port gets exactly one driver, bit by bit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from verif.contract.model import Channel, Contract
from verif.contract.ports import Ports
from verif.contract.signals import Signal, channel_layout, parse_signal
from verif.tb.hold import BITS_PER_SIGNAL, hold_layout

MAX_CLOCKS = 4  # kClocks in assay_engine.h


class HarnessError(ValueError):
    """The contract cannot be bound to these ports; a checked contract never gets here."""


@dataclass(frozen=True, slots=True)
class Drive:
    """Bits `hi` to `lo` of an input port are driven by a SystemVerilog expression of the same width."""

    port: str
    hi: int
    lo: int
    expression: str


def clock_input(number: int) -> str:
    """The harness' own input of the contract's clock `number`: clk_i, clk1_i, ..."""
    return f"clk{number or ''}_i"


def literal(value: int, width: int) -> str:
    """`value` modulo 2**width as a sized hexadecimal literal."""
    return f"{width}'h{value & ((1 << width) - 1):x}"


def all_drives(contract: Contract, ports: Ports) -> tuple[Drive, ...]:
    """Drivers of every bit of every input port; raises `HarnessError` unless each bit has exactly one."""
    drives = tuple(_drives(contract, ports))
    owned: dict[tuple[str, int], int] = {}
    for drive in drives:
        for bit in range(drive.lo, drive.hi + 1):
            owned[drive.port, bit] = owned.get((drive.port, bit), 0) + 1
    wanted = {(port.name, bit) for port in ports.values() if port.dir == "in" for bit in range(port.width)}
    wrong = sorted(wanted ^ set(owned) | {bit for bit, count in owned.items() if count > 1})
    if wrong:
        raise HarnessError("not driven exactly once: " + ", ".join(f"{port}[{bit}]" for port, bit in wrong[:20]))
    return drives


def _drives(contract: Contract, ports: Ports) -> Iterator[Drive]:
    for number, clock in enumerate(contract.clocks):
        yield _whole(ports, clock.port.value, clock_input(number))
    yield from (_whole(ports, reset.port.value, "in_reset" if reset.active else "!in_reset") for reset in contract.resets)
    for tie in contract.ties:
        width = len(_bits(ports, parse_signal(tie.port.value)))
        yield _whole(ports, tie.port.value, literal(tie.value, width))
    for number, channel in enumerate(contract.channels):
        yield from _channel(contract, ports, number, channel)
    yield from _hold(contract, ports)


def _whole(ports: Ports, text: str, expression: str) -> Drive:
    signal = parse_signal(text)
    bits = _bits(ports, signal)
    return Drive(signal.port, bits[-1], bits[0], expression)


def _bits(ports: Ports, signal: Signal) -> range:
    return signal.bits(ports[signal.port].width)


def _channel(contract: Contract, ports: Ports, number: int, channel: Channel) -> Iterator[Drive]:
    if channel.dir == "out":
        if channel.ready:
            yield _whole(ports, channel.ready.value, f"c{number}_ready")
        return
    if channel.valid:
        yield _whole(ports, channel.valid.value, f"c{number}_valid")
    for _name, signal, lsb, width in channel_layout(contract, channel.id, ports).fields:
        bits = _bits(ports, signal)
        yield Drive(signal.port, bits[-1], bits[0], f"c{number}_payload[{lsb + width - 1}:{lsb}]")


def _hold(contract: Contract, ports: Ports) -> Iterator[Drive]:
    for held in hold_layout(contract):
        bits = _bits(ports, held.signal)
        if len(bits) > BITS_PER_SIGNAL:
            raise HarnessError(f"{held.signal.port} is wider than the {BITS_PER_SIGNAL} bits that a step can set")
        yield Drive(held.signal.port, bits[-1], bits[0], f"hold[{held.lsb + len(bits) - 1}:{held.lsb}]")
