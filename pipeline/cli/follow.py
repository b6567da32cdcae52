"""Follow a run to its verdict; what `watch` and `check` share."""

from __future__ import annotations

import time
from collections.abc import Callable

from pipeline.cli.look import Look, take_look
from pipeline.cli.screens import Screen
from pipeline.engine.queries import events_since
from pipeline.engine.services import Services

POLL_S = 0.25
PATIENCE_S = 5.0
DECIDED = "assay.run.decided"


def follow(
    services: Services,
    tenant: str,
    run_id: str,
    screen: Screen,
    *,
    target: str = "",
    check: Callable[[], None] = lambda: None,
    patience_s: float = PATIENCE_S,
) -> Look:
    """Show every event from the first to the verdict. `check` is called at every turn and may raise to end it.

    `patience_s`: when no step has started by then, the screen may say who works on runs.
    """
    cursor, decided = 0, False
    patience: float | None = time.monotonic() + patience_s
    with screen:
        while True:
            check()
            events = events_since(services, tenant, run_id, cursor)
            over = patience is not None and time.monotonic() > patience
            if events or over or screen.moving:
                look = take_look(services, tenant, run_id, target)
                for event in events:
                    screen.hear(event, look)
                    cursor, decided = event.sequence, decided or event.type == DECIDED
                screen.show(look)
                if decided:
                    return look
                if over:
                    patience = None
                    screen.hint() if not any(step.started_at for step in look.view.steps) else None
            time.sleep(POLL_S)
