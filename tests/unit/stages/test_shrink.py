from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from pipeline.stages.shrink import Ops, Shrunk, shrink

MANY = 10**6


def needs(*core: int) -> tuple[list[Sequence[Ops]], object]:
    """An oracle of a design that fails whenever all of `core` are there, and the rounds it was asked."""
    rounds: list[Sequence[Ops]] = []

    def oracle(lists: Sequence[Ops]) -> list[bool]:
        rounds.append(lists)
        return [set(core) <= set(ops) for ops in lists]

    return rounds, oracle


@given(st.integers(1, 40), st.data())
def test_what_is_left_is_exactly_what_it_takes(count: int, data: st.DataObject) -> None:
    core = data.draw(st.sets(st.integers(0, count - 1), min_size=1, max_size=5))
    suspect, operations = data.draw(st.none() | st.integers(0, count - 1)), data.draw(st.integers(1, 600))
    _rounds, oracle = needs(*core)
    found = shrink(tuple(range(count)), oracle, suspect=suspect, rounds=MANY, operations=operations)  # type: ignore[arg-type]
    assert found is not None
    assert (found.ops, found.minimal) == (tuple(sorted(core)), True)


@given(st.integers(1, 7), st.data())
def test_whatever_fails_without_any_one_of_the_rest_it_passes(count: int, data: st.DataObject) -> None:
    """Also for a design whose failures follow no rule at all."""
    known: dict[Ops, bool] = {tuple(range(count)): True}

    def oracle(lists: Sequence[Ops]) -> list[bool]:
        return [known.setdefault(ops, data.draw(st.booleans())) for ops in lists]

    found = shrink(tuple(range(count)), oracle, rounds=MANY)
    assert found is not None
    assert known[found.ops]
    without = [found.ops[:at] + found.ops[at + 1 :] for at in range(len(found.ops))]
    assert [ops for ops in without if ops and known.get(ops) is not False] == []


def test_the_whole_list_runs_first_and_once() -> None:
    rounds, oracle = needs(2, 5)
    shrink(tuple(range(12)), oracle)  # type: ignore[arg-type]
    asked = [ops for lists in rounds for ops in lists]
    assert asked[0] == tuple(range(12))
    assert len(asked) == len(set(asked))


def test_a_list_that_passes_is_not_shrunk() -> None:
    rounds, oracle = needs(99)
    assert shrink((0, 1, 2), oracle) is None  # type: ignore[arg-type]
    assert len(rounds) == 1


def test_two_operations_take_one_round_when_it_is_known_where_it_shows() -> None:
    rounds, oracle = needs(3, 17)
    found = shrink(tuple(range(40)), oracle, suspect=17)  # type: ignore[arg-type]
    assert found is not None
    assert (found.ops, found.rounds, len(rounds)) == ((3, 17), 1, 1)


def test_no_round_is_larger_than_allowed_and_none_is_begun_too_late() -> None:
    rounds, oracle = needs(3, 17, 30)
    found = shrink(tuple(range(40)), oracle, operations=100, rounds=2)  # type: ignore[arg-type]
    assert found is not None
    assert (found.rounds, found.minimal) == (2, False)
    assert all(sum(map(len, lists)) <= 100 for lists in rounds)
    late = shrink(tuple(range(40)), needs(3, 17, 30)[1], enough=lambda: True)  # type: ignore[arg-type]
    assert late is not None
    assert (late.rounds, late.minimal) == (1, False)


def test_one_operation_is_minimal_at_once() -> None:
    assert shrink((0,), lambda lists: [True] * len(lists)) == Shrunk((0,), 1, 1, minimal=True)
