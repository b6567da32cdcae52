"""What a job must bring: golden results packed forwards into the beats of every output channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from verif.contract.model import Contract, Operation, Stream
from verif.contract.numerics import numerics_of
from verif.contract.pack import Beats, beats
from verif.golden.evaluate import compute, patterns
from verif.golden.tolerance import Accepted, accepted
from verif.stimulus.values import OperationValues


@dataclass(frozen=True, slots=True)
class Segment:
    """The beats of one stream of one operation: beats `first` to `first + packed.count - 1` of the channel in the job.

    `operation` is its number in the whole job; `offset` the segment's first beat within its operation on the channel.
    `near` has the tensors with a tolerance; `low` and `high` are the beats with their least and greatest accepted values,
    `more` those with what else is accepted (`Accepted.more`).
    """

    operation: int
    kind: Operation
    values: OperationValues
    stream: Stream
    packed: Beats
    first: int
    offset: int
    near: Mapping[str, Accepted] = field(default_factory=dict)
    low: Beats | None = None
    high: Beats | None = None
    more: Beats | None = None
    any_nan: bool = False


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
        computed = compute(contract, kind, values.variables, values.inputs)
        tensors = {name: patterns(computed.tensors[name], kind.tensors[name]) for name in kind.tensors}
        near = accepted(contract, kind, computed)
        offsets = dict.fromkeys(outputs, 0)
        for stream in kind.streams:
            if stream.channel in segments:
                packed = beats(contract, kind, stream, values.variables, tensors)
                done = segments[stream.channel]
                first = done[-1].first + done[-1].packed.count if done else 0
                segment = Segment(number, kind, values, stream, packed, first, offsets[stream.channel])
                done.append(_tolerant(contract, segment, tensors, near) if near else segment)
                offsets[stream.channel] += packed.count
    return {channel: _expected(channel, tuple(found)) for channel, found in segments.items()}


def _tolerant(
    contract: Contract, segment: Segment, tensors: Mapping[str, NDArray[np.int64]], near: Mapping[str, Accepted]
) -> Segment:
    """The segment with the beats of the least and greatest accepted values."""
    ends = [
        beats(contract, segment.kind, segment.stream, segment.values.variables, {**tensors, **end})
        for end in ({name: getattr(one, part) for name, one in near.items()} for part in ("low", "high", "more"))
    ]
    return replace(segment, near=near, low=ends[0], high=ends[1], more=ends[2], any_nan=numerics_of(contract).any_nan)


def _expected(channel: str, segments: tuple[Segment, ...]) -> Expected:
    if not segments:
        return Expected(channel, (), np.zeros((0, 1), np.uint32), np.zeros((0, 1), np.uint32))
    words = np.concatenate([segment.packed.words for segment in segments])
    return Expected(channel, segments, words, np.concatenate([segment.packed.care for segment in segments]))
