"""Streaks against a calendar that is walked backwards, one period after the other (``engine.md`` §17.4)."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_playlyfe.engine.rules import streaks
from django_playlyfe.engine.rules.conditions import holds
from django_playlyfe.engine.rules.plan import Condition, Plan
from django_playlyfe.engine.rules.snapshot import Snapshot
from django_playlyfe.engine.rules.state import PlayerState
from django_playlyfe.engine.rules.streaks import Unit

DAY = timedelta(days=1)
DATES = st.dates(date(2023, 12, 1), date(2025, 2, 28))
NEAR_A_YEAR = st.dates(date(2024, 12, 20), date(2025, 1, 12))
PLAYED = st.sets(NEAR_A_YEAR, max_size=24) | st.sets(DATES, max_size=60)


def stored(days):
    text = streaks.NEVER
    for day in days:
        text = streaks.played(text, day)
    return text


def first_day(day: date, unit: Unit) -> date:
    """Of the period that a day lies in."""
    if unit == "month":
        return day.replace(day=1)
    while unit == "week" and day.strftime("%A") != "Sunday":
        day -= DAY
    return day


def walked_back(days, unit: Unit, today: date) -> int:
    """The length of a streak, from today to the past."""
    periods = {first_day(day, unit) for day in days if day <= today}
    period = first_day(today, unit)
    if period not in periods:
        period = first_day(period - DAY, unit)
    length = 0
    while period in periods:
        length += 1
        period = first_day(period - DAY, unit)
    return length


@given(PLAYED, st.sampled_from(streaks.UNITS), NEAR_A_YEAR | DATES)
def test_a_streak_is_what_walking_back_through_the_calendar_finds(days, unit, today):
    text = stored(days)
    past = {day for day in days if day <= today}
    standing = streaks.standing(text, unit, today)
    assert streaks.length(text, unit, today) == standing.length == walked_back(days, unit, today)
    assert standing.longest == max((walked_back(days, unit, day) for day in past), default=0)
    assert standing.is_kept == any(first_day(day, unit) == first_day(today, unit) for day in past)


@given(st.lists(DATES, max_size=40), st.lists(DATES, max_size=40))
def test_days_are_kept_whatever_the_order_and_added_up(one, other):
    assert list(streaks.dates(stored(one))) == sorted(set(one))
    assert stored(one) == stored(sorted(one, reverse=True))
    assert streaks.together([stored(one), stored(other), streaks.NEVER]) == stored([*one, *other])


def test_a_late_play_joins_two_runs():
    week = [date(2024, 3, day) for day in (1, 2, 3, 5, 6, 7)]
    assert streaks.length(stored(week), "day", date(2024, 3, 7)) == 3
    assert streaks.length(streaks.played(stored(week), date(2024, 3, 4)), "day", date(2024, 3, 7)) == 7


@pytest.mark.parametrize(
    ("unit", "played", "holds_until"),
    [
        ("day", [date(2024, 2, 28), date(2024, 2, 29)], date(2024, 3, 1)),
        ("day", [date(2023, 2, 27), date(2023, 2, 28)], date(2023, 3, 1)),
        ("week", [date(2024, 12, 28), date(2024, 12, 29)], date(2025, 1, 11)),  # a Saturday and a Sunday are two weeks
        ("week", [date(2024, 12, 31), date(2025, 1, 6)], date(2025, 1, 18)),  # the week over the year's end is one
        ("month", [date(2024, 12, 1), date(2025, 1, 31)], date(2025, 2, 28)),
    ],
)
def test_a_streak_ends_when_a_whole_period_has_passed(unit, played, holds_until):
    assert streaks.length(stored(played), unit, played[-1]) == 2
    assert streaks.length(stored(played), unit, holds_until) == 2
    assert streaks.length(stored(played), unit, holds_until + DAY) == 0


def test_two_sides_of_one_week_are_one_week():
    assert streaks.length(stored([date(2024, 12, 29), date(2025, 1, 4)]), "week", date(2025, 1, 4)) == 1


def test_ten_years_of_plays_are_about_nine_hundred_characters():
    every_day = stored(date(2020, 1, 1) + DAY * number for number in range(3653))
    assert len(every_day) < 930
    assert streaks.standing(every_day, "day", date(2029, 12, 31)) == (3653, 3653, True)
    assert streaks.length(every_day, "month", date(2029, 12, 31)) == 120


# --- what day it is ---------------------------------------------------------------------------------------------------


def days_of(instants, zone: str, own: str = "") -> list[date]:
    """The day of each instant for a player, as the rules see it."""
    plan, state = Plan("game", timezone=zone), PlayerState(zone=own)
    return [Snapshot(plan, state, at, {}, {}).today for at in instants]


@pytest.mark.parametrize(
    ("zone", "first_midnight", "hours"),
    [
        ("Europe/Lisbon", datetime(2024, 3, 31, tzinfo=timezone.utc), 23),
        ("Europe/Lisbon", datetime(2024, 10, 26, 23, tzinfo=timezone.utc), 25),
        ("America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=timezone.utc), 23),  # midnight itself was skipped
        ("Australia/Lord_Howe", datetime(2024, 4, 6, 13, tzinfo=timezone.utc), 24.5),
    ],
)
def test_a_day_on_which_clocks_are_changed_is_one_day(zone, first_midnight, hours):
    last = first_midnight + timedelta(hours=hours) - timedelta(milliseconds=1)
    before, first, end, after = days_of(
        [first_midnight - timedelta(milliseconds=1), first_midnight, last, last + timedelta(milliseconds=1)], zone
    )
    assert first == end == before + DAY == after - DAY
    text = stored([before, first, end, after])
    assert streaks.length(text, "day", after) == 3


def test_one_instant_is_three_days_around_the_date_line():
    at = [datetime(2024, 3, 5, 10, 30, tzinfo=timezone.utc)]
    zones = ("Pacific/Pago_Pago", "UTC", "Pacific/Kiritimati")
    assert [days_of(at, "UTC", zone) for zone in zones] == [[date(2024, 3, day)] for day in (4, 5, 6)]
    assert days_of(at, "Pacific/Kiritimati") == [date(2024, 3, 6)]  # a player without a zone has the game's


def test_who_flies_west_over_the_date_line_comes_to_a_day_again():
    """The play of the sixth is not counted while it is the fifth again, and is once it is the sixth again."""
    text = stored(date(2024, 3, day) for day in (4, 5, 6))
    assert [streaks.length(text, "day", date(2024, 3, day)) for day in (6, 5, 6, 7, 8)] == [3, 2, 3, 3, 0]


# --- conditions -------------------------------------------------------------------------------------------------------

DAYS = {"read": stored(date(2024, 3, day) for day in (1, 2, 4)), "write": stored([date(2024, 3, 3)])}


@pytest.mark.parametrize(
    ("condition", "is_true"),
    [
        (Condition("streak", operator="ge", number=4), True),  # any play keeps it
        (Condition("streak", operator="gt", number=4), False),
        (Condition("streak", id="read", operator="eq", number=1), True),
        (Condition("streak", id="write", operator="eq", number=1), True),  # yesterday's may still go on
        (Condition("streak", id="write", operator="ge", number=1, negate=True), False),
        (Condition("streak", id="other", operator="eq", number=0), True),
        (Condition("streak", id="read", unit="week", operator="eq", number=2), True),  # Saturday the 2nd, Monday
        (Condition("streak", unit="month", operator="eq", number=1), True),
    ],
)
def test_a_condition_asks_for_the_length(condition, is_true):
    at = datetime(2024, 3, 4, 12, tzinfo=timezone.utc)
    assert holds(condition, Snapshot(Plan("game"), PlayerState(days=DAYS), at, {}, {})) is is_true
