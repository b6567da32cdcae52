"""Chooses an operation's variables: smallest, or random near the corners, within a budget of beats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from verif.contract.expr import evaluate
from verif.contract.model import Contract, Operation
from verif.contract.nodes import walk
from verif.contract.pack import beat_count
from verif.contract.scope import allowed, constants, input_tensors, shapes, variable_values
from verif.contract.syntax import parse_expr
from verif.stimulus.anatomy import anatomy
from verif.stimulus.values import StimulusError

TRIES = 48
CORNER = 0.2  # chance that a variable takes its least, next or greatest value
ELEMENTS_PER_BEAT = 64  # weight of tensor elements that cross in no beat of their own


def cost(contract: Contract, operation: Operation, variables: Mapping[str, int]) -> int:
    """Beats that cross all channels, and a share for the elements that the golden model must compute."""
    elements = sum(int(np.prod(shape, dtype=np.float64)) for shape in shapes(contract, operation, variables).values())
    if elements > 1 << 24:
        return elements
    beats = sum(beat_count(contract, operation, stream, variables) for stream in operation.streams)
    return beats + elements // ELEMENTS_PER_BEAT


def smallest(contract: Contract, operation: Operation, rng: np.random.Generator) -> dict[str, int]:
    """Every variable at its least value; if `where` forbids that, the cheapest of many draws."""
    least: dict[str, int] = {}
    for name in operation.vars:
        least[name] = variable_values(contract, operation, name, least)[0]
    if allowed(contract, operation, least):
        return least
    drawn = _draws(contract, operation, rng)
    return min(drawn, key=lambda variables: cost(contract, operation, variables))


def sample(contract: Contract, operation: Operation, rng: np.random.Generator, budget: int) -> dict[str, int]:
    """Random variables whose cost stays within `budget` if any draw's does; else the smallest ones."""
    for variables in _draws(contract, operation, rng):
        if cost(contract, operation, variables) <= budget:
            return variables
    return smallest(contract, operation, rng)


def unequal(contract: Contract, operation: Operation, rng: np.random.Generator, budget: int) -> dict[str, int]:
    """As `sample`, preferring operands whose dimensions all differ, so that swapped axes cannot hide."""
    fitting = [v for v in _draws(contract, operation, rng) if cost(contract, operation, v) <= budget]
    if not fitting:
        return smallest(contract, operation, rng)
    return max(fitting, key=lambda variables: distinct(contract, operation, variables))


def deep(contract: Contract, operation: Operation, rng: np.random.Generator, budget: int, terms: int) -> dict[str, int]:
    """As `unequal`, preferring sums of at least `terms` terms, so that a chosen total can be reached."""
    fitting = [v for v in _draws(contract, operation, rng) if cost(contract, operation, v) <= budget]
    if not fitting:
        return smallest(contract, operation, rng)
    return max(fitting, key=lambda v: (min(reduction(contract, operation, v), terms), distinct(contract, operation, v)))


def largest(contract: Contract, operation: Operation, rng: np.random.Generator, budget: int) -> dict[str, int]:
    """As `sample`, preferring operations that cost the most."""
    costs = [(cost(contract, operation, v), v) for v in _draws(contract, operation, rng)]
    fitting = [pair for pair in costs if pair[0] <= budget]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else smallest(contract, operation, rng)


def square(contract: Contract, operation: Operation, rng: np.random.Generator, budget: int) -> dict[str, int]:
    """As `sample`, preferring tensors whose dimensions are the same, where exchanged indices stay inside."""
    fitting = [v for v in _draws(contract, operation, rng) if cost(contract, operation, v) <= budget]
    extents = [{n for shape in shapes(contract, operation, v).values() for n in shape} for v in fitting]
    if not fitting:
        return smallest(contract, operation, rng)
    return min(zip(fitting, extents, strict=True), key=lambda pair: len(pair[1]))[0]


def nested(contract: Contract, operation: Operation, rng: np.random.Generator, budget: int) -> dict[str, int]:
    """As `sample`, preferring loops that really repeat, so that their order can be seen."""
    fitting = [v for v in _draws(contract, operation, rng) if cost(contract, operation, v) <= budget]
    return max(fitting, key=lambda v: repeating(contract, operation, v)) if fitting else smallest(contract, operation, rng)


def repeating(contract: Contract, operation: Operation, variables: Mapping[str, int]) -> int:
    """Loops of the operation's streams with an extent of two or more; those whose extent needs other loops count not."""
    names, own = constants(contract) | dict(variables), {name for stream in operation.streams for name, _ in stream.loops}
    texts = [text.value for stream in operation.streams for _, text in stream.loops]
    plain = [text for text in texts if not any(node.name in own for node in walk(parse_expr(text)))]
    return sum(evaluate(text, names) > 1 for text in plain)


def reduction(contract: Contract, operation: Operation, variables: Mapping[str, int]) -> int:
    """Terms of the sum over the first operand's summed axes."""
    operands = anatomy(operation).operands
    if not operands:
        return 0
    shape = shapes(contract, operation, variables)[operands[0].tensor]
    return int(np.prod([shape[axis] for axis in operands[0].sum_axes], dtype=np.int64))


def distinct(contract: Contract, operation: Operation, variables: Mapping[str, int]) -> int:
    """Number of different extents greater than one among the operands' axes; without operands, all inputs'."""
    extents = shapes(contract, operation, variables)
    names = [operand.tensor for operand in anatomy(operation).operands] or input_tensors(operation)
    return len({n for name in names for n in extents[name] if n > 1})


def _draws(contract: Contract, operation: Operation, rng: np.random.Generator) -> list[dict[str, int]]:
    drawn = [_draw(contract, operation, rng) for _ in range(TRIES)]
    legal = [variables for variables in drawn if allowed(contract, operation, variables)]
    if not legal:
        raise StimulusError(f"no legal variables of operation {operation.id} in {TRIES} draws")
    return legal


def _draw(contract: Contract, operation: Operation, rng: np.random.Generator) -> dict[str, int]:
    variables: dict[str, int] = {}
    for name in operation.vars:
        values = variable_values(contract, operation, name, variables)
        variables[name] = values[_index(len(values), rng)]
    return variables


def _index(count: int, rng: np.random.Generator) -> int:
    """A position in 0..count-1: log-uniform, or a corner."""
    if rng.random() < CORNER:
        return int(rng.choice([0, min(1, count - 1), count - 1]))
    return min(count - 1, int(np.exp(rng.random() * np.log(count + 1.0))) - 1)


def nearest(values: Sequence[int], wanted: int) -> int:
    """The member of ascending or listed `values` nearest to `wanted`."""
    if isinstance(values, range):
        index = round((wanted - values.start) / values.step)
        return values[min(max(index, 0), len(values) - 1)]
    return min(values, key=lambda value: abs(value - wanted))
