"""Values of answers that nobody should send, and some have sent."""

from __future__ import annotations

import pytest

from django_playlyfe import wire
from django_playlyfe.exceptions import BadResponse


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("9007199254740993", 9007199254740993),
        ("-2.5", -3),
        ("1e3", 1000),
        (10**999, 10**999),
        ("9" * 1000, 10**1000 - 1),
        ("Infinity", None),
        ("NaN", None),
        (None, None),
    ],
)
def test_a_score_is_read(sent, read):
    assert wire.read_number(sent) == read


@pytest.mark.parametrize(
    "sent", ["1e999999999", "-1e1000", "9" * 1001, 10**1000, -(10**4000), True, "", "five", [], {}]
)
def test_a_score_that_no_page_could_show_is_refused_without_being_worked_out(sent):
    with pytest.raises(BadResponse) as caught:
        wire.read_number(sent)
    assert caught.value.reason == "wrong_shape"


@pytest.mark.parametrize("sent", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00", "soon", None, 5])
def test_an_instant_that_no_calendar_has_is_refused(sent):
    with pytest.raises(BadResponse):
        wire.read_instant(sent)


@pytest.mark.parametrize("kind", [None, [], {}, 5])
def test_an_event_whose_type_is_no_text_is_read_like_any_other(kind):
    (event,) = wire.read_feed([{"event": kind, "id": "1", "timestamp": "2024-03-05T12:00:00.000Z"}])
    assert event.is_global is False


def test_the_value_of_a_reward_may_be_a_number_and_its_chance_a_text():
    metric = {"id": "xp", "name": "Experience", "type": "point"}
    sent = {"id": "wave", "rewards": [{"metric": metric, "verb": "add", "value": 5, "probability": "0.5"}]}
    (reward,) = wire.read_action(sent).rewards
    assert (reward.value, reward.probability) == ("5", 0.5)


@pytest.mark.parametrize("probability", ["often", [1], {}, True, "1e999999999"])
def test_a_chance_that_is_no_number_is_a_wrong_shape(probability):
    metric = {"id": "xp", "name": "Experience", "type": "point"}
    sent = {"id": "wave", "rewards": [{"metric": metric, "verb": "add", "value": "5", "probability": probability}]}
    with pytest.raises(BadResponse):
        wire.read_action(sent)


def test_a_leaderboard_that_nobody_could_ask_for_is_a_wrong_shape():
    metric = {"id": "xp", "name": "Experience", "type": "point"}
    with pytest.raises(BadResponse):
        wire.read_leaderboard_info({"id": "", "name": "Top", "metric": metric})
