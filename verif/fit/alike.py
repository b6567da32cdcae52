"""Readings that no pins tell apart: what one sends the other reads in its own way, and expects the same results."""

from __future__ import annotations

from collections.abc import Sequence

from verif.contract.model import Contract
from verif.contract.nodes import ExprError
from verif.contract.pack import Beats, beats
from verif.contract.packing import tensors_of
from verif.contract.scope import input_tensors
from verif.contract.signals import channel_of
from verif.fit.search import Reading
from verif.fit.trial import Work
from verif.golden.evaluate import evaluate
from verif.stimulus.values import OperationValues
from verif.variants.answer import Asked, differs
from verif.variants.decode import decoded

_TIME = "channel."


def alike(one: Reading, other: Reading, works: Sequence[Work]) -> bool:
    """Whether they differ in no fact of time, and for no operation of the jobs in any beat. Without doubt, or False."""
    times = [{fact: c.value for fact, c in each.changes.items() if fact.startswith(_TIME)} for each in (one, other)]
    values = [operation for work in works for operation in work.values.operations]
    return times[0] == times[1] and all(_same(one.contract, other.contract, each) for each in values)


def _same(one: Contract, other: Contract, values: OperationValues) -> bool:
    asked = Asked(one, values)
    operation = other.operations[values.kind_index]
    inputs = set(input_tensors(operation))
    carried = {name for stream in operation.streams for name in tensors_of(stream)} & inputs
    try:
        read = decoded(other, operation, values.variables, asked.sent, carried)
        if read is None:
            return False
        tensors = evaluate(other, operation, values.variables, {**values.inputs, **read})
        again: dict[int, Beats] = {
            number: beats(other, operation, stream, values.variables, tensors)
            for number, stream in enumerate(operation.streams)
            if channel_of(other, stream.channel).dir == "out"
        }
        return not differs(asked.base, again)
    except (ExprError, ValueError, KeyError):
        return False
