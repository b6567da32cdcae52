"""Judge one batch: every job of every power-up seed, planned against recorded. Nothing that was not compared counts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from verif.contract.model import Contract
from verif.contract.nodes import ExprError
from verif.judge.compare import compare
from verif.judge.fault import Fault, RecordError
from verif.judge.given import given
from verif.judge.hang import hang
from verif.judge.observed import Observed, Trace, open_record
from verif.judge.power_up import differs
from verif.judge.predict import Expected, predict
from verif.judge.protocol import handshake
from verif.judge.tolerance import vacuous
from verif.records.record import STATUS_DEADLINE
from verif.records.stimulus import IN, Stimulus
from verif.stimulus.values import OperationValues
from verif.testplan.plan import Batch, Job, Plan
from verif.testplan.select import POWER_UP
from verif.variants.explain import Crossed, explain

MOST_FINDINGS_PER_TESTPOINT = 20


@dataclass(slots=True)
class _Count:
    executed: int = 0
    judged: int = 0
    failed: int = 0
    checks: int = 0


@dataclass(slots=True)
class Judgement:
    """What became of a batch: counts by testpoint, faults as JSON findings, and by job of the batch the rules it broke."""

    counts: dict[str, _Count] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)
    rules: list[list[str]] = field(default_factory=list)
    crossed: list[Crossed] = field(default_factory=list)

    def add(self, job: Job, seed: int, faults: list[Fault], checks: int, *, executed: bool) -> None:
        """One execution of a job. It is judged when something was compared, or when it is known to have failed."""
        self.rules[-1] += [fault.rule for fault in faults]
        count = self.counts.setdefault(job.testpoint, _Count())
        count.executed += executed
        count.judged += executed and (checks > 0 or bool(faults))
        count.failed += bool(faults)
        count.checks += checks
        shown = sum(finding["testpoint"] == job.testpoint for finding in self.findings)
        left = max(0, MOST_FINDINGS_PER_TESTPOINT - shown)
        self.findings += [fault.to_json(job.testpoint, seed) for fault in faults[:left]]

    def explain(self, contract: Contract) -> None:
        """Says of every wrong result which near-miss readings of the contract agree with all that crossed."""
        found = explain(contract, self.crossed)
        for finding in self.findings if found else ():
            if finding["divergence"]:
                finding["explained"] = found.to_json() if found else None

    def to_json(self) -> dict[str, Any]:
        """A JSON object; `testpoints` in the order in which they came."""
        rows = [
            {"testpoint": name, "executed": c.executed, "judged": c.judged, "failed": c.failed, "checks": c.checks}
            for name, c in self.counts.items()
        ]
        return {"version": 1, "testpoints": rows, "findings": self.findings, "rules": self.rules}


def judge(contract: Contract, plan: Plan, batch: Batch, stimulus: bytes, records: Mapping[int, bytes]) -> Judgement:
    """Compare `records` (power-up seed -> record file) of a batch with what its jobs must have brought.

    Raises:
        RecordError: a record does not answer this stimulus, or shows a fault of our own test bench.
    """
    tables, digest = Stimulus.unpack(stimulus), hashlib.sha256(stimulus).hexdigest()
    _check_plan(tables, plan, batch)
    if set(records) != set(batch.powerup_seeds):
        raise RecordError("P-402", "a power-up seed of the plan has no record")
    opened = {seed: open_record(records[seed], tables, digest, seed) for seed in batch.powerup_seeds}
    for observed in opened.values():
        _check_sources(observed)
    judgement = Judgement()
    for number, (job, values) in enumerate(zip(batch.jobs, given(contract, tables), strict=True)):
        judgement.rules.append([])
        _judge_job(contract, judgement, opened, number, job, values)
    judgement.explain(contract)
    return judgement


def _check_plan(stimulus: Stimulus, plan: Plan, batch: Batch) -> None:
    head = stimulus.head[0]
    jobs = [Job(bytes(row["testpoint"]).decode("ascii", "replace"), int(row["seed"])) for row in stimulus.job]
    planned = [Job(job.testpoint, job.seed) for job in batch.jobs]  # which operations they keep is in the plan's digest
    if bytes(head["plan"]).decode() != plan.digest() or int(head["batch"]) != batch.index or jobs != planned:
        raise RecordError("P-402", "the stimulus is not that of the plan")


def _check_sources(observed: Observed) -> None:
    """Input channels carried what their sources were given, in order: all of it, or a beginning when the job was cut off."""
    for job in range(len(observed.stimulus.job)):
        if not observed.executed(job):
            continue
        cut_off = int(observed.job(job)["status"]) == STATUS_DEADLINE
        for channel, row in enumerate(observed.stimulus.channel):
            if int(row["dir"]) == IN:
                _check_source(observed, job, channel, cut_off=cut_off)


def _check_source(observed: Observed, job: int, channel: int, *, cut_off: bool) -> None:
    sent, seen = observed.sent(job, channel), observed.trace(job, channel).words
    whole = len(seen) == len(sent) or (cut_off and len(seen) < len(sent))
    if not whole or not (seen == sent[: len(seen)]).all():
        name = bytes(observed.stimulus.channel["id"][channel]).decode("ascii", "replace")
        raise RecordError("P-403", f"channel {name}, job {job}: {len(seen)} beats crossed, {len(sent)} were given")


def _judge_job(
    contract: Contract,
    judgement: Judgement,
    opened: Mapping[int, Observed],
    number: int,
    job: Job,
    values: tuple[OperationValues, ...],
) -> None:
    try:
        expected = predict(contract, values, job.ops)
    except ExprError as error:
        faults = [Fault("J-010", {"code": error.code})]
        judgement.add(job, job.seed, faults, 0, executed=True)
        return
    first: Observed | None = None
    for seed, observed in opened.items():
        faults = list(_faults(contract, observed, number, job, expected)) if observed.executed(number) else []
        if first is not None and observed.executed(number) and first.executed(number):
            faults += _power_up_faults(contract, expected, number, first, observed)
        first = first or observed
        checks = _checks(contract, observed, number, expected) if observed.executed(number) else 0
        if observed.executed(number):
            traces = _traces(contract, observed, number)
            judgement.crossed.append(Crossed.of(job.testpoint, expected, traces, faults, checks))
        shown = seed if job.testpoint == POWER_UP else job.seed
        judgement.add(job, shown, faults, checks, executed=observed.executed(number))


def _traces(contract: Contract, observed: Observed, job: int) -> dict[str, Trace]:
    return {channel.id: observed.trace(job, index) for index, channel in enumerate(contract.channels)}


def _checks(contract: Contract, observed: Observed, job: int, expected: Mapping[str, Expected]) -> int:
    """Output beats that were compared with the golden model's, without those that it could not have found wrong."""
    traces = _traces(contract, observed, job)
    return sum(int((~vacuous(expected[name])[: trace.count]).sum()) for name, trace in traces.items() if name in expected)


def _faults(
    contract: Contract, observed: Observed, number: int, job: Job, expected: Mapping[str, Expected]
) -> Iterator[Fault]:
    traces = _traces(contract, observed, number)
    for channel in contract.channels:
        if channel.dir == "out":
            yield from handshake(channel, traces[channel.id])  # first: wrong data often only follows from it
            yield from compare(contract, channel, expected[channel.id], traces[channel.id])
    if int(observed.job(number)["status"]) == STATUS_DEADLINE:
        planned = {name: expected[name].count for name in expected}
        planned |= {c.id: len(observed.sent(number, i)) for i, c in enumerate(contract.channels) if c.dir == "in"}
        yield hang(contract, observed, number, job.testpoint, traces, planned)
    else:
        _check_whole(expected, traces)


def _check_whole(expected: Mapping[str, Expected], traces: Mapping[str, Trace]) -> None:
    """A job cannot end with beats missing: the buffer layer waits for them. A record that says so is not to be believed."""
    for name, wanted in expected.items():
        if traces[name].count < wanted.count:
            raise RecordError("P-402", f"channel {name} ended with {traces[name].count} of {wanted.count} beats")


def _power_up_faults(
    contract: Contract, expected: Mapping[str, Expected], number: int, first: Observed, other: Observed
) -> list[Fault]:
    one, two = _traces(contract, first, number), _traces(contract, other, number)
    released = int(first.job(number)["reset_end"]), int(other.job(number)["reset_end"])
    found = [
        differs(contract, channel, expected[name], (one[name], released[0]), (two[name], released[1]))
        for channel in contract.channels
        if (name := channel.id) in expected
    ]
    return [fault for fault in found if fault]
