"""One look at a run: what the store holds of it, and what would be decided if nothing more came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.domain.isolated import Isolated
from pipeline.domain.outcome import EXIT_CODES
from pipeline.domain.policy import POLICIES
from pipeline.domain.readings import Readings
from pipeline.domain.verdict import Decision, decide
from pipeline.engine.dossier import isolated_of, readings_of, reproduce_lines
from pipeline.engine.finish import known_of
from pipeline.engine.queries import view_run
from pipeline.engine.services import Services
from pipeline.engine.views import RunView

NOT_DECIDED = 3


@dataclass(frozen=True, slots=True)
class Look:
    """`decision` is final only when the run is finished. `level` is the weakest sandbox so far; None before any step ran."""

    view: RunView
    decision: Decision
    design: str
    profile: str
    level: int | None
    now: str
    reproduce: Mapping[str, str]
    isolated: Isolated | None = None
    readings: Readings | None = None
    fitted: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """The run's number."""
        return self.view.run.number

    @property
    def finished(self) -> bool:
        """A verdict was given."""
        return self.view.finished

    @property
    def exit_code(self) -> int:
        """0 accepted, 1 rejected, 3 inconclusive or not decided yet."""
        return EXIT_CODES[self.view.run.verdict] if self.view.run.verdict else NOT_DECIDED

    @property
    def certifiable(self) -> bool:
        """Finished, and everything ran inside a sandbox. Level 0 never certifies, whatever the verdict."""
        return self.finished and bool(self.level)


def take_look(services: Services, tenant: str, reference: str, target: str = "") -> Look:
    """Look at a run; NotFoundError U-910. `target` is what reproduction lines name: the run's number unless given."""
    view = view_run(services, tenant, reference)
    results = {step.spec.name: step.result for step in view.steps if step.result}
    known = known_of(services.blobs(tenant), results)
    environment = services.store.environment(tenant, view.run.id)
    isolated = isolated_of(services.blobs(tenant), view.steps)
    return Look(
        view=view,
        decision=decide(known.plan, results, POLICIES[view.run.policy]),
        design=str(known.contract.get("design") or (known.plan.design if known.plan else "") or view.submission.name),
        profile=str(known.contract.get("profile", "")),
        level=environment.sandbox_level if environment.toolchains else None,
        now=services.clock.now(),
        reproduce=reproduce_lines(target or str(view.run.number), view.findings, isolated),
        isolated=isolated,
        readings=readings_of(services.blobs(tenant), view.steps) if view.finished else None,
        fitted=known.fitted,
    )


def failed_testpoints(decision: Decision) -> tuple[str, ...]:
    """Ids of the testpoints that the design failed, in the plan's order."""
    return tuple(row.id for row in decision.rows if row.failed)
