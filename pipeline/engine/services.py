"""What the engine's use cases need, as one frozen value. `bootstrap` fills it with real parts, tests with fakes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pipeline.domain.evidence import Evidence
from pipeline.domain.finding import Finding
from pipeline.domain.run import Run, StageResult, Step, StepSpec, Submission
from pipeline.engine.advance import StepNode
from pipeline.engine.nights import Nights
from pipeline.engine.views import Event, RunEnvironment, StepProgress
from pipeline.ports import Blobs, Clock, Dispatcher, Sandbox, Stage, Toolchain

ATTEMPTS = 3
"""How often a step is tried before it is parked as BROKEN."""


@dataclass(frozen=True, slots=True)
class StepEnvironment:
    """Where an attempt runs; recorded at claim."""

    worker: str
    toolchain: str
    sandbox_level: int
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Claim:
    """A step this process owns until its lease lapses. `evidence` is what its needs, and theirs, left behind."""

    step: Step
    evidence: Mapping[str, Mapping[str, Evidence]]


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A RUNNING step whose lease has lapsed by the database's clock."""

    tenant: str
    run_id: str
    step_id: str
    fence: int
    attempt: int


class RunTransaction(Protocol):
    """One writing transaction on one run. It holds the run's lock, so fan-in is decided once."""

    def nodes(self) -> Sequence[StepNode]:
        """The run's steps as far as scheduling needs them."""

    def results(self) -> Mapping[str, StageResult]:
        """Step name -> result of every DONE step, in the run's order."""

    def run(self) -> Run:
        """The run."""

    def submission(self) -> Submission:
        """What the run is about."""

    def toolchains(self) -> Sequence[str]:
        """Distinct toolchain digests of the attempts that were committed, sorted."""

    def finish(self, step_id: str, fence: int, result: StageResult, now: str, *, lapsed: bool = False) -> None:
        """RUNNING to DONE with everything it found; raises LeaseLost unless state and fence (and lapse) still hold."""

    def retry(
        self, step_id: str, fence: int, reason: str, now: str, *, delay_s: float, counted: bool = True, lapsed: bool = False
    ) -> None:
        """RUNNING back to READY with the fence raised; LeaseLost like `finish`. Uncounted: the attempt is given back."""

    def add(self, specs: Sequence[StepSpec]) -> None:
        """New steps, BLOCKED, after the present ones."""

    def make_ready(self, step_ids: Sequence[str], now: str) -> None:
        """BLOCKED to READY."""

    def skip(self, step_id: str, reason: str, now: str) -> None:
        """BLOCKED to DONE, SKIPPED for `reason`."""

    def conclude(self, verdict: str, digest: str, now: str) -> None:
        """Write the verdict, once."""


class Store(Protocol):
    """The repository: every question names its tenant; foreign and unknown ids raise NotFoundError alike."""

    @property
    def nights(self) -> Nights:
        """Registered designs, nights and seed banks."""

    def submission(self, tenant: str, submission_id: str) -> Submission:
        """One submission."""

    def run(self, tenant: str, run_id: str) -> Run:
        """One run by its whole id."""

    def find_run(self, tenant: str, reference: str) -> Run:
        """By number, id, or unambiguous beginning of an id (at least 4 digits)."""

    def runs(self, tenant: str, limit: int) -> Sequence[Run]:
        """The latest runs, newest first."""

    def steps(self, tenant: str, run_id: str) -> Sequence[Step]:
        """A run's steps in order, with their results."""

    def progress(self, tenant: str, run_id: str) -> Mapping[str, StepProgress]:
        """Step name -> how far it is."""

    def findings(self, tenant: str, run_id: str) -> Sequence[Finding]:
        """All findings in the order of steps and stages."""

    def environment(self, tenant: str, run_id: str) -> RunEnvironment:
        """Where the run's steps ran."""

    def events(self, tenant: str, run_id: str, after: int = 0) -> Sequence[Event]:
        """What happened since event number `after`, in order."""

    def create(self, submission: Submission, run: Run, first: Sequence[StepSpec]) -> Run:
        """Rows, events and outbox in one transaction; the run comes back with its number."""

    def heartbeat(self, tenant: str, step_id: str, fence: int, lease_s: float, progress: tuple[int, int] | None) -> bool:
        """Lengthen the lease and note (done, total); False when the step belongs to somebody else by now."""

    def transaction(self, tenant: str, run_id: str) -> AbstractContextManager[RunTransaction]:
        """One writing transaction on one run; an exception rolls all of it back."""


class Maintenance(Protocol):
    """Engine-wide queries, the only ones over all tenants: claiming by id, reaping, choosing what to publish."""

    def claim(self, run_id: str, step_id: str, lease_s: float, environment: StepEnvironment, now: str) -> Claim | None:
        """READY to RUNNING under a lease, digests of the inputs recorded; None when somebody else was first."""

    def lapsed(self) -> Sequence[Lapsed]:
        """RUNNING steps whose lease has lapsed."""

    def next_steps(self, slots: int, republish_s: float, only_run: str = "") -> Sequence[tuple[str, str]]:
        """(run id, step id) to publish now, marked as published: at most free slots + 2, fair between tenants.

        With `only_run` the other runs do not exist: neither are they chosen, nor do they hold a slot.
        """

    def unpublish(self, step_ids: Sequence[str]) -> None:
        """Publishing failed: offer these again at the next sweep."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What only those who run steps need."""

    sandbox: Sandbox
    toolchain: Toolchain
    stages: Mapping[str, Stage]


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds and counts of `Settings` that the engine uses. `beat_s`: how often progress may be written."""

    slots: int = 2
    lease_s: float = 60.0
    step_limit_s: float = 3600.0
    republish_s: float = 60.0
    retry_delay_s: float = 2.0
    beat_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Services:
    """`workshop` is called by those who run steps only: submitting needs neither compiler nor sandbox.

    Setting `stop` makes every attempt of this process give its step back, uncounted, within a beat. `only_run`: the one run
    that this process publishes, empty for all.
    """

    store: Store
    maintenance: Maintenance
    blobs: Callable[[str], Blobs]
    clock: Clock
    dispatcher: Dispatcher
    workshop: Callable[[], Workshop]
    work: Path
    cache: Path
    worker: str
    new_id: Callable[[], str]
    limits: Limits = Limits()
    stop: threading.Event = field(default_factory=threading.Event)
    only_run: str = ""
