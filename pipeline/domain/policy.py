"""Named policies: what a verdict is against. Thresholds are data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """`milestones`: testpoints asked for; `random_seeds`: seeds per random testpoint; `line_percent`: least."""

    name: str
    milestones: tuple[str, ...]
    random_seeds: int
    line_percent: float


POLICIES = {policy.name: policy for policy in (Policy("core-1", ("V1",), 10, 80.0),)}
