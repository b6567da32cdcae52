"""Variable assignments to check a contract at: smallest, largest, each variable alone at its largest, some random."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Literal

from verif.contract import scope
from verif.contract.expr import evaluate
from verif.contract.model import Contract, Operation, Stream

MAX_COST = 1 << 21  # elements and lanes of beats looked at per assignment
_RANDOM = 4
_TRIES = 64
Pick = Literal["low", "high", "random"]
_EXTREMES: tuple[Pick, Pick] = ("low", "high")


def samples(contract: Contract, operation: Operation) -> list[dict[str, int]]:
    """Distinct assignments that satisfy `where` and are not too large to look at; raises ExprError."""
    found: list[dict[str, int]] = []
    for candidate in _candidates(contract, operation):
        if candidate not in found and scope.allowed(contract, operation, candidate):
            found += [candidate] if cost(contract, operation, candidate) <= MAX_COST else []
    return found


def _candidates(contract: Contract, operation: Operation) -> Iterator[dict[str, int]]:
    generator = random.Random(operation.id)
    low, high = (_all(operation, pick) for pick in _EXTREMES)
    picks = [low, high, *({**low, name: high[name]} for name in operation.vars)]
    for pick in picks:
        yield assignment(contract, operation, pick, generator)
    kept = 0
    for _ in range(_TRIES if operation.vars else 0):
        candidate = assignment(contract, operation, _all(operation, "random"), generator)
        if scope.allowed(contract, operation, candidate) and cost(contract, operation, candidate) <= MAX_COST:
            kept += 1
            yield candidate
        if kept == _RANDOM:
            return


def _all(operation: Operation, pick: Pick) -> dict[str, Pick]:
    return dict.fromkeys(operation.vars, pick)


def assignment(
    contract: Contract, operation: Operation, picks: Mapping[str, Pick], generator: random.Random
) -> dict[str, int]:
    """One value per variable, in declared order; raises ExprError. `where` is not looked at."""
    chosen: dict[str, int] = {}
    for name in operation.vars:
        values = scope.variable_values(contract, operation, name, chosen)
        chosen[name] = _pick(values, picks[name], generator)
    return chosen


def _pick(values: Sequence[int], pick: Pick, generator: random.Random) -> int:
    if pick != "random":
        return min(values[0], values[-1]) if pick == "low" else max(values[0], values[-1])
    few = min(scope.length(values), generator.choice((4, 8, 32)))
    return values[generator.randrange(few)]


def cost(contract: Contract, operation: Operation, variables: Mapping[str, int]) -> int:
    """Elements of all tensors plus an estimate of all beats; raises ExprError."""
    names = scope.constants(contract) | dict(variables)
    elements = sum(
        prod(max(extent, 0) for extent in shape) for shape in scope.shapes(contract, operation, variables).values()
    )
    return elements + sum(_beats(stream, names) for stream in operation.streams)


def _beats(stream: Stream, names: Mapping[str, int]) -> int:
    """Beats if every extent were that of the first iteration."""
    here, count = dict(names), 1
    for name, text in stream.loops:
        count *= max(0, evaluate(text.value, here))
        here[name] = 0
    return count


def shown(variables: Mapping[str, int]) -> str:
    """`M=1, K=8` for messages."""
    return ", ".join(f"{name}={value}" for name, value in variables.items()) or "no variables"
