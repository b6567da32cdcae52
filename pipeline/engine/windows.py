"""Windows: which night a moment belongs to. A night is named after the morning it ends on, in the schedule's time zone.

By the wall clock, a window lasts from noon to noon: whatever starts at 22:00 or at 02:00 ends on the same morning, and a day
of 23 or 25 hours still has one night.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

NIGHTLY = "nightly"
NOON = 12
LEAST_H = 8
"""Hours that a night has at least before it counts as missed, also when it was started late."""
GRACE_H = 1
_FIRST_EPOCH = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When nights are started: `opens` as HH:MM, empty for never; `zone` an IANA name, empty for this host's."""

    name: str = NIGHTLY
    opens: str = ""
    zone: str = ""

    @staticmethod
    def of(setting: str) -> Schedule:
        """From `Settings.nightly`: `02:00`, or `02:00 Asia/Seoul`."""
        opens, _, zone = setting.partition(" ")
        return Schedule(NIGHTLY, opens, zone)

    def local(self, moment: datetime) -> datetime:
        """The moment by the schedule's wall clock."""
        return moment.astimezone(ZoneInfo(self.zone) if self.zone else None)

    def at(self, day: date, clock: time) -> datetime:
        """A wall-clock time as a moment, in UTC: the first one when clocks are put back, an hour later when it is skipped.

        In UTC, because Python compares and subtracts moments of one zone by their wall clocks.
        """
        wall = datetime.combine(day, clock)
        return (wall.replace(tzinfo=ZoneInfo(self.zone)) if self.zone else wall).astimezone(UTC)


def window_of(schedule: Schedule, moment: datetime) -> str:
    """The window that a moment belongs to: that day's until noon, the next day's from noon on."""
    local = schedule.local(moment)
    return (local.date() + timedelta(days=local.hour >= NOON)).isoformat()


def opening(schedule: Schedule, window: str) -> datetime:
    """When the night opens: midnight when no clock is set."""
    clock = time.fromisoformat(schedule.opens or "00:00")
    return schedule.at(date.fromisoformat(window) - timedelta(days=clock.hour >= NOON), clock)


def closing(schedule: Schedule, window: str) -> datetime:
    """Noon of the morning that the window is named after."""
    return schedule.at(date.fromisoformat(window), time(NOON))


def overdue(schedule: Schedule, window: str) -> datetime:
    """When a night that nobody started is missed: an hour after it should have been; at its end when no clock is set."""
    return opening(schedule, window) + timedelta(hours=GRACE_H) if schedule.opens else closing(schedule, window)


def last_overdue(schedule: Schedule, moment: datetime) -> str:
    """The last window that should have been started by now."""
    window = window_of(schedule, moment)
    return window if overdue(schedule, window) <= moment else before(window, 1)


def deadline(schedule: Schedule, window: str, started: datetime) -> datetime:
    """When a night without a result is missed: noon, but at least `LEAST_H` hours after it was started."""
    return max(closing(schedule, window), started + timedelta(hours=LEAST_H))


def due(schedule: Schedule, moment: datetime) -> str:
    """The window that should have been started by now and still can be; empty when there is none, or no clock is set."""
    window = window_of(schedule, moment)
    return window if schedule.opens and opening(schedule, window) <= moment else ""


def next_opening(schedule: Schedule, moment: datetime) -> datetime | None:
    """When the next night opens; None when no clock is set."""
    if not schedule.opens:
        return None
    window = window_of(schedule, moment)
    soon = opening(schedule, window)
    return soon if soon > moment else opening(schedule, before(window, -1))


def is_window(text: str) -> bool:
    """Whether it is a date as windows are written."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def before(window: str, days: int) -> str:
    """The window so many days earlier."""
    return (date.fromisoformat(window) - timedelta(days=days)).isoformat()


def epoch_of(window: str) -> int:
    """The epoch of a night's seeds: days since 2000-01-01. Never 0, which ordinary submissions use, for a night of today."""
    return (date.fromisoformat(window) - _FIRST_EPOCH).days
