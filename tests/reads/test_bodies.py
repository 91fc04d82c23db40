"""What is kept comes back as what it was."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest

from django_playlyfe import types
from django_playlyfe.reading.bodies import read_body, write_body

XP = types.MetricRef("xp", "Experience", "point")
NOON = datetime(2024, 3, 5, 12, tzinfo=timezone.utc)
EVENT = types.Event(
    "action",
    "e1",
    NOON,
    types.PlayerRef("ada", "Ada"),
    types.Ref("finish_book", "Finish a book"),
    {"pages": 320},
    None,
    2,
    (types.Change(XP, 40, 72, (types.ItemChange("Owl", None, 1),)),),
    is_global=True,
    data={"seen": False},
)
VALUES = [
    (
        types.Player,
        types.Player(
            id="ada",
            created=NOON,
            scores=(
                types.Score(XP, value=2**62),
                types.Score(XP, items=(types.Item("Owl", "", 2),)),
                types.Score(
                    XP, state=types.State("Novice"), meta=types.LevelMeta(None, 99, "Scholar", types.Ref("xp"))
                ),
            ),
            teams=({"id": "t", "roles": ["a"]},),
        ),
    ),
    (types.Listing[types.Event], types.Listing((EVENT,), 7)),
    (
        types.Listing[types.Action],
        types.Listing(
            (
                types.Action(
                    "a",
                    "A",
                    "",
                    (types.Variable("n", "int", True, 3), types.Variable("s", "string", default="x")),
                    (types.Reward(XP, "add", "3"), types.Reward(XP, "add", {"Owl": "1"}, 0.5)),
                    4,
                ),
            ),
            1,
        ),
    ),
    (
        types.Listing[types.MetricDefinition],
        types.Listing((types.MetricDefinition("m", "M", "state", members={"b": "", "a": ""}),), 1),
    ),
    (
        types.Listing[types.LeaderboardInfo],
        types.Listing((types.LeaderboardInfo("b", "B", "player", XP, cycles=("weekly", "alltime")),), 1),
    ),
    (
        types.Leaderboard,
        types.Leaderboard(
            id="b",
            name="B",
            cycle="weekly",
            rows=(types.LeaderboardRow(1, 9, "ada", "Ada", is_me=True),),
            total=1,
            me=types.LeaderboardRow(1, 9, "ada"),
            metric=XP,
            when=NOON,
        ),
    ),
]


@pytest.mark.parametrize(("shape", "value"), VALUES)
def test_a_value_survives_json(shape, value):
    again = read_body(shape, json.loads(json.dumps(write_body(value))))
    assert again == value
    assert type(again) is type(value)


def test_the_order_of_members_is_kept():
    shape, value = VALUES[3]
    again = read_body(shape, json.loads(json.dumps(write_body(value))))
    assert list(again[0].members) == ["b", "a"]


def test_what_only_comparison_overlooks_is_kept_too():
    shape, value = VALUES[1]
    assert read_body(shape, write_body(value))[0].is_unread


def test_site_users_are_not_kept():
    assert "user" not in write_body(types.LeaderboardRow(1, 9, "ada", user=object()))


@pytest.mark.parametrize("rubbish", [3, "text", {"surprise": 1}, {"scores": 4, "id": "x"}])
def test_something_else_is_refused(rubbish):
    with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
        read_body(types.Player, rubbish)
