"""The host's clock, for people's eyes. Leases use the database's."""

from __future__ import annotations

from datetime import datetime


class SystemClock:
    """Local time with its offset."""

    def now(self) -> str:
        """ISO 8601 with milliseconds and offset."""
        return datetime.now().astimezone().isoformat(timespec="milliseconds")
