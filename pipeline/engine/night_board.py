"""The board of one night: what every design's run found, beside the nights before. A night without a result is not green."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.domain.board import Board, Cell, DesignNight, NightState, state_of
from pipeline.domain.night import Classed, Design, Night, NightRun, Standing, classify
from pipeline.engine.nightly import settle
from pipeline.engine.services import Services
from pipeline.engine.windows import Schedule, before, epoch_of, is_window, last_overdue, next_opening, opening, overdue
from pipeline.errors import NotFoundError, UsageError

NIGHTS = 14
_COUNTED = {NightState.NEW: Standing.NEW, NightState.FIXED: Standing.FIXED}


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store holds of these windows, and the moment at which it is looked at."""

    schedule: Schedule
    now: datetime
    windows: tuple[str, ...]
    nights: Mapping[str, Night]
    registered: Mapping[str, str]
    runs: Mapping[tuple[str, str], NightRun]  # (design, window)
    classed: Mapping[str, Mapping[str, tuple[Classed, ...]]]  # design -> window -> failures


def board(services: Services, tenant: str, schedule: Schedule, window: str = "") -> Board:
    """The night `window`, by default the last one that was started or should have been. Collects results first.

    Raises UsageError U-943 for what is no date, NotFoundError U-942 for a night of which there is nothing to say: neither
    started nor missed, or before any design was registered.
    """
    if window and not is_window(window):
        raise UsageError("U-943", window=window[:40])
    settle(services, tenant, schedule.name)
    nights, now = services.store.nights, datetime.fromisoformat(services.clock.now())
    shown = window or max(nights.latest(tenant, schedule.name), last_overdue(schedule, now))
    known = _known(services, tenant, schedule, now, shown)
    found = [_design(known, design) for design in nights.designs(tenant)]
    if all(item.state is NightState.ABSENT for item in found):
        raise NotFoundError("U-942", window=shown[:20])
    night, opens = known.nights.get(shown), next_opening(schedule, now)
    return Board(
        tenant=tenant,
        schedule=schedule.name,
        window=shown,
        epoch=epoch_of(shown),
        now=_iso(schedule, now),
        started_at=_iso(schedule, datetime.fromisoformat(night.started_at)) if night else "",
        deadline=_iso(schedule, datetime.fromisoformat(night.deadline) if night else overdue(schedule, shown)),
        fresh_at=_fresh(known),
        next_opens=_iso(schedule, opens) if opens else "",
        windows=known.windows,
        designs=tuple(item for item in found if any(cell.state is not NightState.ABSENT for cell in item.strip)),
    )


def _known(services: Services, tenant: str, schedule: Schedule, now: datetime, shown: str) -> _Known:
    nights = services.store.nights
    windows = tuple(before(shown, days) for days in range(NIGHTS - 1, -1, -1))
    runs = [run for run in nights.runs(tenant, schedule.name) if run.window <= shown]
    by_design: dict[str, list[NightRun]] = {}
    for run in runs:
        by_design.setdefault(run.design, []).append(run)
    started = [nights.night(tenant, schedule.name, window) for window in windows]
    return _Known(
        schedule=schedule,
        now=now,
        windows=windows,
        nights={night.window: night for night in started if night},
        registered=nights.registered_at(tenant),
        runs={(run.design, run.window): run for run in runs},
        classed={name: classify(history) for name, history in by_design.items()},
    )


def _design(known: _Known, design: Design) -> DesignNight:
    strip = tuple(_cell(known, design, window) for window in known.windows)
    shown, classed = known.windows[-1], known.classed.get(design.name, {})
    run = known.runs.get((design.name, shown))
    return DesignNight(
        name=design.name,
        revision=run.revision if run else design.revision,
        state=strip[-1].state,
        run=run,
        failures=classed.get(shown, ()),
        last_result=max((window for window in classed if window < shown), default=""),
        strip=strip,
    )


def _cell(known: _Known, design: Design, window: str) -> Cell:
    run = known.runs.get((design.name, window))
    if run is not None and run.result is not None:
        failures = known.classed[design.name][window]
        state = state_of(run, failures)
        return Cell(window, state, _count(state, failures))
    if run is not None:
        late = known.now >= datetime.fromisoformat(known.nights[window].deadline)
        return Cell(window, NightState.MISSED if late else NightState.RUNNING)
    return Cell(window, NightState.MISSED if _was_due(known, design, window) else NightState.ABSENT)


def _count(state: NightState, failures: Sequence[Classed]) -> int:
    """Failures that the state is about; of a known one, everything that is not fixed."""
    if state in _COUNTED:
        return sum(item.standing is _COUNTED[state] for item in failures)
    return sum(item.standing is not Standing.FIXED for item in failures) if state is NightState.KNOWN else 0


def _was_due(known: _Known, design: Design, window: str) -> bool:
    """No run: whether there should have been one. Not for a night that others were started in without this design."""
    begins = opening(known.schedule, window)
    withdrawn = design.withdrawn_at is not None and datetime.fromisoformat(design.withdrawn_at) <= begins
    registered = datetime.fromisoformat(known.registered[design.name]) <= begins
    return window not in known.nights and registered and not withdrawn and known.now >= overdue(known.schedule, window)


def _fresh(known: _Known) -> str:
    """When the last result of the night that is shown came in."""
    settled = [run.settled_at for (_, window), run in known.runs.items() if window == known.windows[-1] and run.settled_at]
    latest = max((datetime.fromisoformat(moment) for moment in settled), default=None)
    return _iso(known.schedule, latest) if latest else ""


def _iso(schedule: Schedule, moment: datetime) -> str:
    return schedule.local(moment).isoformat(timespec="seconds")
