"""An operation's steps as micro-steps of the stimulus file, and the hold vector that they set.

The hold vector gives every signal named in a `set` or a `pulse` of any operation, in order of first appearance, 64 bits of
its own (two words, least significant first), whatever the signal's width: widths are the harness' knowledge, not ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from verif.contract.expr import evaluate
from verif.contract.model import Contract, Operation, Step
from verif.contract.origin import pulsed
from verif.contract.scope import constants
from verif.contract.steps import Names, TooManyStepsError, taken, written
from verif.records import stimulus as file
from verif.stimulus.rng import generator
from verif.stimulus.values import StimulusError
from verif.testplan.plan import Job

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
        for step in written(operation.steps):
            names += [*step.sets, *([step.signal] if step.signal else [])]
    return tuple(dict.fromkeys(names))


class Recipe:
    """Micro-steps of a job's operations. Holds keep their last value from step to step, zero at first.

    What a design has sampled, or needs no longer, is overwritten with other values (`until`); what comes in any order is
    shuffled. Both are drawn for each operation by itself, so that leaving one out changes no other.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._signals = hold_signals(contract)
        self._pulsed = pulsed(contract)
        self._hold = dict.fromkeys(self._signals, 0)
        self._channels = [channel.id for channel in contract.channels]
        self._events = [event.id for event in contract.events]
        self._dice = _Dice("", 0, 0)
        self._spent: dict[str, list[str]] = {}
        self._make: dict[str, Callable[[Step, Names], MicroStep]] = {
            "run": lambda step, _names: MicroStep(file.STEP_RUN, self._mask(step.channels)),
            "set": self._set,
            "pulse": lambda step, _names: MicroStep(
                file.STEP_PULSE, max(1, step.cycles), words=self._words({step.signal: 1})
            ),
            "wait": self._wait,
            "idle": lambda step, _names: MicroStep(file.STEP_IDLE, max(1, step.cycles)),
            "align": lambda _step, _names: MicroStep(file.STEP_ALIGN),
        }

    def of(self, job: Job, operation: int) -> Recipe:
        """This recipe, drawing for operation number `operation` of a job from now on."""
        self._dice = _Dice(job.testpoint, job.seed, operation)
        return self

    def steps(self, operation: Operation, variables: Mapping[str, int]) -> list[MicroStep]:
        """Micro-steps of one operation; without declared steps all its streams run at once."""
        names = constants(self._contract) | dict(variables)
        declared = operation.steps or (Step("run", channels=tuple(stream.channel for stream in operation.streams)),)
        self._spent = {"start": [], "done": []}
        try:
            return [micro for step, values in taken(declared, names, self._shuffled) for micro in self._step(step, values)]
        except TooManyStepsError as error:
            raise StimulusError(f"operation {operation.id}: a loop of {error.rounds} rounds") from None

    def _step(self, step: Step, names: Names) -> Iterator[MicroStep]:
        if step.kind not in self._make:
            raise StimulusError(f"step {step.kind} belongs to a profile that this release does not drive")
        yield self._make[step.kind](step, names)
        ends = {"pulse": "start", "wait": "done"}.get(step.kind, "")
        if spent := self._spent.get(ends):
            self._spent[ends] = []
            self._hold |= {signal: self._other(self._hold[signal]) for signal in spent}
            yield MicroStep(file.STEP_SET, words=self._words(self._hold))

    def _set(self, step: Step, names: Names) -> MicroStep:
        self._hold |= {signal: evaluate(text.value, names) for signal, text in step.sets.items()}
        for until, spent in self._spent.items():
            kept = [signal for signal in spent if signal not in step.sets]
            self._spent[until] = kept + [s for s in step.sets if step.until == until and s not in self._pulsed]
        return MicroStep(file.STEP_SET, words=self._words(self._hold))

    def _wait(self, step: Step, names: Names) -> MicroStep:
        within = evaluate(step.within.value, names) if step.within else 0
        return MicroStep(file.STEP_WAIT, self._events.index(step.event), within)

    def _mask(self, channels: Iterable[str]) -> int:
        return sum({1 << self._channels.index(channel) for channel in channels})

    def _other(self, value: int) -> int:
        """A random value whose lowest bit differs, so that every signal changes, however narrow."""
        drawn = int(self._dice.rng.integers(0, 1 << 63))
        return drawn ^ 1 if (drawn ^ value) & 1 == 0 else drawn

    def _shuffled(self, rounds: list[Names]) -> list[Names]:
        return [rounds[int(index)] for index in self._dice.rng.permutation(len(rounds))]

    def _words(self, values: Mapping[str, int]) -> tuple[int, ...]:
        words: list[int] = []
        for signal in self._signals:
            value = values.get(signal, 0)
            words += [(value >> (32 * i)) & 0xFFFFFFFF for i in range(WORDS_PER_SIGNAL)]
        return tuple(words)


class _Dice:
    """Random numbers of one operation of a job; made only when something is drawn."""

    def __init__(self, testpoint: str, seed: int, operation: int) -> None:
        self._named = testpoint, seed, f"steps {operation}"

    @cached_property
    def rng(self) -> np.random.Generator:
        return generator(*self._named)
