"""The hold vector in the harness: where every signal that a step sets or pulses lies. Its order is the stimulus side's."""

from __future__ import annotations

from dataclasses import dataclass

from verif.contract.model import Contract
from verif.contract.signals import Signal, parse_signal
from verif.stimulus.recipe import WORDS_PER_SIGNAL, hold_signals

BITS_PER_SIGNAL = 32 * WORDS_PER_SIGNAL


@dataclass(frozen=True, slots=True)
class HoldSignal:
    """One signal of the hold vector; its bit 0 is bit `lsb` of the vector."""

    signal: Signal
    lsb: int


def hold_layout(contract: Contract) -> tuple[HoldSignal, ...]:
    """Signals of the hold vector in order."""
    return tuple(HoldSignal(parse_signal(text), BITS_PER_SIGNAL * n) for n, text in enumerate(hold_signals(contract)))


def hold_width(contract: Contract) -> int:
    """Bits of the hold vector, at least 1."""
    return max(BITS_PER_SIGNAL * len(hold_layout(contract)), 1)
