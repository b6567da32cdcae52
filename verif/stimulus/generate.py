"""(contract, job) -> what the job does. The judge calls it again to know what it must have done."""

from __future__ import annotations

from verif.contract.model import Contract
from verif.stimulus.bench import Bench
from verif.stimulus.registry import FAMILIES
from verif.stimulus.values import JobValues, OperationValues
from verif.testplan.plan import Job


def job_values(contract: Contract, job: Job) -> JobValues:
    """Operations, traffic and reset of a job.

    Raises:
        KeyError: the testpoint has no generator.
        StimulusError: the contract leaves no legal operation.
    """
    return FAMILIES[job.testpoint](Bench.of(contract, job.testpoint, job.seed))


def operations(contract: Contract, job: Job) -> tuple[OperationValues, ...]:
    """Just the operations of a job."""
    return job_values(contract, job).operations
