"""A centre with a clock: nobody asks, and the night is run by real workers and collected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipeline.cluster.supervisor import Kind, running
from pipeline.engine.designs import register
from pipeline.engine.night_board import board
from pipeline.engine.windows import Schedule
from pipeline.settings import Settings

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster")]


def test_a_centre_runs_the_night_that_is_due(settings: Settings, scripted: Kind, until: Callable[..., None]) -> None:
    """The clock stands at the last midnight or noon, so that a night is due whenever this test runs."""
    opens = "00:00" if datetime.now(UTC).hour < 12 else "12:00"
    ticking, told = replace(settings, nightly=f"{opens} UTC"), list[tuple[str, str]]()
    with running(ticking, lambda part, what: told.append((part, what)), scripted) as centre:
        services = centre.center.services
        register(services, "local", b"bytes", name="npu8")
        until(lambda: any(run.result for run in services.store.nights.runs("local", "nightly")))
        (design,) = board(services, "local", Schedule.of(ticking.nightly)).designs
    assert design.run is not None
    assert design.run.result is not None
    assert (design.state.value, design.run.result.verdict.value) == ("passed", "ACCEPTED")
    assert told.count(("night", "started")) == 1
