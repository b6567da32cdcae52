"""Delta debugging: from a list of operations that fails to a list from which nothing can be taken.

After Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, IEEE Transactions on Software Engineering 28
(2002), 183-200; with all granularities in one round, because a round costs a simulator process however many trials it holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

Ops = tuple[int, ...]
Oracle = Callable[[Sequence[Ops]], Sequence[bool]]
"""Which of these lists of operations fail as the whole one did; a whole round at once."""

MOST_ROUNDS = 8
MOST_OPERATIONS = 512
"""In one round, over all its trials."""


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What is left. `minimal`: without any one of its operations it passes; else rounds or time ran out before."""

    ops: Ops
    trials: int
    rounds: int
    minimal: bool


def shrink(
    whole: Ops,
    oracle: Oracle,
    *,
    suspect: int | None = None,
    rounds: int = MOST_ROUNDS,
    operations: int = MOST_OPERATIONS,
    enough: Callable[[], bool] = lambda: False,
) -> Shrunk | None:
    """The smallest failing list that was found; None when the whole one passes.

    The whole list is the first trial of the first round, so that it runs as it would alone. `suspect` is the operation at
    which the failure shows, if known. No round is begun once `enough` says so; the first one always is.
    """
    best, tried, done = whole, dict[Ops, bool](), 0
    asked = [whole, *_affordable(_untried(whole, suspect, tried), operations - len(whole))]
    while asked:
        tried |= dict(zip(asked, oracle(asked), strict=True))
        done += 1
        if not tried[whole]:
            return None
        best = min((ops for ops, fails in tried.items() if fails), key=len)
        left = _untried(best, suspect, tried)
        asked = list(_affordable(left, operations))
        if asked and (done >= rounds or enough()):
            break
    return Shrunk(best, len(tried), done, minimal=not asked)


def _untried(ops: Ops, suspect: int | None, tried: dict[Ops, bool]) -> list[Ops]:
    """Shorter lists to try instead of `ops`, the shortest first; among them every one that lacks one operation."""
    found = dict.fromkeys((*_of_suspect(ops, suspect), *_parts(ops)))
    return sorted((one for one in found if one and len(one) < len(ops) and one not in tried), key=len)


def _of_suspect(ops: Ops, suspect: int | None) -> Iterator[Ops]:
    """The operation at which it shows alone, with any one before it, and with all before it."""
    if suspect in ops:
        before = ops[: ops.index(suspect)]
        yield (suspect,)
        yield from ((other, suspect) for other in before)
        yield (*before, suspect)


def _parts(ops: Ops) -> Iterator[Ops]:
    """Every part of the list, and what is left without it: halves, quarters, and so on to single operations."""
    parts = 1
    while parts < len(ops):
        parts = min(2 * parts, len(ops))
        edges = [len(ops) * number // parts for number in range(parts + 1)]
        for start, end in pairwise(edges):
            yield ops[start:end]
            yield ops[:start] + ops[end:]


def _affordable(lists: Sequence[Ops], operations: int) -> Iterator[Ops]:
    """The first ones, as many as `operations` allow; one at least."""
    spent = 0
    for number, ops in enumerate(lists):
        spent += len(ops)
        if number and spent > operations:
            return
        yield ops
