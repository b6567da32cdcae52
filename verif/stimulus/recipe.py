"""An operation's steps as micro-steps of the stimulus file, and the hold vector that they set.

The hold vector gives every signal named in a `set` or a `pulse` of any operation, in order of first appearance, 64 bits of
its own (two words, least significant first), whatever the signal's width: widths are the harness' knowledge, not ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from verif.contract.expr import evaluate
from verif.contract.model import Contract, Operation, Step
from verif.contract.scope import constants
from verif.records import stimulus as file
from verif.stimulus.values import StimulusError

WORDS_PER_SIGNAL = 2


@dataclass(frozen=True, slots=True)
class MicroStep:
    """One row of the stimulus file's step table; `words` is the hold vector of SET and PULSE, empty otherwise."""

    kind: int
    arg: int = 0
    within: int = 0
    words: tuple[int, ...] = ()


def hold_signals(contract: Contract) -> tuple[str, ...]:
    """Signals of the hold vector, in order of first appearance."""
    names: list[str] = []
    for operation in contract.operations:
        for step in operation.steps:
            names += [*step.sets, *([step.signal] if step.signal else [])]
    return tuple(dict.fromkeys(names))


class Recipe:
    """Micro-steps of a job's operations. Holds keep their last value from step to step, zero at first."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._signals = hold_signals(contract)
        self._hold = dict.fromkeys(self._signals, 0)
        self._channels = [channel.id for channel in contract.channels]
        self._events = [event.id for event in contract.events]

    def steps(self, operation: Operation, variables: Mapping[str, int]) -> list[MicroStep]:
        """Micro-steps of one operation; without declared steps all its streams run at once."""
        names = constants(self._contract) | dict(variables)
        declared = operation.steps or (Step("run", channels=tuple(stream.channel for stream in operation.streams)),)
        return [self._step(step, names) for step in declared]

    def _step(self, step: Step, names: Mapping[str, int]) -> MicroStep:
        if step.kind == "run":
            return MicroStep(file.STEP_RUN, sum({1 << self._channels.index(channel) for channel in step.channels}))
        if step.kind == "set":
            self._hold |= {signal: evaluate(text.value, names) for signal, text in step.sets.items()}
            return MicroStep(file.STEP_SET, words=self._words(self._hold))
        if step.kind == "pulse":
            return MicroStep(file.STEP_PULSE, max(1, step.cycles), words=self._words({step.signal: 1}))
        if step.kind == "wait":
            within = evaluate(step.within.value, names) if step.within else 0
            return MicroStep(file.STEP_WAIT, self._events.index(step.event), within)
        if step.kind == "idle":
            return MicroStep(file.STEP_IDLE, max(1, step.cycles))
        raise StimulusError(f"step {step.kind} belongs to a profile that this release does not drive")

    def _words(self, values: Mapping[str, int]) -> tuple[int, ...]:
        words: list[int] = []
        for signal in self._signals:
            value = values.get(signal, 0)
            words += [(value >> (32 * i)) & 0xFFFFFFFF for i in range(WORDS_PER_SIGNAL)]
        return tuple(words)
