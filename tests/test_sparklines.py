"""How a metric went, day by day, and the line of it."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
import time_machine
from django.utils import timezone as reader_time

from django_playlyfe.types import Change, Event, MetricRef
from django_playlyfe.widgets.sparklines import MOST_EVENTS, trend

XP = MetricRef("xp", "experience", "point")
COINS = MetricRef("coins", "coins", "point")


@pytest.fixture(autouse=True)
def today():
    """Noon on 5 March 2024, UTC."""
    with time_machine.travel("2024-03-05T12:00:00+00:00", tick=False):
        yield


def event(day, old, new, *, hour=12, metric=XP):
    at = datetime(2024, 3, day, hour, tzinfo=timezone.utc)
    return Event("action", f"{day}-{hour}", at, changes=(Change(metric, old, new),))


def values(found):
    return [(day.day.day, day.value) for day in found.days]


def test_a_day_without_a_change_keeps_the_value_of_the_day_before():
    assert values(trend([event(4, 10, 30), event(2, 5, 10)], "xp", 5)) == [(1, 5), (2, 10), (3, 10), (4, 30), (5, 30)]


def test_the_last_change_of_a_day_counts():
    assert values(trend([event(5, 20, 25, hour=11), event(5, 0, 20, hour=9)], "xp", 2)) == [(4, 0), (5, 25)]


def test_changes_before_the_first_day_are_where_the_line_starts():
    assert values(trend([event(1, 0, 40)], "xp", 2)) == [(4, 40), (5, 40)]


def test_a_metric_that_was_never_held_starts_at_nothing():
    assert values(trend([event(5, None, 7)], "xp", 2)) == [(4, 0), (5, 7)]


def test_other_metrics_are_not_in_the_line():
    found = trend([event(5, 0, 99, metric=COINS), event(4, 0, 5)], "xp", 2)
    assert values(found) == [(4, 5), (5, 5)]
    assert trend([event(5, 0, 99, metric=COINS)], "xp", 2) is None


def test_a_line_begins_no_earlier_than_what_is_known():
    events = [event(5, 5, 6)] * (MOST_EVENTS - 1) + [event(3, 0, 5)]
    assert [day for day, _ in values(trend(events, "xp", 30))] == [3, 4, 5]


def test_days_are_those_of_the_reader():
    late = event(4, 0, 5, hour=23)
    with reader_time.override("UTC"):
        assert values(trend([late], "xp", 2)) == [(4, 5), (5, 5)]
    with reader_time.override("Asia/Tokyo"):
        assert values(trend([late], "xp", 2)) == [(4, 0), (5, 5)]


def test_the_line_fills_its_box():
    found = trend([event(5, 10, 30), event(4, 0, 10)], "xp", 3)
    assert found.points == "3,29 60,20.3 117,3"
    assert found.end == {"x": 117, "y": 3}
    assert (found.first, found.last) == (0, 30)


def test_a_flat_line_is_a_line():
    assert trend([event(1, 0, 5)], "xp", 2).points == "3,29 117,29"
