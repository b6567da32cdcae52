"""What a job must bring: golden results packed forwards into the beats of every output channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verif.contract.model import Contract, Operation, Stream
from verif.contract.pack import Beats, beats
from verif.golden.evaluate import evaluate
from verif.stimulus.values import OperationValues


@dataclass(frozen=True, slots=True)
class Segment:
    """The beats of one stream of one operation: beats `first` to `first + packed.count - 1` of the channel in the job.

    `operation` is its number in the whole job; `offset` the segment's first beat within its operation on the channel.
    """

    operation: int
    kind: Operation
    values: OperationValues
    stream: Stream
    packed: Beats
    first: int
    offset: int


@dataclass(frozen=True, slots=True)
class Expected:
    """All beats that an output channel must bring in one job: words and care mask, uint32[n, words]."""

    channel: str
    segments: tuple[Segment, ...]
    words: NDArray[np.uint32]
    care: NDArray[np.uint32]

    @property
    def count(self) -> int:
        """Number of beats."""
        return len(self.words)


def predict(
    contract: Contract, operations: tuple[OperationValues, ...], numbers: tuple[int, ...] = ()
) -> Mapping[str, Expected]:
    """Output channel id -> what it must bring; `numbers`, unless empty, are those of the operations in the whole job.

    Raises ExprError when the contract's math fails on legal inputs.
    """
    outputs = [channel.id for channel in contract.channels if channel.dir == "out"]
    segments: dict[str, list[Segment]] = {channel: [] for channel in outputs}
    for number, values in zip(numbers or range(len(operations)), operations, strict=True):
        kind = contract.operations[values.kind_index]
        tensors = evaluate(contract, kind, values.variables, values.inputs)
        offsets = dict.fromkeys(outputs, 0)
        for stream in kind.streams:
            if stream.channel in segments:
                packed = beats(contract, kind, stream, values.variables, tensors)
                done = segments[stream.channel]
                first = done[-1].first + done[-1].packed.count if done else 0
                done.append(Segment(number, kind, values, stream, packed, first, offsets[stream.channel]))
                offsets[stream.channel] += packed.count
    return {channel: _expected(channel, tuple(found)) for channel, found in segments.items()}


def _expected(channel: str, segments: tuple[Segment, ...]) -> Expected:
    if not segments:
        return Expected(channel, (), np.zeros((0, 1), np.uint32), np.zeros((0, 1), np.uint32))
    words = np.concatenate([segment.packed.words for segment in segments])
    return Expected(channel, segments, words, np.concatenate([segment.packed.care for segment in segments]))
