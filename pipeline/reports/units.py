"""Figures as agreed: grouped by comma, a true minus, a thin space before the unit, nothing rounded across a threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

THIN = "\u202f"
_MINUTE, _HOUR, _BELOW_A_MINUTE, _KILO = 60, 3600, 59.95, 1000
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Moment:
    """A time for people (`shown`) and for machines (`machine`, ISO 8601; empty when it is not one)."""

    machine: str
    shown: str


def count(value: float) -> str:
    """1,024; decimals only when there are some, at most three. Integers of any size stay exact."""
    whole = isinstance(value, int) or value.is_integer()
    return (f"{int(value):,}" if whole else f"{value:,.3f}".rstrip("0")).replace("-", "\u2212")


def percent(value: float, threshold: float | None = None) -> str:
    """One decimal, and more when fewer would reach a threshold that the value does not: 89.96 against 90 stays 89.96."""
    digits = 1
    if threshold is not None and value < threshold:
        while digits < _DIGITS and float(f"{value:.{digits}f}") >= threshold:
            digits += 1
        value = math.floor(value * 10**digits) / 10**digits if float(f"{value:.{digits}f}") >= threshold else value
    return f"{value:.{digits}f}{THIN}%"


def duration(seconds: float, lang: str) -> str:
    """0.4 s, 6 min 12 s, 2 h 18 min; 0.4초, 6분 12초, 2시간 18분."""
    seconds, korean = max(0.0, seconds), lang == "ko"
    if seconds < _BELOW_A_MINUTE:
        return f"{seconds:.1f}초" if korean else f"{seconds:.1f}{THIN}s"
    whole = round(seconds)
    if whole < _HOUR:
        minutes, rest = divmod(whole, _MINUTE)
        return f"{minutes}분 {rest}초" if korean else f"{minutes}{THIN}min {rest}{THIN}s"
    hours, rest = divmod(whole // _MINUTE, _MINUTE)
    return f"{hours}시간 {rest}분" if korean else f"{hours}{THIN}h {rest}{THIN}min"


def size(value: float) -> str:
    """Bytes in SI units: 740 byte, 14.2 kB, 3.1 MB."""
    for unit in ("byte", "kB", "MB"):
        if value < _KILO:
            return f"{value:.0f}{THIN}byte" if unit == "byte" else f"{value:.1f}{THIN}{unit}"
        value /= _KILO
    return f"{value:,.1f}{THIN}GB"


def moment(iso: str | None) -> Moment:
    """An ISO time in its own zone, to the second; text that is no time is shown as it is, None as a dash."""
    if not iso:
        return Moment("", "\u2013")
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return Moment("", iso[:40])
    offset = when.utcoffset()
    zone = "" if offset is None else " UTC" if offset == timedelta(0) else f" UTC{when.isoformat()[-6:]}"
    return Moment(when.isoformat(), f"{when:%Y-%m-%d %H:%M:%S}{zone}")


def seconds_between(start: str | None, end: str | None) -> float | None:
    """Seconds from one ISO time to another; None when one is missing, is no time, or has no zone while the other has."""
    try:
        return (datetime.fromisoformat(end or "") - datetime.fromisoformat(start or "")).total_seconds()
    except (ValueError, TypeError):
        return None
