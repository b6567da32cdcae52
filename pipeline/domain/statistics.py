"""The decision rule in figures: how often a design may still fail after k failures in n seeds, at 95 % confidence."""

from __future__ import annotations

import math

CONFIDENCE = 0.95
_STEPS = 200


def upper_bound(failed: int, seeds: int, confidence: float = CONFIDENCE) -> float:
    """The one-sided Clopper-Pearson upper bound of the failure rate per seed, 0 to 1, after `failed` of `seeds` failed.

    It is the rate p at which `failed` or fewer failures have probability 1 - `confidence`; for no failure that is
    1 - (1 - confidence)**(1 / seeds). Clopper and Pearson, Biometrika 26 (1934), 404-413. Found by bisection, and the upper
    end is returned, so that the bound is never too low. Raises ValueError unless 0 <= failed <= seeds and seeds > 0.
    """
    if not 0 <= failed <= seeds or seeds == 0:
        raise ValueError(f"{failed} of {seeds} seeds")
    if failed == seeds:
        return 1.0
    low, high = failed / seeds, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        if _at_most(failed, seeds, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def _at_most(failed: int, seeds: int, rate: float) -> float:
    """The probability of at most `failed` failures in `seeds` independent trials; logarithms keep large `seeds` finite."""
    log_rate, log_rest = math.log(rate), math.log1p(-rate)
    ways, terms = 0.0, []
    for count in range(failed + 1):
        terms.append(math.exp(ways + count * log_rate + (seeds - count) * log_rest))
        ways += math.log((seeds - count) / (count + 1)) if count < failed else 0.0
    return math.fsum(terms)


def percent_up(rate: float) -> str:
    """A rate as percent, rounded up: one decimal from 10 % on, two below (25.9, 2.96, 0.30). Without the sign."""
    digits = 1 if rate >= 0.1 else 2  # noqa: PLR2004 - the rule is in the docstring
    scale = 10**digits
    return f"{math.ceil(rate * 100 * scale) / scale:.{digits}f}"
