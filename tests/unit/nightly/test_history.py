"""New, known, fixed or open: a pure function of the nights before. And the seed bank as a value and a file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.night import Failure, NightResult, NightRun, Standing, classify
from pipeline.domain.outcome import Verdict
from pipeline.domain.seed_bank import MOST_PER_SIGNATURE, BankedSeed, additions, read_seeds, write_seeds

Seen = list[tuple[str, str, str, int]]


def night(day: int, *failed: str, passed: str = "", seed: int = 0, verdict: Verdict = Verdict.REJECTED) -> NightRun:
    """`failed` as PLACE/RULE; `passed` places separated by spaces."""
    failures = tuple(Failure(*item.split("/"), seed, 1, "again") for item in failed)
    return NightRun(
        f"2026-11-{day:02}", "gemm", 1, "run", day, 0, NightResult(verdict, failures, tuple(passed.split())), "then"
    )


def silent(day: int) -> NightRun:
    return NightRun(f"2026-11-{day:02}", "gemm", 1, "run", day, 0)


def seen(history: list[NightRun]) -> Seen:
    found = classify(history)[history[-1].window]
    return [(item.failure.place, item.standing.value, item.first_seen[8:], item.nights) for item in found]


def test_the_seed_does_not_make_a_failure_new_but_rule_and_place_do() -> None:
    assert seen([night(1, "FUN-01/J-001", seed=1), night(2, "FUN-01/J-001", seed=2)]) == [("FUN-01", "known", "01", 2)]
    assert seen([night(1, "FUN-01/J-001"), night(2, "FUN-02/J-001")]) == [
        ("FUN-02", "new", "02", 1),
        ("FUN-01", "open", "01", 1),
    ]
    assert [item[1] for item in seen([night(1, "FUN-01/J-001"), night(2, "FUN-01/J-002")])] == ["new", "open"]


def test_fixed_needs_its_place_to_pass() -> None:
    assert seen([night(1, "FUN-01/J-001"), night(2, passed="FUN-01")]) == [("FUN-01", "fixed", "01", 1)]
    assert seen([night(1, "FUN-01/J-001"), night(2, passed="FUN-02")]) == [("FUN-01", "open", "01", 1)]
    assert seen([night(1, "FUN-01/J-001"), night(2, verdict=Verdict.INCONCLUSIVE)]) == [("FUN-01", "open", "01", 1)]


@pytest.mark.parametrize("between", [[], [silent(2)], [night(2, verdict=Verdict.INCONCLUSIVE)], [silent(2), silent(3)]])
def test_nights_without_a_result_between_change_nothing(between: list[NightRun]) -> None:
    history = [night(1, "FUN-01/J-001"), *between, night(4, "FUN-01/J-001")]
    assert seen(history) == [("FUN-01", "known", "01", 2)]
    assert all(run.window not in classify(history) for run in between if run.result is None)


def test_what_comes_back_after_it_was_fixed_is_new_again() -> None:
    history = [night(1, "FUN-01/J-001"), night(2, passed="FUN-01"), night(3, "FUN-01/J-001")]
    assert seen(history) == [("FUN-01", "new", "03", 1)]
    assert seen([*history[:2], night(3, passed="FUN-01")]) == [], "fixed is said once"


@given(st.lists(st.sets(st.sampled_from(["A/J-1", "A/J-2", "B/J-1"])), max_size=12))
def test_every_failure_is_new_exactly_when_it_was_not_open(nights: list[set[str]]) -> None:
    """Against a second account of the rule: a set of what is open, places pass when nothing of them fails."""
    history = [
        night(day, *sorted(failed), passed=" ".join({"A", "B"} - {item[0] for item in failed}))
        for day, failed in enumerate(nights, 1)
    ]
    told, known = classify(history), set[str]()
    for run, failed in zip(history, nights, strict=True):
        new = {f"{i.failure.place}/{i.failure.rule}" for i in told[run.window] if i.standing is Standing.NEW}
        assert new == failed - known
        known = {item for item in known | failed if item in failed or item[0] in {other[0] for other in failed}}


def seed(number: int, rule: str = "J-001", reason: str = "", testpoint: str = "FUN-01") -> BankedSeed:
    return BankedSeed(testpoint, number, "2026-11-22", rule, reason)


def test_a_bank_takes_each_seed_once_and_not_without_end() -> None:
    assert additions([], [seed(1), seed(1), seed(1, "J-002")]) == (seed(1),)
    assert additions([seed(1, reason="gone")], [seed(1)]) == (), "a retired seed stays retired"
    full = [seed(number) for number in range(MOST_PER_SIGNATURE)]
    assert additions(full, [seed(100), seed(101, "J-002"), seed(102, testpoint="FUN-02")]) == (
        seed(101, "J-002"), seed(102, testpoint="FUN-02"),
    )  # fmt: skip
    assert len(additions([], [seed(number) for number in range(100)])) == MOST_PER_SIGNATURE
    assert additions([seed(0, reason="gone"), *full[1:]], [seed(100)]) == (seed(100),), "a retired seed leaves its place"


@given(st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=60), st.integers(0, 2**64 - 1))
def test_a_file_gives_back_what_was_written(reason: str, number: int) -> None:
    bank = (seed(1), seed(number, reason=reason, testpoint="ROB-01"))
    assert read_seeds(write_seeds("gemm", bank)) == bank
    assert write_seeds("gemm", bank) == write_seeds("gemm", bank[::-1])


GOOD = '[[seed]]\ntestpoint = "FUN-01"\nseed = "0x0000000000000001"\nfound = "2026-11-22"\nrule = "J-001"\n'


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("0x0000000000000001", "1"),
        GOOD.replace("FUN-01", "--help"),
        GOOD.replace("2026-11-22", "yesterday"),
        GOOD.replace('rule = "J-001"\n', ""),
        GOOD + 'note = "x"\n',
        GOOD + 'reason = "\\u001b[2J"\n',
        GOOD + f'reason = "{"x" * 301}"\n',
        "seed = 1\n",
        "[[seed]\n",
    ],
)
def test_a_file_that_is_not_whole_is_refused(text: str) -> None:
    assert len(read_seeds(GOOD)) == 1
    with pytest.raises(ValueError, match=r"."):
        read_seeds(text)
