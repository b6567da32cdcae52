"""Which night a moment belongs to, in any zone, also where a day has 23 or 25 hours."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from pipeline.engine.windows import (
    Schedule,
    before,
    closing,
    deadline,
    due,
    epoch_of,
    is_window,
    last_overdue,
    next_opening,
    opening,
    window_of,
)
from pipeline.errors import UsageError
from pipeline.settings import Settings

HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("zone", "moment", "window"),
    [
        ("UTC", "2026-11-21T22:00+00:00", "2026-11-22"),
        ("UTC", "2026-11-22T02:00+00:00", "2026-11-22"),
        ("UTC", "2026-11-22T11:59:59+00:00", "2026-11-22"),
        ("UTC", "2026-11-22T12:00+00:00", "2026-11-23"),
        ("Asia/Seoul", "2026-11-21T17:00+00:00", "2026-11-22"),
        ("Asia/Seoul", "2026-11-22T02:59:59+00:00", "2026-11-22"),
        ("Asia/Seoul", "2026-11-22T03:00+00:00", "2026-11-23"),
        ("America/New_York", "2026-11-22T02:00+00:00", "2026-11-22"),
        ("Asia/Seoul", "2026-12-31T15:00+00:00", "2027-01-01"),
    ],
)
def test_a_night_is_named_after_the_morning_it_ends_on(zone: str, moment: str, window: str) -> None:
    assert window_of(Schedule(zone=zone), at(moment)) == window


@pytest.mark.parametrize("zone", ["UTC", "Asia/Seoul", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("opens", ["22:00", "00:00", "02:30"])
def test_every_morning_of_a_year_has_one_night_that_a_clock_of_minutes_starts_once(zone: str, opens: str) -> None:
    """Looked at every ten minutes: each window becomes due exactly once, in order, on its own day."""
    schedule = Schedule("nightly", opens, zone)
    moment, seen = opening(schedule, "2026-01-01"), list[str]()
    while moment < opening(schedule, "2027-01-01"):
        window = due(schedule, moment)
        if window and window not in seen[-1:]:
            seen.append(window)
            local = schedule.local(moment)
            assert moment - opening(schedule, window) < timedelta(minutes=10)
            assert (local + timedelta(hours=12)).date().isoformat() == window
        moment += timedelta(minutes=10)
    assert seen == [before(seen[0], -days) for days in range(len(seen))]
    assert len(seen) == 365


def test_hours_that_are_skipped_or_come_twice() -> None:
    new_york = Schedule("nightly", "02:30", "America/New_York")
    assert opening(new_york, "2026-03-08") == at("2026-03-08T03:30-04:00"), "02:30 does not exist that day"
    assert opening(new_york, "2026-11-01") == at("2026-11-01T02:30-05:00")
    twice = Schedule("nightly", "01:30", "America/New_York")
    assert opening(twice, "2026-11-01") == at("2026-11-01T01:30-04:00"), "the first of the two"
    short, long = (closing(new_york, day) - closing(new_york, before(day, 1)) for day in ("2026-03-08", "2026-11-01"))
    assert (short, long) == (23 * HOUR, 25 * HOUR)


def test_what_is_due_overdue_and_next() -> None:
    evening = Schedule("nightly", "22:00", "UTC")
    assert opening(evening, "2026-11-22") == at("2026-11-21T22:00+00:00")
    assert due(evening, at("2026-11-21T21:59+00:00")) == ""
    assert due(evening, at("2026-11-22T11:59+00:00")) == "2026-11-22"
    assert due(Schedule(), at("2026-11-22T03:00+00:00")) == ""
    assert last_overdue(evening, at("2026-11-21T22:59+00:00")) == "2026-11-21"
    assert last_overdue(evening, at("2026-11-21T23:00+00:00")) == "2026-11-22"
    assert last_overdue(Schedule(zone="UTC"), at("2026-11-22T11:00+00:00")) == "2026-11-21", (
        "by hand, until the window is over"
    )
    assert next_opening(evening, at("2026-11-21T13:00+00:00")) == at("2026-11-21T22:00+00:00")
    assert next_opening(evening, at("2026-11-21T22:00+00:00")) == at("2026-11-22T22:00+00:00")
    assert next_opening(Schedule(), at("2026-11-21T22:00+00:00")) is None


def test_a_night_lasts_until_noon_and_at_least_eight_hours() -> None:
    utc = Schedule("nightly", "02:00", "UTC")
    assert deadline(utc, "2026-11-22", at("2026-11-22T02:00+00:00")) == at("2026-11-22T12:00+00:00")
    assert deadline(utc, "2026-11-22", at("2026-11-22T11:00+00:00")) == at("2026-11-22T19:00+00:00")


def test_epochs_count_days_and_are_not_that_of_ordinary_submissions() -> None:
    epochs = [epoch_of(before("2026-11-22", -days)) for days in range(400)]
    assert epochs == list(range(epochs[0], epochs[0] + 400))
    assert epochs[0] == 9822


@pytest.mark.parametrize(
    ("text", "known"), [("2026-11-22", True), ("2026-11-31", False), ("20261122", False), ("2026-W47-7", False), ("", False)]
)
def test_windows_are_dates(text: str, known: bool) -> None:  # noqa: FBT001 - a column of the table
    assert is_window(text) is known


@pytest.mark.parametrize("text", ["02:00", "23:59 Asia/Seoul", "00:00 UTC"])
def test_the_clock_is_a_setting(text: str) -> None:
    settings = Settings.from_environment({"ASSAY_NIGHTLY": text})
    schedule = Schedule.of(settings.nightly)
    assert f"{schedule.opens} {schedule.zone}".strip() == text


@pytest.mark.parametrize(
    "text", ["2:00", "24:00", "02:60", "02:00 Mars/Olympus", "02:00 ../etc/passwd", "02:00  UTC", "noon"]
)
def test_a_clock_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="U-901"):
        Settings.from_environment({"ASSAY_NIGHTLY": text})
    assert Schedule.of(Settings.from_environment({"ASSAY_NIGHTLY": ""}).nightly).opens == ""
