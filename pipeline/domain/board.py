"""The nightly board: one night over all registered designs, and the nights before it, as one frozen value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.domain.night import Classed, NightRun, Standing
from pipeline.domain.outcome import Verdict

EXIT_NEW, EXIT_OURS = 1, 3


class NightState(StrEnum):
    """What a night says of one design. MISSED: no result when it was due. ABSENT: the design was not registered yet."""

    PASSED = "passed"
    NEW = "new"
    KNOWN = "known"
    FIXED = "fixed"
    BROKEN = "broken"
    RUNNING = "running"
    MISSED = "missed"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Cell:
    """One night of one design; `count` failures that are new, known or fixed, whichever `state` says."""

    window: str
    state: NightState
    count: int = 0


@dataclass(frozen=True, slots=True)
class DesignNight:
    """One design tonight. `run` is None when none was made; `last_result` the last window before with a result, or empty."""

    name: str
    revision: int
    state: NightState
    run: NightRun | None
    failures: tuple[Classed, ...]
    last_result: str
    strip: tuple[Cell, ...]

    def of(self, standing: Standing) -> tuple[Classed, ...]:
        """Failures of one standing."""
        return tuple(item for item in self.failures if item.standing is standing)


@dataclass(frozen=True, slots=True)
class Board:
    """One night. `windows` are the columns of every strip, this night last.

    Empty texts: `started_at` when nobody started it, `fresh_at` (when the last result came in) when none did, `next_opens`
    when no clock is set.
    """

    tenant: str
    schedule: str
    window: str
    epoch: int
    now: str
    started_at: str
    deadline: str
    fresh_at: str
    next_opens: str
    windows: tuple[str, ...]
    designs: tuple[DesignNight, ...]

    def count(self, standing: Standing) -> int:
        """Failures of one standing over all designs."""
        return sum(len(design.of(standing)) for design in self.designs)

    def state(self, state: NightState) -> tuple[DesignNight, ...]:
        """Designs in one state."""
        return tuple(design for design in self.designs if design.state is state)

    @property
    def planned(self) -> tuple[DesignNight, ...]:
        """Designs that this night is about."""
        return tuple(design for design in self.designs if design.state is not NightState.ABSENT)

    @property
    def judged(self) -> int:
        """How many designs have a result."""
        return sum(design.run is not None and design.run.result is not None for design in self.designs)

    @property
    def exit_code(self) -> int:
        """1 when a failure is new, 3 when anything broke, is missing or is not finished, 0 otherwise."""
        if self.count(Standing.NEW):
            return EXIT_NEW
        due = (NightState.BROKEN, NightState.MISSED, NightState.RUNNING)
        return EXIT_OURS if any(design.state in due for design in self.designs) or not self.planned else 0


def state_of(run: NightRun, failures: Sequence[Classed]) -> NightState:
    """The state that a result gives. What nobody could judge is ours, unless something new failed beside it."""
    standings = {item.standing for item in failures}
    if Standing.NEW in standings:
        return NightState.NEW
    if run.result is not None and run.result.verdict is Verdict.INCONCLUSIVE:
        return NightState.BROKEN
    if run.result is not None and run.result.verdict is Verdict.REJECTED:
        return NightState.KNOWN
    return NightState.FIXED if Standing.FIXED in standings else NightState.PASSED
