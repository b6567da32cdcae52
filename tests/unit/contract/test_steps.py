"""Loops of steps: what they expand to, and that too much is refused before it is made."""

from __future__ import annotations

import tracemalloc

import pytest

from verif.contract.model import Span, Step, Text
from verif.contract.steps import MAX_STEPS, TooManyStepsError, taken


def loops(*extents: str) -> Step:
    named = zip("ijk", (Text(extent, Span(1, 1)) for extent in extents), strict=False)
    return Step("for", loops=tuple(named), inner=(Step("idle", cycles=1),))


def test_the_last_loop_is_the_fastest_and_sees_those_outside() -> None:
    rounds = [tuple(names.values()) for _step, names in taken([loops("3", "i")], {})]
    assert rounds == [(1, 0), (2, 0), (2, 1)]


def test_as_many_as_there_may_be() -> None:
    assert sum(1 for _ in taken([loops("4", "32", "32")], {})) == MAX_STEPS


@pytest.mark.parametrize("extents", [("64", "4096"), ("4096", "4096", "4096"), ("4096", "4096", "0")])
def test_too_many_are_refused_before_they_are_made(extents: tuple[str, ...]) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(TooManyStepsError) as refused:
            next(taken([loops(*extents)], {}))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refused.value.rounds == int(extents[0]) * int(extents[1])
    assert peak < 8 << 20
