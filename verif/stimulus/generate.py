"""(contract, job) -> what the job does. The stimulus file keeps what operations were given, for the judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from verif.contract.model import Contract
from verif.stimulus.bench import Bench
from verif.stimulus.registry import FAMILIES
from verif.stimulus.values import JobValues, OperationValues
from verif.testplan.plan import Job

Source = Callable[[Contract, Job], JobValues]


class OperationsError(ValueError):
    """A job is asked to keep operations that it does not have."""


def job_values(contract: Contract, job: Job) -> JobValues:
    """Operations, traffic and reset of a job, all of its operations also when it keeps only some.

    Raises:
        KeyError: the testpoint has no generator.
        StimulusError: the contract leaves no legal operation.
    """
    return FAMILIES[job.testpoint](Bench.of(contract, job.testpoint, job.seed))


def kept(job: Job, count: int) -> tuple[int, ...]:
    """Numbers of the operations that a job keeps of its `count`; raises OperationsError unless they exist, in order."""
    if any(not 0 <= op < count for op in job.ops) or any(a >= b for a, b in pairwise(job.ops)):
        raise OperationsError(f"{job.testpoint} has operations 0 to {count - 1}; asked for: {', '.join(map(str, job.ops))}")
    return job.ops or tuple(range(count))


def operations(contract: Contract, job: Job) -> tuple[OperationValues, ...]:
    """Just the operations that a job keeps."""
    return Generator(contract).operations(job)


class Generator:
    """Makes the values of jobs of one contract; jobs that differ only in the operations they keep are generated once."""

    def __init__(self, contract: Contract, source: Source = job_values) -> None:
        self._contract, self._source = contract, source
        self._last: tuple[Job, JobValues] | None = None

    def values(self, job: Job) -> JobValues:
        """All that the whole job does; raises as `job_values` does."""
        whole = replace(job, ops=())
        if self._last is None or self._last[0] != whole:
            self._last = whole, self._source(self._contract, whole)
        return self._last[1]

    def operations(self, job: Job) -> tuple[OperationValues, ...]:
        """The operations that the job keeps."""
        values = self.values(job).operations
        return tuple(values[op] for op in kept(job, len(values)))
