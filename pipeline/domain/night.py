"""One night of a registered design: what its run found, and whether that is new, known or fixed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from pipeline.domain.outcome import Verdict

Signature = tuple[str, str]
"""What makes two failures of one design the same: place and rule. Never the seed."""


@dataclass(frozen=True, slots=True)
class Design:
    """A submission that is tested every night. `revision` counts from 1; `withdrawn_at` is set when it no longer is."""

    tenant: str
    name: str
    revision: int
    archive: str
    manifest: str
    policy: str
    registered_at: str
    withdrawn_at: str | None = None


@dataclass(frozen=True, slots=True)
class Night:
    """A night that was started. `window` is the morning it ends on (YYYY-MM-DD); times are ISO 8601 with offset."""

    tenant: str
    schedule: str
    window: str
    epoch: int
    started_at: str
    deadline: str


@dataclass(frozen=True, slots=True)
class Failure:
    """One way in which a design failed. `place` is the testpoint, or the stage that refused it.

    `count` findings; `seed` (None without one), `args` for the catalogue entry of `rule`, and the line that shows it `again`
    are those of one of them.
    """

    place: str
    rule: str
    seed: int | None
    count: int
    again: str
    args: Mapping[str, str] = field(default_factory=dict)

    @property
    def signature(self) -> Signature:
        """The same for the same failure of another night."""
        return self.place, self.rule


@dataclass(frozen=True, slots=True)
class NightResult:
    """What a run found. `passed`: testpoints and stages that passed whole; `troubles`: (step, rule) of what broke, ours."""

    verdict: Verdict
    failures: tuple[Failure, ...] = ()
    passed: tuple[str, ...] = ()
    troubles: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def from_json(verdict: str, raw: Mapping[str, Any]) -> NightResult:
        """What `asdict` made of a result, read back."""
        failures = tuple(Failure(**{**entry, "args": dict(entry["args"])}) for entry in raw["failures"])
        troubles = tuple((str(step), str(rule)) for step, rule in raw["troubles"])
        return NightResult(Verdict(verdict), failures, tuple(raw["passed"]), troubles)


@dataclass(frozen=True, slots=True)
class NightRun:
    """One design's run of one night. `replayed` seeds of the bank; `result` None until the run has its verdict."""

    window: str
    design: str
    revision: int
    run_id: str
    number: int
    replayed: int
    result: NightResult | None = None
    settled_at: str | None = None


class Standing(StrEnum):
    """How a failure stands tonight. OPEN: it failed before, and nothing tonight shows that it no longer does."""

    NEW = "new"
    KNOWN = "known"
    FIXED = "fixed"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Classed:
    """A failure as it was last seen, with the window in which it was first seen, and in how many nights since."""

    failure: Failure
    standing: Standing
    first_seen: str
    nights: int


def classify(history: Iterable[NightRun]) -> dict[str, tuple[Classed, ...]]:
    """Window -> how each failure stands, over one design's nights in their order. Nights without a result have no entry.

    A failure is known when it failed in an earlier night and was not fixed since, however many nights without a result lie
    between. It is fixed only when its place passed whole; a place that was not judged tonight leaves it open.
    """
    found: dict[str, tuple[Classed, ...]] = {}
    known: dict[Signature, Classed] = {}
    for night in history:
        if night.result is None:
            continue
        failures = night.result.failures
        tonight = {failure.signature: _seen(failure, known.get(failure.signature), night) for failure in failures}
        for signature, before in known.items():
            if signature not in tonight:
                fixed = before.failure.place in night.result.passed
                tonight[signature] = replace(before, standing=Standing.FIXED if fixed else Standing.OPEN)
        found[night.window] = tuple(tonight.values())
        known = {signature: item for signature, item in tonight.items() if item.standing is not Standing.FIXED}
    return found


def _seen(failure: Failure, before: Classed | None, night: NightRun) -> Classed:
    if before is None:
        return Classed(failure, Standing.NEW, night.window, 1)
    return Classed(failure, Standing.KNOWN, before.first_seen, before.nights + 1)
