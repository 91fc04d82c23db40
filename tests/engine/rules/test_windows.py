"""engine.md §8.2, the row FIXED."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_playlyfe.engine.rules.windows import calendar_unit, next_window_start, window_start

DAY = 86_400_000


@pytest.mark.parametrize(
    ("timeframe", "unit"),
    [
        (60_000, "minute"),
        (3_600_000, "hour"),
        (DAY, "day"),
        (7 * DAY, "week"),
        *[(days * DAY, "month") for days in (28, 29, 30, 31)],
        (365 * DAY, "year"),
        (366 * DAY, "year"),
        *[(other, None) for other in (0, 1, 1000, 2 * DAY, 14 * DAY, 27 * DAY, 32 * DAY, 364 * DAY, 367 * DAY)],
    ],
)
def test_a_timeframe_names_one_unit(timeframe, unit):
    assert calendar_unit(timeframe) == unit


def window(at: str, unit: str, zone: str) -> tuple[str, str]:
    """Start and end of the window of an instant in UTC, both in UTC."""
    moment = datetime.fromisoformat(at).replace(tzinfo=timezone.utc)
    bounds = window_start(moment, unit, ZoneInfo(zone)), next_window_start(moment, unit, ZoneInfo(zone))
    return tuple(bound.strftime("%Y-%m-%d %H:%M") for bound in bounds)


@pytest.mark.parametrize(
    ("at", "unit", "zone", "start", "end"),
    [
        ("2024-03-05 12:34:56", "minute", "UTC", "2024-03-05 12:34", "2024-03-05 12:35"),
        ("2024-03-05 12:34:56", "hour", "UTC", "2024-03-05 12:00", "2024-03-05 13:00"),
        ("2024-03-05 12:34:56", "hour", "Asia/Kathmandu", "2024-03-05 12:15", "2024-03-05 13:15"),
        ("2024-03-05 12:34:56", "day", "UTC", "2024-03-05 00:00", "2024-03-06 00:00"),
        ("2024-03-05 23:30:00", "day", "Asia/Tokyo", "2024-03-05 15:00", "2024-03-06 15:00"),
        ("2024-03-05 12:00:00", "week", "UTC", "2024-03-03 00:00", "2024-03-10 00:00"),  # a Tuesday
        ("2024-03-03 00:00:00", "week", "UTC", "2024-03-03 00:00", "2024-03-10 00:00"),  # a Sunday
        ("2024-03-02 23:59:59", "week", "UTC", "2024-02-25 00:00", "2024-03-03 00:00"),  # a Saturday
        ("2024-02-29 12:00:00", "month", "UTC", "2024-02-01 00:00", "2024-03-01 00:00"),
        ("2024-12-31 12:00:00", "month", "UTC", "2024-12-01 00:00", "2025-01-01 00:00"),
        ("2024-12-31 12:00:00", "month", "Pacific/Auckland", "2024-12-31 11:00", "2025-01-31 11:00"),
        ("2024-03-05 12:00:00", "year", "UTC", "2024-01-01 00:00", "2025-01-01 00:00"),
        ("2024-12-31 23:30:00", "year", "Europe/Berlin", "2024-12-31 23:00", "2025-12-31 23:00"),
    ],
)
def test_windows_follow_the_calendar_of_the_zone(at, unit, zone, start, end):
    assert window(at, unit, zone) == (start, end)


@pytest.mark.parametrize(
    ("at", "unit", "zone", "start", "end"),
    [
        # 31 March 2024 has 23 hours in Lisbon, 27 October has 25.
        ("2024-03-31 12:00", "day", "Europe/Lisbon", "2024-03-31 00:00", "2024-03-31 23:00"),
        ("2024-10-27 12:00", "day", "Europe/Lisbon", "2024-10-26 23:00", "2024-10-28 00:00"),
        ("2024-10-27 12:00", "week", "Europe/Lisbon", "2024-10-26 23:00", "2024-11-03 00:00"),
        # The hour from 1 to 2 is lived twice: two windows of one hour each.
        ("2024-10-27 00:30", "hour", "Europe/Lisbon", "2024-10-27 00:00", "2024-10-27 01:00"),
        ("2024-10-27 01:30", "hour", "Europe/Lisbon", "2024-10-27 01:00", "2024-10-27 02:00"),
        # The hour from 1 to 2 is skipped.
        ("2024-03-31 00:30", "hour", "Europe/Lisbon", "2024-03-31 00:00", "2024-03-31 01:00"),
        ("2024-03-31 01:30", "hour", "Europe/Lisbon", "2024-03-31 01:00", "2024-03-31 02:00"),
        # Midnight itself is skipped, or comes twice.
        ("2024-09-08 12:00", "day", "America/Santiago", "2024-09-08 04:00", "2024-09-09 03:00"),
        ("2024-11-03 04:30", "day", "America/Havana", "2024-11-03 04:00", "2024-11-04 05:00"),
        ("2024-11-03 05:30", "day", "America/Havana", "2024-11-03 04:00", "2024-11-04 05:00"),
        # A whole day is skipped.
        ("2011-12-30 09:59", "day", "Pacific/Apia", "2011-12-29 10:00", "2011-12-30 10:00"),
        ("2011-12-30 10:00", "day", "Pacific/Apia", "2011-12-30 10:00", "2011-12-31 10:00"),
        # Half an hour is lived twice: one hour of ninety minutes.
        ("2024-04-06 15:15", "hour", "Australia/Lord_Howe", "2024-04-06 14:00", "2024-04-06 15:30"),
    ],
)
def test_windows_follow_changes_of_the_clock(at, unit, zone, start, end):
    assert window(at, unit, zone) == (start, end)


seconds = st.integers(1_325_376_000, 2_051_222_400)  # 2012 to 2034
zones = st.sampled_from(
    [
        *(
            "UTC",
            "Europe/Lisbon",
            "America/New_York",
            "America/Havana",
            "America/Santiago",
            "Africa/Cairo",
            "Asia/Gaza",
        ),
        *("Asia/Beirut", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham", "Atlantic/Azores"),
    ]
)
units = st.sampled_from(["minute", "hour", "day", "week", "month", "year"])


@settings(deadline=None)
@given(seconds, units, zones)
def test_windows_leave_no_gap_and_do_not_overlap(second, unit, zone):
    at, zone = datetime.fromtimestamp(second, timezone.utc), ZoneInfo(zone)
    start, end = window_start(at, unit, zone), next_window_start(at, unit, zone)
    assert start <= at < end
    assert window_start(start, unit, zone) == start
    assert window_start(end, unit, zone) == end
    assert window_start(end - timedelta(milliseconds=1), unit, zone) == start
