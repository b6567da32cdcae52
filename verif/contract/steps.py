"""Steps of an operation, loops resolved: all of them as written, or as they are taken with values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from verif.contract.expr import evaluate
from verif.contract.model import Step, Text

MAX_STEPS = 1 << 12  # of one operation, loops expanded
Names = Mapping[str, int]


class TooManyStepsError(ValueError):
    """Loops that expand to more than `MAX_STEPS` steps, or a loop with a negative extent; `step` is the `for`."""

    def __init__(self, step: Step, rounds: int) -> None:
        super().__init__(f"{rounds} rounds")
        self.step, self.rounds = step, rounds


def written(steps: Iterable[Step]) -> Iterator[Step]:
    """Every step in the order of the text, a `for` before what it repeats."""
    for step in steps:
        yield step
        yield from written(step.inner)


def taken(
    steps: Iterable[Step], names: Names, order: Callable[[list[Names]], list[Names]] = list
) -> Iterator[tuple[Step, Names]]:
    """Steps without any `for`, each with the values that its expressions may use.

    `order` arranges the rounds of loops that may be taken in any order. Raises ExprError, and TooManyStepsError.
    """
    total = 0
    for step in steps:
        if step.kind != "for":
            total += 1
            yield step, names
            continue
        rounds = _rounds(step, names)
        total += len(rounds) * len(step.inner)
        if total > MAX_STEPS:
            raise TooManyStepsError(step, len(rounds))
        for values in order(rounds) if step.order == "any" else rounds:
            yield from ((inner, values) for inner in step.inner)


def _rounds(step: Step, names: Names) -> list[Names]:
    """The values of the loops in every round, the last loop's fastest; too many are refused before they are made."""
    rounds = [names]
    for name, text in step.loops:
        extents = [_extent(step, text, values) for values in rounds]
        if sum(extents) > MAX_STEPS:
            raise TooManyStepsError(step, sum(extents))
        each = zip(rounds, extents, strict=True)
        rounds = [{**values, name: value} for values, extent in each for value in range(extent)]
    return rounds


def _extent(step: Step, text: Text, names: Names) -> int:
    extent = evaluate(text.value, names)
    if not 0 <= extent <= MAX_STEPS:
        raise TooManyStepsError(step, extent)
    return extent
