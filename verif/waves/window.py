"""The few cycles that show a failure: the handshake and payload of one channel, with what should have been there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from verif.contract.model import Contract
from verif.contract.nodes import ExprError
from verif.contract.ports import Ports
from verif.judge.observed import Observed, Trace
from verif.judge.predict import Expected, predict
from verif.stimulus.generate import operations
from verif.testplan.plan import Job
from verif.waves.fields import Shown, hexadecimal, shown_fields, vector
from verif.waves.place import Place, place_of
from verif.waves.vcd import Sample, VcdError, samples

SCOPE, CLOCK = ("assay_harness",), "clk_i"
BEFORE, AFTER = 9, 4  # cycles around a fault
BEFORE_HANG, AFTER_HANG = 5, 8  # cycles around the last one in which anything moved
MOST_FIELDS, MOST_OTHERS = 6, 5
LONGEST_NAME = 100
_Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """Job number `number` of a run: what was asked (`job`), what was seen, and the finding (its JSON) to show."""

    contract: Contract
    ports: Ports
    job: Job
    number: int
    observed: Observed
    finding: Mapping[str, Any]

    @cached_property
    def place(self) -> Place:
        """Where to look."""
        return place_of(self.contract, self.observed, self.number, self.finding)

    @property
    def channel(self) -> str:
        """Id of the channel to look at."""
        return self.contract.channels[self.place.channel].id

    @cached_property
    def trace(self) -> Trace:
        """What crossed it."""
        return self.observed.trace(self.number, self.place.channel)

    @cached_property
    def expected(self) -> Expected | None:
        """What it had to bring; None for an input, and when the contract's math fails."""
        try:
            return predict(self.contract, operations(self.contract, self.job), self.job.ops).get(self.channel)
        except ExprError:
            return None

    def beat(self, cycle: int) -> int:
        """Number, in the job, of the beat that crosses the channel in this cycle or next after it."""
        return int((self.trace.cycles < cycle).sum())


def window(case: Case, vcd: Iterable[bytes]) -> dict[str, Any]:
    """The JSON object `{version, channel, cycle, hang, cycles, operations, beats, signals}`.

    Lists run along `cycles`. `operations` and `beats` number what crossed the channel (null: nothing that was planned). A
    signal has `name`, `kind` (clock, reset, valid, ready, bit, bus) and `values` in hex; a payload has `cut` (higher digits
    are left out), and where a bit of it is wrong `expected` (empty where it was as expected). Raises `VcdError`.
    """
    seen, number = _seen(case, vcd), case.place.channel
    crossed = [_crossed(case, cycle) for cycle in seen]
    signals: list[_Row] = [{"name": case.contract.clocks[0].port.value[:LONGEST_NAME], "kind": "clock", "values": []}]
    signals += [_bits("in_reset", "reset", "in_reset", seen), *_handshake(case, number, seen), *_payload(case, seen)]
    others = [other for other in range(len(case.contract.channels)) if other != number] if case.place.hang else []
    signals += [row for other in others[:MOST_OTHERS] for row in _handshake(case, other, seen)]
    return {
        "version": 1,
        "channel": case.channel,
        "cycle": case.place.cycle,
        "hang": case.place.hang,
        "cycles": list(seen),
        "operations": [operation for operation, _beat in crossed],
        "beats": [beat for _operation, beat in crossed],
        "signals": signals,
    }


def _seen(case: Case, vcd: Iterable[bytes]) -> dict[int, Sample]:
    """Cycle -> sample, for those of the window's cycles that the file has."""
    place = case.place
    before, after = (BEFORE_HANG, AFTER_HANG) if place.hang else (BEFORE, AFTER)
    parts = [f"c{number}_{part}" for number in range(len(case.contract.channels)) for part in ("valid", "ready")]
    seen: dict[int, Sample] = {}
    for sample in samples(vcd, SCOPE, CLOCK, ["cycle", "in_reset", *parts, f"c{place.channel}_payload"]):
        cycle = sample["cycle"] or 0
        if cycle > place.cycle + after:
            break
        if cycle >= max(1, place.cycle - before):
            seen.setdefault(cycle, sample)
    if place.cycle not in seen:
        raise VcdError(f"no cycle {place.cycle} in the file")
    return dict(sorted(seen.items()))


def _crossed(case: Case, cycle: int) -> tuple[int | None, int | None]:
    """(operation, beat within it) of the planned beat that crossed the channel in a cycle."""
    beat = case.beat(cycle)
    if case.expected is None or beat >= case.expected.count or cycle not in case.trace.cycles:
        return None, None
    segment = next(one for one in reversed(case.expected.segments) if one.first <= beat)
    return segment.operation, segment.offset + beat - segment.first


def _handshake(case: Case, number: int, seen: Mapping[int, Sample]) -> list[_Row]:
    channel = case.contract.channels[number]
    parts = (("valid", channel.valid), ("ready", channel.ready))
    return [_bits(text.value, part, f"c{number}_{part}", seen) for part, text in parts if text is not None]


def _bits(name: str, kind: str, key: str, seen: Mapping[int, Sample]) -> _Row:
    return {"name": name[:LONGEST_NAME], "kind": kind, "values": [hexadecimal(sample[key], 1) for sample in seen.values()]}


def _payload(case: Case, seen: Mapping[int, Sample]) -> list[_Row]:
    fields = shown_fields(case.contract, case.ports, case.channel, _wrong_bits(case))
    return [_field(case, field, seen) for field in fields[:MOST_FIELDS]]


def _field(case: Case, field: Shown, seen: Mapping[int, Sample]) -> _Row:
    values = [field.digits(sample[f"c{case.place.channel}_payload"]) for sample in seen.values()]
    row: _Row = {
        "name": field.name[:LONGEST_NAME],
        "kind": "bit" if field.bits == 1 else "bus",
        "values": values,
        "cut": field.cut,
    }
    if field.wrong and case.expected is not None:
        row["expected"] = [_awaited(case, case.expected, field, cycle, sample) for cycle, sample in seen.items()]
    return row


def _wrong_bits(case: Case) -> int:
    """Bits that differ from what was expected of the beat in the marked cycle; 0 when no planned beat crossed in it."""
    beat = case.beat(case.place.cycle)
    if case.expected is None or case.place.hang or beat >= min(case.expected.count, case.trace.count):
        return 0
    if int(case.trace.cycles[beat]) != case.place.cycle:
        return 0
    return vector((case.expected.words[beat] ^ case.trace.words[beat]) & case.expected.care[beat])


def _awaited(case: Case, expected: Expected, field: Shown, cycle: int, sample: Sample) -> str:
    """What VALID should have offered in this cycle, where it offered something else; empty otherwise."""
    beat, observed = case.beat(cycle), sample[f"c{case.place.channel}_payload"]
    if sample[f"c{case.place.channel}_valid"] != 1 or beat >= expected.count or observed is None:
        return ""
    value, care = vector(expected.words[beat]), vector(expected.care[beat])
    return field.digits(value) if field.part((value ^ observed) & care) else ""
