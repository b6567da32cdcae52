"""Turns a batch of the plan into the one file that the simulator reads: beats, gaps, steps, deadlines. No results in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verif.contract.expr import evaluate
from verif.contract.model import Channel, Contract, Operation, Stream
from verif.contract.origin import origin_of
from verif.contract.pack import beat_count, beats, width
from verif.contract.scope import constants, input_tensors
from verif.contract.signals import clock_number
from verif.records import stimulus as file
from verif.records.stimulus import Stimulus
from verif.stimulus import traffic
from verif.stimulus.generate import Generator, Source, job_values, kept
from verif.stimulus.recipe import WORDS_PER_SIGNAL, Recipe, hold_signals
from verif.stimulus.rng import generator
from verif.stimulus.values import JobValues, OperationValues
from verif.testplan.plan import Batch, Job, Plan

WATCHDOG = 4  # a job may take this many times its operations' max_cycles, stalls and waits added
EDGES_WATCHED = 8  # of a channel's own clock at least, after a job's last beat
MARGIN = 64  # cycles, for what lies between operations
_Stalls = tuple[NDArray[np.uint32], int]


def encode(contract: Contract, plan: Plan, batch: Batch, source: Source = job_values) -> Stimulus:
    """The stimulus of `batch`; the same arguments give the same bytes. `source` makes a job's values.

    Raises:
        OperationsError: a job is asked to keep operations that it does not have.
        StimulusError: an operation cannot be drawn or driven.
        ExprError: an expression of the contract fails on these variables.
    """
    writer, made = _Writer(contract), Generator(contract, source)
    for number, job in enumerate(batch.jobs):
        writer.job(number, job, made.values(job))
    return writer.finish(plan.digest(), batch.index)


def streams_of(operation: Operation, channel: str) -> tuple[Stream, ...]:
    """The operation's streams on a channel: segments, in declared order."""
    return tuple(stream for stream in operation.streams if stream.channel == channel)


def payload_width(contract: Contract, channel: Channel) -> int:
    """Bits of the channel's payload, as its packers say; raises ExprError. A channel that no stream uses has width 1."""
    for operation in contract.operations:
        for stream in streams_of(operation, channel.id):
            least = _any_variables(contract, operation)
            return width(contract, operation, stream, least)
    return 1


def _any_variables(contract: Contract, operation: Operation) -> dict[str, int]:
    from verif.contract.scope import variable_values

    least: dict[str, int] = {}
    for name in operation.vars:
        least[name] = variable_values(contract, operation, name, least)[0]
    return least


class _Rows:
    """Rows of one table, kept as tuples and made an array at the end."""

    def __init__(self, table: str) -> None:
        self.layout, self.rows = file.SCHEMA[table], list[tuple[Any, ...]]()

    def add(self, *row: Any) -> None:
        self.rows.append(row)

    def array(self) -> NDArray[np.void]:
        return np.array(self.rows, dtype=self.layout)


class _Writer:
    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.widths = [payload_width(contract, channel) for channel in contract.channels]
        self.jobs, self.ops, self.steps, self.segments = (_Rows(name) for name in ("job", "op", "step", "segment"))
        self.gaps: list[NDArray[np.uint32]] = []
        self.modes: list[NDArray[np.uint8]] = []
        self.words: list[NDArray[np.uint32]] = []
        self.variables = _Rows("variable")
        self.elements: list[NDArray[np.int64]] = []
        self.beat_total = self.word_total = 0

    def job(self, number: int, job: Job, values: JobValues) -> None:
        """Appends one job with the operations it keeps. Stalls are drawn for all, so that those kept do not change."""
        rng = generator(job.testpoint, job.seed, "traffic")
        recipe, first, ops = Recipe(self.contract), len(self.ops.rows), kept(job, len(values.operations))
        quiet = max([values.quiet, *(watched(self.contract, channel) for channel in self.contract.channels)])
        deadline = MARGIN + quiet
        for op, one in enumerate(values.operations):
            stalls = [self.stalls(channel, one, rng) for channel in self.contract.channels]
            if op in ops:
                deadline += self.operation(number, one, recipe.of(job, op), stalls)
        idle_seed = int(generator(job.testpoint, job.seed, "idle").integers(1, 1 << 63))
        self.jobs.add(
            number, job.testpoint.encode(), job.seed, first, len(ops), values.reset_cycles, deadline,
            quiet, values.idle, idle_seed,
        )  # fmt: skip

    def stalls(self, channel: Channel, values: OperationValues, rng: np.random.Generator) -> _Stalls:
        """What one operation's beats on a channel wait."""
        kind = self.contract.operations[values.kind_index]
        streams = streams_of(kind, channel.id)
        count = sum(beat_count(self.contract, kind, stream, values.variables) for stream in streams)
        return gaps_of(channel, values, count, rng)

    def operation(self, job: int, values: OperationValues, recipe: Recipe, stalls: Sequence[_Stalls]) -> int:
        """Appends one operation; the cycles that it may take."""
        operation = self.contract.operations[values.kind_index]
        steps = recipe.steps(operation, values.variables)
        number, first = len(self.ops.rows), len(self.steps.rows)
        self.ops.add(number, job, values.kind_index, values.wait_previous, values.quiet, first, len(steps))
        for step in steps:
            self.steps.add(step.kind, step.arg, step.within, self.word_total)
            self.append_words(np.array(step.words, np.uint32))
        for name in operation.vars:
            self.variables.add(values.variables[name] >> 32, values.variables[name] & 0xFFFFFFFF)
        self.elements += [values.inputs[name].reshape(-1) for name in input_tensors(operation)]
        stalled = sum(map(self.segment, self.contract.channels, repeat(values), stalls))
        names = constants(self.contract) | dict(values.variables)
        return WATCHDOG * evaluate(operation.max_cycles.value, names) + stalled + values.quiet

    def segment(self, channel: Channel, values: OperationValues, stalls: _Stalls) -> int:
        """Appends what crosses one channel; the sum of its gaps, in cycles of the first clock."""
        operation, (drawn, mode) = self.contract.operations[values.kind_index], stalls
        self.segments.add(self.beat_total, len(drawn), self.word_total, *pace(self.contract, channel, values.variables))
        if channel.dir == "in":
            for stream in streams_of(operation, channel.id):
                packed = beats(self.contract, operation, stream, values.variables, values.inputs)
                self.append_words(packed.words.reshape(-1))
        self.gaps.append(drawn)
        self.modes.append(np.full(len(drawn), mode, np.uint8))
        self.beat_total += len(drawn)
        return in_first_cycles(self.contract, channel, int(drawn.sum()))

    def append_words(self, words: NDArray[np.uint32]) -> None:
        self.words.append(words)
        self.word_total += len(words)

    def finish(self, plan: str, batch: int) -> Stimulus:
        schema = file.SCHEMA
        hold_words = WORDS_PER_SIGNAL * len(hold_signals(self.contract))
        channels = [
            channel_row(self.contract, channel, bits)
            for channel, bits in zip(self.contract.channels, self.widths, strict=True)
        ]
        beat = np.zeros(self.beat_total, schema["beat"])
        beat["gap"], beat["mode"] = _joined(self.gaps, np.uint32), _joined(self.modes, np.uint8)
        word = np.zeros(self.word_total, schema["word"])
        word["value"] = _joined(self.words, np.uint32)
        element = _joined(self.elements, np.int64).astype(schema["element"]["value"]).view(schema["element"])
        return Stimulus(
            np.array([(plan.encode(), batch, hold_words)], schema["head"]), np.array(channels, schema["channel"]),
            self.jobs.array(), self.ops.array(), self.steps.array(), self.segments.array(), beat, word,
            self.variables.array(), element,
        )  # fmt: skip


def channel_row(contract: Contract, channel: Channel, bits: int) -> tuple[Any, ...]:
    """The row of a channel with `bits` of payload."""
    kind, number = file.FROM_HANDSHAKE, 0
    if origin := origin_of(contract, channel):
        kinds = {"event": file.FROM_EVENT, "first": file.FROM_FIRST, "last": file.FROM_LAST, "pulse": file.FROM_PULSE}
        among: dict[str, Sequence[str]] = {
            "event": [event.id for event in contract.events],
            "pulse": hold_signals(contract),
        }
        kind = kinds[origin.kind]
        number = among.get(origin.kind, [one.id for one in contract.channels]).index(origin.name)
    way = file.IN if channel.dir == "in" else file.OUT
    return channel.id.encode(), way, clock_number(contract, channel), kind, number, bits, -(-bits // 32)


def in_first_cycles(contract: Contract, channel: Channel, cycles: int) -> int:
    """Cycles of the first clock that `cycles` of the channel's clock take at most."""
    first, own = (contract.clocks[number].period_ps for number in (0, clock_number(contract, channel)))
    return -(-cycles * own // first)


def watched(contract: Contract, channel: Channel) -> int:
    """Cycles of the first clock to watch a channel for after its last beat: fields that lag, and beats that are too many."""
    lagging = channel.lag + 1 if channel.lag else 0
    if clock_number(contract, channel):
        return in_first_cycles(contract, channel, max(lagging, EDGES_WATCHED))
    return lagging


def pace(contract: Contract, channel: Channel, variables: Mapping[str, int]) -> tuple[int, int]:
    """Delay and distance of a fixed channel's beats in one operation, in the channel's cycles; zeros for any other."""
    if channel.handshake != "fixed" or channel.delay is None:
        return 0, 0
    names = constants(contract) | dict(variables)
    return evaluate(channel.delay.value, names), evaluate(channel.every.value, names) if channel.every else 1


def gaps_of(
    channel: Channel, values: OperationValues, count: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint32], int]:
    """Gaps and stall mode of a channel's beats, as far as its handshake and its declaration allow any."""
    stalls = values.source if channel.dir == "in" else values.sink
    drawn = traffic.gaps(stalls, count, rng)
    if channel.dir == "in" and not channel.gaps:
        drawn[1:] = 0
    if channel.handshake == "fixed" or (channel.dir == "out" and channel.ready is None):
        drawn[:] = 0
    return drawn, traffic.mode(stalls) if channel.dir == "out" else file.STALL_FROM_PREVIOUS


def _joined(parts: list[NDArray[Any]], kind: Any) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, kind)
