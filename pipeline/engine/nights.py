"""What nights need of the store, beside runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.domain.night import Design, Night, NightResult, NightRun
from pipeline.domain.run import Run, StepSpec, Submission
from pipeline.domain.seed_bank import BankedSeed


@dataclass(frozen=True, slots=True)
class NightPlan:
    """One design's part of a night that is about to start; `replayed` counts the seeds of its bank."""

    design: Design
    submission: Submission
    run: Run
    replayed: int


class Nights(Protocol):
    """Registered designs, nights and seed banks; every question names its tenant, except `tenants`."""

    def tenants(self) -> Sequence[str]:
        """Engine-wide: who has registered designs."""

    def register(self, design: Design) -> Design:
        """Keep it as the next revision of its name; what `revision` said before does not count."""

    def withdraw(self, tenant: str, name: str, now: str) -> bool:
        """Test it no more; False when there is no such design, or it was withdrawn already."""

    def designs(self, tenant: str) -> Sequence[Design]:
        """The latest revision of every design by name, also of withdrawn ones."""

    def registered_at(self, tenant: str) -> dict[str, str]:
        """Design name -> when its first revision was registered."""

    def start(self, night: Night, plans: Sequence[NightPlan], first: Sequence[StepSpec]) -> bool:
        """The night and all of its runs in one transaction; False, and nothing written, when the night is there already."""

    def night(self, tenant: str, schedule: str, window: str) -> Night | None:
        """One night, if it was started."""

    def latest(self, tenant: str, schedule: str) -> str:
        """The last window that was started; empty when none was."""

    def runs(self, tenant: str, schedule: str) -> Sequence[NightRun]:
        """All runs of all nights, oldest night first, designs by name."""

    def unsettled(self, tenant: str, schedule: str) -> Sequence[NightRun]:
        """Runs without a result, in the same order."""

    def settle(
        self, tenant: str, schedule: str, run: NightRun, result: NightResult, failed: Sequence[BankedSeed], now: str
    ) -> bool:
        """Write a run's result and bank its failed seeds, once; False when somebody was faster."""

    def bank(self, tenant: str, design: str) -> Sequence[BankedSeed]:
        """The design's bank, retired seeds too, sorted."""

    def take_in(self, tenant: str, design: str, seeds: Sequence[BankedSeed]) -> int:
        """Add seeds the bank does not know, and retire those that come with a reason; how many rows changed."""
