"""Which variants agree with everything that a failing design brought.

"Consistent with", never "is": a wrong manifest and a wrong design look alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verif.contract.model import Channel, Contract
from verif.contract.nodes import ExprError
from verif.contract.pack import Beats
from verif.judge.fault import Fault
from verif.judge.observed import Trace
from verif.judge.pairing import pairing
from verif.judge.predict import Expected
from verif.variants.answer import Answer, Asked
from verif.variants.listing import variants
from verif.variants.model import Variant

NAMED = 3  # variants that a finding names
PASSING = 16
"""Jobs without a fault, smallest first, that a variant must agree with as well."""


@dataclass(slots=True)
class Crossed:
    """One job as it was judged: what its output channels had to bring, and what they brought.

    `wrong` of `compared` beats differ from the base contract; a job without a wrong beat is not one to explain.
    """

    testpoint: str
    expected: Mapping[str, Expected]
    traces: Mapping[str, Trace]
    wrong: int = 0
    compared: int = 0
    _asked: dict[int, Asked] = field(default_factory=dict, init=False)

    @staticmethod
    def of(
        testpoint: str, expected: Mapping[str, Expected], traces: Mapping[str, Trace], faults: Sequence[Fault], compared: int
    ) -> Crossed:
        """A job with its faults, of whose beats `compared` were."""
        wrong = sum(fault.divergence.wrong_beats for fault in faults if fault.divergence)
        return Crossed(testpoint, expected, traces, wrong, compared)

    @property
    def size(self) -> int:
        """Planned beats, as a measure of what it costs."""
        return sum(one.count for one in self.expected.values())

    def asked(self, contract: Contract) -> dict[int, Asked]:
        """Operations by their number in the job, with what the base contract says of them."""
        if not self._asked:
            for one in self.expected.values():
                for segment in one.segments:
                    self._asked.setdefault(segment.operation, Asked(contract, segment.values))
        return self._asked


@dataclass(frozen=True, slots=True)
class Explanation:
    """`wrong` of `compared` beats of `jobs` jobs differ from the contract; under each of `variants` all of them are right.

    `more` further variants do as well.
    """

    wrong: int
    compared: int
    jobs: int
    variants: tuple[Variant, ...]
    more: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain data: counts, and the variants' ids and words."""
        named = [one.to_json() for one in self.variants]
        return {"wrong": self.wrong, "compared": self.compared, "jobs": self.jobs, "variants": named, "more": self.more}


def explain(contract: Contract, jobs: Sequence[Crossed]) -> Explanation | None:
    """The variants that agree with every beat of every job that has a wrong one; None when there is none, or no such job.

    Variants that are the same for all legal operations count once. Jobs without a wrong beat must agree as well, as far as
    a variant says anything of them.
    """
    failing = sorted((job for job in jobs if job.wrong), key=lambda job: job.size)
    if not failing:
        return None
    passing = sorted((job for job in jobs if not job.wrong), key=lambda job: job.size)[:PASSING]
    found = [one for one in variants(contract) if not one.equal and _agrees(contract, one, failing, passing)]
    if not found:
        return None
    wrong, compared = sum(job.wrong for job in failing), sum(job.compared for job in failing)
    return Explanation(wrong, compared, len(failing), tuple(found[:NAMED]), max(0, len(found) - NAMED))


def _agrees(contract: Contract, variant: Variant, failing: Iterable[Crossed], passing: Iterable[Crossed]) -> bool:
    whole = all(_job(contract, variant, job) is True for job in failing)
    return whole and all(_job(contract, variant, job) is not False for job in passing)


def _job(contract: Contract, variant: Variant, job: Crossed) -> bool | None:
    """Whether the job brought what the variant expects; None when the variant says nothing of one of its operations."""
    silent = False
    parts: dict[str, list[Beats]] = {}
    for number, asked in job.asked(contract).items():
        answer = _answer(variant, asked)
        if answer is None:
            silent = True
            continue
        for channel, beats, seen in _places(contract, job, number, asked, answer):
            if not channel.match and _apart(beats, seen):
                return False
            parts.setdefault(channel.id, []).append(beats)
    if any(_shuffled(contract, channel, job, parts.get(channel.id, [])) for channel in contract.channels if channel.match):
        return False
    return None if silent else True


def _answer(variant: Variant, asked: Asked) -> Answer | None:
    try:
        return asked.base if variant.operation != asked.values.kind_index else asked.answer(variant)
    except ExprError:
        return None


def _places(
    contract: Contract, job: Crossed, number: int, asked: Asked, answer: Answer
) -> Iterator[tuple[Channel, Beats, NDArray[np.uint32]]]:
    """Every output stream of one operation: its channel, what should have crossed and what crossed there."""
    streams = asked.operation.streams
    for channel in contract.channels:
        for segment in job.expected[channel.id].segments if channel.id in job.expected else ():
            if segment.operation == number:
                place = next(i for i, stream in enumerate(streams) if stream is segment.stream)
                seen = job.traces[channel.id].words[segment.first : segment.first + segment.packed.count]
                yield channel, answer[place], seen


def _apart(beats: Beats, seen: NDArray[np.uint32]) -> bool:
    """Whether the beats differ in a bit that is cared for. A job that was cut off has only its first ones."""
    count = min(beats.count, len(seen))
    return len(seen) > beats.count or bool(((beats.words[:count] ^ seen[:count]) & beats.care[:count]).any())


def _shuffled(contract: Contract, channel: Channel, job: Crossed, parts: Sequence[Beats]) -> bool:
    """The same for a channel whose beats may come in any order between different values of its field `match`."""
    if not parts:
        return False
    words, care = np.concatenate([one.words for one in parts]), np.concatenate([one.care for one in parts])
    expected, trace = replace(job.expected[channel.id], words=words, care=care), job.traces[channel.id]
    pairs = pairing(contract, channel, expected, trace)
    return bool(((words[pairs.expected] ^ trace.words[pairs.observed]) & care[pairs.expected]).any())
