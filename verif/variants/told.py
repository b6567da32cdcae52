"""What the jobs that were judged could tell apart: those chosen for it, and the cheapest of all others."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from verif.contract.model import Contract
from verif.stimulus.values import OperationValues
from verif.variants.explain import Crossed
from verif.variants.separate import Separator, cheapest_first

CHOSEN = "FUN-33"
OTHERS = 12
"""Operations taken of jobs that were not chosen to tell variants apart; more of them add little and cost as much."""


def told_by(contract: Contract, jobs: Sequence[Crossed]) -> Separator:
    """cg_contract over jobs of which every beat was right; the same jobs give the same result."""
    separator = Separator(contract)
    chosen = [values for job in jobs if job.testpoint == CHOSEN for values in _operations(job)]
    others = [values for job in jobs if job.testpoint != CHOSEN for values in _operations(job)]
    distinct = list({id(values): values for values in others}.values())  # power-up seeds repeat a job's operations
    for values in (*chosen, *islice(cheapest_first(contract, distinct), OTHERS)):
        if separator.left(values.kind_index):
            separator.take(values)
    return separator


def _operations(job: Crossed) -> list[OperationValues]:
    """Operations of a job in their order, each once, whatever the number of its streams."""
    found = {one.operation: one.values for expected in job.expected.values() for one in expected.segments}
    return [found[number] for number in sorted(found)]
