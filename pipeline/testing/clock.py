"""A clock that moves only as told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FixedClock:
    """Starts at 2026-01-01T00:00:00Z and advances `tick_s` seconds with every reading."""

    def __init__(self, tick_s: float = 0.0) -> None:
        self._now = datetime(2026, 1, 1, tzinfo=UTC)
        self._tick = timedelta(seconds=tick_s)

    def now(self) -> str:
        """ISO 8601 with offset."""
        now, self._now = self._now, self._now + self._tick
        return now.isoformat(timespec="milliseconds")
