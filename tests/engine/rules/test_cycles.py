"""Cycles against an oracle that walks the calendar day by day, over both changes of the clocks."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_playlyfe.engine.rules import cycles

ZONES = ["UTC", "Europe/Lisbon", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "Pacific/Chatham"]
"""Beirut skips midnight itself, Lord Howe moves by half an hour, Chatham is 12:45 ahead."""
SHORTER = list(cycles.UNITS)
CHANGES = [
    datetime(2024, 3, 31, 1, tzinfo=timezone.utc),
    datetime(2024, 10, 27, 1, tzinfo=timezone.utc),
    datetime(2024, 12, 31, 23, tzinfo=timezone.utc),
    datetime(2024, 2, 29, 12, tzinfo=timezone.utc),
]

instants = st.builds(
    lambda change, offset: change + timedelta(seconds=offset),
    st.sampled_from(CHANGES),
    st.integers(-40 * 86_400, 40 * 86_400),
)


def first_day_by_walking(cycle: str, day: date) -> date:
    """Go back from a day until a cycle begins on it."""
    begins = {
        "daily": lambda day: True,
        "weekly": lambda day: day.strftime("%A") == "Sunday",
        "monthly": lambda day: day.day == 1,
        "yearly": lambda day: (day.month, day.day) == (1, 1),
    }[cycle]
    while not begins(day):
        day -= timedelta(days=1)
    return day


@given(at=instants, zone=st.sampled_from(ZONES), cycle=st.sampled_from(SHORTER))
def test_a_key_names_the_first_day_of_the_cycle_that_an_instant_lies_in(at: datetime, zone: str, cycle: str) -> None:
    first = first_day_by_walking(cycle, at.astimezone(ZoneInfo(zone)).date())
    key = cycles.cycle_key(cycle, at, ZoneInfo(zone))
    assert key == f"{cycle[0]}{first}"
    assert cycles.first_day(key) == first
    assert cycles.cycle_of(key) == cycle
    following = cycles.following_day(key)
    assert first_day_by_walking(cycle, following) == following
    assert first_day_by_walking(cycle, following - timedelta(days=1)) == first
    assert cycles.key_of_day(cycle, following - timedelta(days=1)) == key


@given(at=instants, zone=st.sampled_from(ZONES), cycle=st.sampled_from(SHORTER))
def test_a_cycle_holds_its_start_and_not_its_end(at: datetime, zone: str, cycle: str) -> None:
    start, end = cycles.bounds(cycle, at, ZoneInfo(zone))
    assert start <= at < end
    key = cycles.cycle_key(cycle, at, ZoneInfo(zone))
    moment = timedelta(milliseconds=1)
    assert cycles.cycle_key(cycle, start, ZoneInfo(zone)) == key
    assert cycles.cycle_key(cycle, end - moment, ZoneInfo(zone)) == key
    assert cycles.cycle_key(cycle, start - moment, ZoneInfo(zone)) < key < cycles.cycle_key(cycle, end, ZoneInfo(zone))


@pytest.mark.parametrize(("day", "hours"), [((2024, 3, 31), 23), ((2024, 10, 27), 25), ((2024, 6, 1), 24)])
def test_a_day_in_lisbon_has_23_hours_when_clocks_go_forward_and_25_when_back(
    day: tuple[int, int, int], hours: int
) -> None:
    noon = datetime(*day, 12, tzinfo=timezone.utc)
    start, end = cycles.bounds("daily", noon, ZoneInfo("Europe/Lisbon"))
    assert end - start == timedelta(hours=hours)


def test_all_time_is_one_cycle() -> None:
    assert cycles.cycle_key("alltime", datetime(2024, 3, 5, tzinfo=timezone.utc), timezone.utc) == ""
    assert cycles.cycle_of("") == "alltime"
