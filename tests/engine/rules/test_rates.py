"""engine.md §8.2."""

from __future__ import annotations

import copy
import json
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_playlyfe.engine.rules import rates
from django_playlyfe.engine.rules.plan import Rate
from django_playlyfe.engine.rules.state import Refused

from .games import NOON

DAY = 86_400_000
LISBON = ZoneInfo("Europe/Lisbon")
MILLISECOND = timedelta(milliseconds=1)


def seconds(number: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=number)


def refusal(rate, usage, count, at, zone=LISBON) -> Refused | None:
    try:
        rates.check("read", rate, usage, count, at, zone)
    except Refused as refused:
        return refused
    return None


def played(rate, *plays, zone=LISBON):
    """The usage after plays (instant, count), none of which is checked."""
    usage = {}
    for at, count in plays:
        usage = rates.consume(rate, usage, count, at, zone)
    return usage


@pytest.mark.parametrize(
    ("rate", "period"),
    [
        (Rate(5, 60_000, "FIXED"), "minute"),
        (Rate(5, 3_600_000), "hour"),
        (Rate(5, DAY, "FIXED"), "day"),
        (Rate(5, 7 * DAY, "LEAKY"), "week"),
        (Rate(5, 28 * DAY, "FIXED"), "month"),
        (Rate(5, 31 * DAY, "FIXED"), "month"),
        (Rate(5, 30 * DAY), "month"),
        (Rate(5, 365 * DAY), "year"),
        (Rate(5, 366 * DAY, "FIXED"), "year"),
        (Rate(5, 2 * DAY), "2 days"),
        (Rate(5, 14 * DAY), "2 weeks"),
        (Rate(5, 90 * DAY), "3 months"),
        (Rate(5, 730 * DAY), "2 years"),
        (Rate(5, 5_400_000), "90 minutes"),
        (Rate(5, 30_000), "30 seconds"),
        (Rate(5, 1000), "second"),
        (Rate(5, 1500), "1500 milliseconds"),
        (Rate(5, 1), "millisecond"),
    ],
)
def test_the_text_names_the_largest_unit(rate, period):
    assert rates.limit_text("read", rate) == f"The Action 'read' can only be triggered 5 times every {period}"


def test_one_time_is_not_made_singular():
    assert rates.limit_text("read", Rate(1, DAY)) == "The Action 'read' can only be triggered 1 times every day"


ALL_TYPES = pytest.mark.parametrize("kind", ["FIXED", "ROLLING", "LEAKY"])


@ALL_TYPES
def test_a_play_fits_until_the_limit_is_reached(kind):
    rate = Rate(5, DAY, kind)
    usage = played(rate, (NOON, 4))
    assert refusal(rate, usage, 1, NOON) is None
    refused = refusal(rate, usage, 2, NOON)
    assert refused.code == "rate_limit_exceeded"
    assert refused.text == "The Action 'read' can only be triggered 5 times every day"
    assert refusal(rate, played(rate, (NOON, 4), (NOON, 1)), 1, NOON)


@ALL_TYPES
def test_a_play_heavier_than_the_limit_never_fits(kind):
    assert refusal(Rate(5, DAY, kind), {}, 6, NOON).retry_at is None
    assert refusal(Rate(0, DAY, kind), {}, 1, NOON).retry_at is None


@ALL_TYPES
def test_what_another_type_of_limit_left_behind_counts_as_nothing(kind):
    for other in {"FIXED", "ROLLING", "LEAKY"} - {kind}:
        left = played(Rate(5, DAY, other), (NOON, 5))
        rate = Rate(5, DAY, kind)
        assert refusal(rate, left, 5, NOON) is None
        assert rates.consume(rate, left, 5, NOON, LISBON) == played(rate, (NOON, 5))


@ALL_TYPES
def test_usage_is_json_and_is_not_changed_in_place(kind):
    rate = Rate(5, 7 * DAY, kind)
    usage = played(rate, (NOON, 1), (seconds(1), 2))
    before = copy.deepcopy(usage)
    rates.consume(rate, usage, 1, seconds(2), LISBON)
    assert usage == before == json.loads(json.dumps(usage))


@ALL_TYPES
def test_a_clock_that_runs_behind_gives_no_room(kind):
    rate = Rate(2, 60_000, kind)
    usage = played(rate, (NOON, 2))
    assert refusal(rate, usage, 1, seconds(-0.5)).retry_at >= seconds(30)
    late = rates.consume(rate, played(rate, (NOON, 1)), 1, seconds(-0.5), LISBON)
    assert refusal(rate, late, 1, seconds(1)) is not None


def test_a_fixed_window_is_a_calendar_day_of_the_game():
    rate = Rate(1, DAY, "FIXED")
    usage = played(rate, (datetime(2024, 7, 1, 22, 59, tzinfo=timezone.utc), 1))  # a minute before midnight in Lisbon
    midnight = datetime(2024, 7, 1, 23, tzinfo=timezone.utc)
    assert refusal(rate, usage, 1, midnight - MILLISECOND).retry_at == midnight
    assert refusal(rate, usage, 1, midnight) is None


def test_a_fixed_day_has_25_hours_when_the_clocks_go_back():
    rate = Rate(1, DAY, "FIXED")
    usage = played(rate, (datetime(2024, 10, 26, 23, tzinfo=timezone.utc), 1))
    refused = refusal(rate, usage, 1, datetime(2024, 10, 27, 23, 30, tzinfo=timezone.utc))
    assert refused.retry_at == datetime(2024, 10, 28, tzinfo=timezone.utc)


def test_a_fixed_week_begins_on_sunday():
    rate = Rate(1, 7 * DAY, "FIXED")
    refused = refusal(rate, played(rate, (NOON, 1)), 1, seconds(1))
    assert refused.retry_at == datetime(2024, 3, 10, tzinfo=timezone.utc)


def test_a_fixed_limit_of_no_calendar_unit_is_a_mistake():
    with pytest.raises(ValueError, match="one calendar unit"):
        rates.check("read", Rate(1, 2 * DAY, "FIXED"), {}, 1, NOON, LISBON)


def test_a_rolling_window_reaches_back_one_timeframe():
    rate = Rate(3, 60_000)
    usage = played(rate, (seconds(0), 1), (seconds(10), 2))
    assert refusal(rate, usage, 1, seconds(59.999)).retry_at == seconds(60)
    assert refusal(rate, usage, 1, seconds(60)) is None
    assert refusal(rate, usage, 2, seconds(60)).retry_at == seconds(70)


def test_a_rolling_limit_remembers_only_its_window():
    rate = Rate(3, 60_000)
    usage = played(rate, (seconds(0), 1), (seconds(30), 1), (seconds(60), 1))
    assert [number for _, number in usage["plays"]] == [1, 1]


def test_a_leaky_bucket_leaks_all_the_time():
    rate = Rate(2, 60_000, "LEAKY")
    usage = played(rate, (seconds(0), 2))
    assert refusal(rate, usage, 1, seconds(29.999)).retry_at == seconds(30)
    assert refusal(rate, usage, 1, seconds(30)) is None
    assert refusal(rate, usage, 2, seconds(30)).retry_at == seconds(60)
    assert played(rate, (seconds(0), 2), (seconds(600), 1))["level"] == "1"


def test_a_leaky_bucket_is_exact():
    rate = Rate(2, 7 * DAY, "LEAKY")  # leaks 1/302400000 a millisecond, which no decimal is
    usage = played(rate, *[(NOON + number * MILLISECOND, 0) for number in range(1000)], (NOON + 1000 * MILLISECOND, 2))
    emptied = NOON + 1000 * MILLISECOND + timedelta(days=7)
    assert refusal(rate, usage, 2, emptied - MILLISECOND).retry_at == emptied
    assert refusal(rate, usage, 2, emptied) is None
    for _ in range(500):
        usage = rates.consume(rate, usage, 0, NOON + timedelta(seconds=7), LISBON)
    assert len(usage["level"]) < 30


def test_a_lowered_limit_says_when_there_is_room_again():
    usage = played(Rate(5, 60_000), *[(seconds(number), 1) for number in range(5)])
    assert refusal(Rate(2, 60_000), usage, 1, seconds(10)).retry_at == seconds(63)


plays = st.lists(st.tuples(st.integers(0, 400_000), st.integers(1, 3)), max_size=12)


@settings(deadline=None)
@given(
    st.sampled_from(["FIXED", "ROLLING", "LEAKY"]),
    st.integers(1, 4),
    st.sampled_from([60_000, 3_600_000, DAY, 7 * DAY]),
    plays,
    st.integers(1, 4),
)
def test_retry_at_is_the_first_millisecond_that_fits(kind, limit, timeframe, history, count):
    rate, usage, at = Rate(limit, timeframe, kind), {}, NOON
    for pause, number in history:
        at += timedelta(milliseconds=pause)
        if refusal(rate, usage, number, at) is None:
            usage = rates.consume(rate, usage, number, at, LISBON)
    refused = refusal(rate, usage, count, at)
    if refused is None:
        return
    if count > limit:
        assert refused.retry_at is None
        return
    assert refused.retry_at > at
    assert refusal(rate, usage, count, refused.retry_at) is None
    assert refusal(rate, usage, count, refused.retry_at - MILLISECOND) is not None


@settings(deadline=None)
@given(st.integers(1, 4), plays)
def test_a_rolling_limit_never_lets_more_than_its_number_through(limit, history):
    rate, usage, at, taken = Rate(limit, 500_000), {}, NOON, []
    for pause, number in history:
        at += timedelta(milliseconds=pause)
        if refusal(rate, usage, number, at) is None:
            usage = rates.consume(rate, usage, number, at, LISBON)
            taken.append((at, number))
        window = at - timedelta(milliseconds=500_000)
        assert sum(weight for moment, weight in taken if moment > window) <= limit
