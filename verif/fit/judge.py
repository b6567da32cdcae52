"""What the RTL says of a reading: every beat as expected, or the first thing that is not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from verif.contract.check import check_contract
from verif.contract.model import Contract
from verif.fit.search import Reading
from verif.fit.trial import POWER_UP_SEED, Work
from verif.judge.compare import compare
from verif.judge.fault import Fault
from verif.judge.hang import hang
from verif.judge.observed import Observed, Trace, open_record
from verif.judge.predict import Expected, predict
from verif.judge.protocol import handshake
from verif.records.record import STATUS_DEADLINE
from verif.records.stimulus import Stimulus

SILENT, NOT_RUN = "J-001", "P-402"


@dataclass(frozen=True, slots=True)
class Answer:
    """`beats` compared beats agree, or `fault` is the first that does not (or the manifest's own fault, E-MAN)."""

    beats: int
    fault: Fault | None

    @property
    def fits(self) -> bool:
        """Something was compared, and nothing is wrong."""
        return self.fault is None and self.beats > 0


def answers(readings: Sequence[Reading], works: Sequence[Work], stimulus: bytes, record: bytes) -> list[Answer]:
    """One for each reading; the file holds the jobs of all of them, one reading after another. Raises RecordError."""
    tables = Stimulus.unpack(stimulus)
    observed = open_record(record, tables, hashlib.sha256(stimulus).hexdigest(), POWER_UP_SEED)
    return [_answer(one.contract, works, observed, at * len(works)) for at, one in enumerate(readings)]


def _answer(contract: Contract, works: Sequence[Work], observed: Observed, start: int) -> Answer:
    beats = 0
    for number, work in enumerate(works, start):
        expected = predict(contract, work.values.operations)
        traces = {channel.id: observed.trace(number, at) for at, channel in enumerate(contract.channels)}
        fault = next(_faults(contract, observed, number, expected, traces), None)
        if fault is not None:
            return Answer(beats, fault)
        beats += sum(traces[name].count for name in expected)
    wrong = next((one for one in check_contract(contract) if one.severity == "error"), None)
    return Answer(beats, Fault(wrong.rule, wrong.args) if wrong else None)


def _faults(
    contract: Contract,
    observed: Observed,
    number: int,
    expected: Mapping[str, Expected],
    traces: Mapping[str, Trace],
) -> Iterator[Fault]:
    """What is wrong in one job, a job that did not run or did not end last: wrong data says more."""
    for channel in contract.channels:
        if channel.dir == "out":
            yield from handshake(channel, traces[channel.id])
            yield from compare(contract, channel, expected[channel.id], traces[channel.id])
    if not observed.executed(number):
        yield Fault(NOT_RUN, {"reason": "not run"})
    planned = {name: one.count for name, one in expected.items()}
    planned |= {c.id: len(observed.sent(number, at)) for at, c in enumerate(contract.channels) if c.dir == "in"}
    ended_early = int(observed.job(number)["status"]) == STATUS_DEADLINE
    if ended_early or any(traces[name].count < count for name, count in planned.items()):
        yield hang(contract, observed, number, "", traces, planned)
