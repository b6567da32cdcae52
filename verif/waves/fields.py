"""What is shown of a payload: whole fields, or of wide ones the part that holds the lowest wrong bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from verif.contract.model import Contract
from verif.contract.ports import Ports
from verif.contract.signals import channel_layout

WHOLE_BITS, SLICE_BITS = 32, 24


@dataclass(frozen=True, slots=True)
class Shown:
    """Bits `low` to `low + bits - 1` of a payload vector. `cut`: the field has higher bits. `wrong`: one of its bits is."""

    name: str
    low: int
    bits: int
    cut: bool
    wrong: bool

    def part(self, payload: int) -> int:
        """These bits of a payload."""
        return payload >> self.low & ((1 << self.bits) - 1)

    def digits(self, payload: int | None) -> str:
        """These bits in hex; x for a payload that is unknown."""
        return hexadecimal(None if payload is None else self.part(payload), self.bits)


def shown_fields(contract: Contract, ports: Ports, channel: str, wrong: int) -> list[Shown]:
    """The fields of a channel by their pins' names, those with a bit of the mask `wrong` first."""
    found = []
    for _name, signal, lsb, width in channel_layout(contract, channel, ports).fields:
        mask = wrong >> lsb & ((1 << width) - 1)
        low, bits = _slice(width, (mask & -mask).bit_length() - 1 if mask else 0)
        base = (signal.lo or 0) + low
        whole = signal.port if signal.hi is None else f"{signal.port}[{signal.hi}:{signal.lo}]"
        name = whole if bits == width else f"{signal.port}[{base + bits - 1}:{base}]"
        found.append(Shown(name, lsb + low, bits, low + bits < width, mask != 0))
    return sorted(found, key=lambda field: not field.wrong)


def _slice(width: int, bit: int) -> tuple[int, int]:
    """(lowest bit, bits) of what is shown of a field of `width` bits, around one of its bits."""
    return (0, width) if width <= WHOLE_BITS else (min(bit // 8 * 8, width - SLICE_BITS), SLICE_BITS)


def vector(words: Sequence[int]) -> int:
    """Words of 32 bits, least significant first, as one number."""
    return sum(int(word) << (32 * number) for number, word in enumerate(words))


def hexadecimal(value: int | None, bits: int) -> str:
    """As many digits as `bits` take."""
    digits = -(-bits // 4)
    return "x" * digits if value is None else f"{value:0{digits}x}"
