from __future__ import annotations

import math

import pytest

from pipeline.domain.statistics import percent_up, upper_bound


@pytest.mark.parametrize(("seeds", "printed"), [(10, "25.9"), (100, "2.96"), (1000, "0.30")])
def test_no_failure_gives_the_published_bounds(seeds: int, printed: str) -> None:
    assert percent_up(upper_bound(0, seeds)) == printed


@pytest.mark.parametrize("seeds", [1, 7, 10, 999, 100_000])
def test_without_failures_the_closed_form_holds(seeds: int) -> None:
    assert upper_bound(0, seeds) == pytest.approx(1 - 0.05 ** (1 / seeds), rel=1e-9)


@pytest.mark.parametrize(("failed", "seeds", "rate"), [(1, 10, 0.3941633), (3, 10, 0.6066242), (3, 100, 0.0757112)])
def test_failures_give_the_beta_quantile(failed: int, seeds: int, rate: float) -> None:
    assert upper_bound(failed, seeds) == pytest.approx(rate, abs=2e-6)


@pytest.mark.parametrize(("failed", "seeds"), [(0, 10), (1, 20), (4, 9), (50, 1000)])
def test_at_the_bound_so_few_failures_have_the_rest_probability(failed: int, seeds: int) -> None:
    rate = upper_bound(failed, seeds)
    tail = sum(math.comb(seeds, k) * rate**k * (1 - rate) ** (seeds - k) for k in range(failed + 1))
    assert tail == pytest.approx(0.05, rel=1e-9)
    assert tail <= 0.05 * (1 + 1e-12)


def test_all_failed_bounds_nothing() -> None:
    assert upper_bound(4, 4) == 1.0
    assert percent_up(1.0) == "100.0"


def test_more_failures_never_lower_the_bound() -> None:
    bounds = [upper_bound(failed, 12) for failed in range(13)]
    assert bounds == sorted(set(bounds))


@pytest.mark.parametrize("rate", [0.02951, 0.0295100001, 0.0296])
def test_bounds_are_rounded_up(rate: float) -> None:
    assert percent_up(rate) == "2.96"


@pytest.mark.parametrize(("failed", "seeds"), [(-1, 5), (6, 5), (0, 0)])
def test_impossible_counts_are_refused(failed: int, seeds: int) -> None:
    with pytest.raises(ValueError, match="seeds"):
        upper_bound(failed, seeds)
