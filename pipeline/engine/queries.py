"""What people ask about runs."""

from __future__ import annotations

from pipeline.domain.run import Run
from pipeline.engine.services import Services
from pipeline.engine.views import Event, RunView


def view_run(services: Services, tenant: str, reference: str) -> RunView:
    """One run with its steps, findings and progress. `reference`: number, id or beginning of one; NotFoundError."""
    found = services.store.find_run(tenant, reference)
    # In this order: what is read later is never older, so a run with a verdict is shown with all its steps.
    events = services.store.events(tenant, found.id)
    run = services.store.run(tenant, found.id)
    steps = services.store.steps(tenant, run.id)
    return RunView(
        run=run,
        submission=services.store.submission(tenant, run.submission_id),
        steps=tuple(steps),
        findings=tuple(finding for step in steps if step.result for finding in step.result.findings),
        progress=services.store.progress(tenant, run.id),
        last_event=events[-1].sequence if events else 0,
    )


def list_runs(services: Services, tenant: str, limit: int = 20) -> tuple[Run, ...]:
    """The latest runs, newest first."""
    return tuple(services.store.runs(tenant, limit))


def events_since(services: Services, tenant: str, run_id: str, after: int) -> tuple[Event, ...]:
    """Events after number `after`: for `watch`, which need not ask for more when nothing happened."""
    return tuple(services.store.events(tenant, run_id, after))
