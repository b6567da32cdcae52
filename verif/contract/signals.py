"""Signals (`S` of the grammar) and the layout of a channel's payload vector."""

from __future__ import annotations

import re
from dataclasses import dataclass

from verif.contract.model import Channel, Contract
from verif.contract.ports import Ports

_SIGNAL = re.compile(r"([A-Za-z_][A-Za-z0-9_$]*(?:\.[A-Za-z_][A-Za-z0-9_$]*)?)(?:\[(?:(\*)|(\d{1,6})(?::(\d{1,6}))?)\])?")


class SignalError(ValueError):
    """A text that is no signal."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A port or a slice of it, bits `hi` down to `lo`; both None means the whole port.

    `port` is `instance.member` for a member of an interface port. `array`: written `port[*]`, a whole unpacked array,
    element 0 least significant.
    """

    port: str
    hi: int | None = None
    lo: int | None = None
    array: bool = False

    @property
    def width(self) -> int | None:
        """Bits of the slice; None when the whole port is meant, whose width only the design knows."""
        return None if self.hi is None or self.lo is None else self.hi - self.lo + 1

    def bits(self, port_width: int) -> range:
        """Bit numbers of the port that this signal covers."""
        return range(port_width) if self.hi is None or self.lo is None else range(self.lo, self.hi + 1)


@dataclass(frozen=True, slots=True)
class ChannelLayout:
    """A channel's payload vector: total width in bits, and per field (name, signal, least significant bit, width)."""

    width: int
    fields: tuple[tuple[str, Signal, int, int], ...]


def parse_signal(text: str) -> Signal:
    """The signal that `text` names; raises `SignalError`."""
    match = _SIGNAL.fullmatch(text.strip())
    if not match:
        raise SignalError(text)
    port, star, high, low = match.groups()
    if high is None:
        return Signal(port, array=star is not None)
    hi, lo = int(high), int(low if low is not None else high)
    if hi < lo:
        raise SignalError(text)
    return Signal(port, hi, lo)


def channel_of(contract: Contract, channel: str) -> Channel:
    """The channel with that id; KeyError when there is none."""
    for candidate in contract.channels:
        if candidate.id == channel:
            return candidate
    raise KeyError(channel)


def clock_number(contract: Contract, channel: Channel) -> int:
    """Which of the contract's clocks the channel runs on; the first unless it says otherwise."""
    ports = [clock.port.value for clock in contract.clocks]
    return ports.index(channel.clock) if channel.clock in ports else 0


def channel_layout(contract: Contract, channel: str, ports: Ports) -> ChannelLayout:
    """Where every field lies in the payload vector; KeyError for an unknown channel or port.

    Fields stand in declared order, the first least significant.
    """
    fields, lsb = [], 0
    for name, text in channel_of(contract, channel).fields.items():
        signal = parse_signal(text.value)
        width = signal.width or ports[signal.port].width
        fields.append((name, signal, lsb, width))
        lsb += width
    return ChannelLayout(lsb, tuple(fields))
