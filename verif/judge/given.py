"""What a stimulus file says that its operations were given: the judge computes from these what they must bring."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from verif.contract.model import Contract, Operation
from verif.contract.nodes import ExprError
from verif.contract.scope import input_tensors, shapes
from verif.judge.fault import RecordError
from verif.records.stimulus import Stimulus
from verif.stimulus.values import OperationValues

_UNFIT = "the values of the operations do not fit the contract"


def given(contract: Contract, stimulus: Stimulus) -> list[tuple[OperationValues, ...]]:
    """By job, the operations that it runs, with their variables and input tensors.

    Raises:
        RecordError: P-402, the file's values are not those of operations of this contract.
    """
    found = _operations(contract, stimulus)
    jobs = [tuple(islice(found, int(row["op_count"]))) for row in stimulus.job]
    if any(len(job) != int(row["op_count"]) for job, row in zip(jobs, stimulus.job, strict=True)) or next(found, None):
        raise RecordError("P-402", _UNFIT)
    return jobs


def _operations(contract: Contract, stimulus: Stimulus) -> Iterator[OperationValues]:
    high, low = stimulus.variable["high"].tolist(), stimulus.variable["low"].tolist()
    numbers = iter([(one << 32) + other for one, other in zip(high, low, strict=True)])
    elements, at = stimulus.element["value"], 0
    for row in stimulus.op:
        kind = int(row["kind"])
        if kind >= len(contract.operations):
            raise RecordError("P-402", _UNFIT)
        operation = contract.operations[kind]
        variables = dict(zip(operation.vars, islice(numbers, len(operation.vars)), strict=False))
        inputs, at = _inputs(contract, operation, variables, elements, at)
        yield OperationValues(kind, variables, inputs)
    if at != len(elements) or next(numbers, None) is not None:
        raise RecordError("P-402", _UNFIT)


def _inputs(
    contract: Contract, operation: Operation, variables: dict[str, int], elements: NDArray[np.int64], at: int
) -> tuple[dict[str, NDArray[np.int64]], int]:
    """Input tensors that begin at element `at`, and where the next ones begin."""
    try:
        extents = shapes(contract, operation, variables)
    except ExprError:
        raise RecordError("P-402", _UNFIT) from None
    found: dict[str, NDArray[np.int64]] = {}
    for name in input_tensors(operation):
        count = 1
        for extent in extents[name]:
            count *= extent
        if min(extents[name], default=1) < 0 or at + count > len(elements):
            raise RecordError("P-402", _UNFIT)
        found[name] = elements[at : at + count].astype(np.int64).reshape(extents[name])
        at += count
    return found, at
