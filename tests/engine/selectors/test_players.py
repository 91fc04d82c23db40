"""Profiles, actions and exports in the shapes of ``http-api.md`` §6.1 and §6.4."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.realm import Realm
from django_playlyfe.exceptions import InvalidRequest, PlayerNotFound
from tests.costs import queries

from ..conftest import action, always, point, reward

# At noon: after ten in the evening the game gives a night owl more.
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def reader(quest: Realm, ines: str) -> str:
    """Ines after five books: experience 125, Reader, Bookworm."""
    for _ in range(4):
        services.play(quest, ines, "finish_book", {"pages": 100}, dice=always(0.5))
    services.play(quest, ines, "finish_book", {"pages": 600, "genre": "history"}, dice=always(0.5))
    return ines


def by_metric(profile: dict[str, Any]) -> dict[str, Any]:
    return {entry["metric"]["id"]: entry for entry in profile["scores"]}


def test_a_profile_shows_scores_in_design_order(quest: Realm, reader: str) -> None:
    profile = selectors.profile(quest, reader)
    assert set(profile) == {"id", "alias", "enabled", "created", "scores", "teams"}
    assert profile["scores"] == [
        {"metric": {"id": "xp", "name": "Experience", "type": "point"}, "value": "125"},
        {
            "metric": {"id": "badges", "name": "Badges", "type": "set"},
            "value": [{"name": "Bookworm", "description": "Finished five books", "count": "1"}],
        },
        {
            "metric": {"id": "rank", "name": "Rank", "type": "state"},
            "value": {"name": "Reader", "description": ""},
            "meta": {
                "low": "50",
                "high": "499",
                "next": "Scholar",
                "base_metric": {"id": "xp", "name": "Experience"},
            },
        },
        {"metric": {"id": "impact", "name": "Impact", "type": "compound"}, "value": "63"},
    ]
    assert profile["teams"] == []


def test_a_detailed_profile_adds_what_is_not_earned_but_no_surprises(quest: Realm, reader: str) -> None:
    scores = by_metric(selectors.profile(quest, reader, detailed=True))
    assert scores["coins"]["value"] == "10"
    assert scores["badges"]["value"] == [
        {"name": "Bookworm", "description": "Finished five books", "count": "1"},
        {"name": "Bookmark", "description": "Bought with coins", "count": "0"},
    ]


def test_a_hidden_item_shows_once_it_is_earned(activated: Callable[..., Realm]) -> None:
    items = [{"id": "owl", "name": "Night owl", "max": "1", "hidden": True}]
    give = {"metric": {"id": "badges", "type": "set"}, "verb": "add", "value": {"owl": "1"}}
    realm = activated(
        metrics=[point("xp"), {"id": "badges", "name": "Badges", "type": "set", "constraints": {"items": items}}],
        actions=[action("read", give, reward("xp", "1"))],
    )
    services.create_player(realm, "ada")
    assert by_metric(selectors.profile(realm, "ada", detailed=True))["badges"]["value"] == []
    assert [entry["metric"]["id"] for entry in selectors.actions(realm, "ada")[0]["rewards"]] == ["xp"]
    services.play(realm, "ada", "read")
    assert by_metric(selectors.profile(realm, "ada"))["badges"]["value"] == [
        {"name": "Night owl", "description": "", "count": "1"}
    ]


def test_the_list_of_actions_in_full(quest: Realm, reader: str) -> None:
    assert selectors.actions(quest, reader) == [
        {
            "id": "finish_book",
            "name": "Finish a book",
            "count": 5,
            "variables": [
                {"name": "pages", "type": "int", "required": True, "default": 0},
                {"name": "genre", "type": "string", "required": False, "default": "fiction"},
            ],
            "rewards": [
                {
                    "metric": {"id": "xp", "type": "point", "name": "Experience"},
                    "verb": "add",
                    "value": "$vars['pages'] / 10",
                    "probability": 1,
                },
                {
                    "metric": {"id": "coins", "type": "point", "name": "Coins"},
                    "verb": "add",
                    "value": "5",
                    "probability": 0.2,
                },
                {
                    "metric": {"id": "xp", "type": "point", "name": "Experience"},
                    "verb": "add",
                    "value": "25",
                    "probability": 1,
                },
            ],
        }
    ]


def test_actions_open_up_when_their_requirement_holds(quest: Realm, reader: str) -> None:
    for _ in range(3):  # 0.1 wins five coins: 10 by default, 25 after three
        services.create_player(quest, f"p{_}")
    services.play(quest, "p0", "finish_book", {"pages": 1}, count=5, dice=always(0.1))
    visible = {entry["id"]: entry for entry in selectors.actions(quest, "p0")}
    assert set(visible) == {"buy_bookmark", "finish_book"}
    assert visible["buy_bookmark"]["rewards"] == [
        {
            "metric": {"id": "coins", "type": "point", "name": "Coins"},
            "verb": "remove",
            "value": "20",
            "probability": 1,
        },
        {
            "metric": {"id": "badges", "type": "set", "name": "Badges"},
            "verb": "add",
            "value": {"Bookmark": "1"},
            "probability": 1,
        },
    ]


def test_unknown_players_have_no_profile(quest: Realm) -> None:
    for read in (selectors.profile, selectors.actions, selectors.export, selectors.activity):
        with pytest.raises(PlayerNotFound):
            read(quest, "nobody")
        with pytest.raises(InvalidRequest):
            read(quest, ":nobody")


def test_several_profiles_are_those_of_each(quest: Realm, reader: str, count_queries: Any) -> None:
    services.create_player(quest, "rui")
    with count_queries() as counted:
        found = selectors.profiles(quest, [reader, "rui", "nobody", reader])
    assert found == {player_id: selectors.profile(quest, player_id) for player_id in (reader, "rui")}
    assert len(counted) == 3, counted
    assert selectors.profiles(quest, []) == {}


def test_players_are_listed_in_the_order_of_their_creation(small: Realm) -> None:
    for player_id in ("c", "a", "b"):
        services.create_player(small, player_id)
    assert [row["id"] for row in selectors.players(small)["data"]] == ["c", "a", "b"]
    assert [row["id"] for row in selectors.players(small, 1, 1)["data"]] == ["a"]
    assert [row["id"] for row in selectors.players(small, 1, -1)["data"]] == ["a", "b"]
    assert selectors.players(small, 7) == {"data": [], "total": 3}
    for skip, limit in ((-1, 10), (0, -2)):
        with pytest.raises(InvalidRequest):
            selectors.players(small, skip, limit)


def test_an_export_holds_all_of_a_player_as_json(quest: Realm, reader: str) -> None:
    services.update_player(quest, reader, email="ines@example.org")
    export = json.loads(json.dumps(selectors.export(quest, reader)))
    assert export["email"] == "ines@example.org"
    assert export["actions"] == [{"id": "finish_book", "count": 5}]
    assert [call["kind"] for call in export["calls"]] == ["create"] + ["play"] * 5
    assert export["calls"][-1]["inputs"]["variables"] == {"pages": 600, "genre": "history"}
    assert [event["event"] for event in export["calls"][-1]["events"]] == ["action", "level", "achievement"]


def test_reads_cost_a_fixed_number_of_queries(quest: Realm, reader: str, count_queries: Any) -> None:
    for read, cost in (
        (lambda: selectors.profile(quest, reader, detailed=True), queries(3, together=2)),  # player, scores, counts
        (lambda: selectors.actions(quest, reader), queries(3, together=2)),
        (lambda: selectors.metrics(quest), 1),
        (lambda: selectors.leaderboards(quest, reader), 1),
        (lambda: selectors.activity(quest, reader), 2),
        (lambda: selectors.latest_activity(quest, None), 2),
        (lambda: selectors.results_after(quest, reader, 0), 2),
        (lambda: selectors.players(quest), 3),
    ):
        read()
        with count_queries() as counted:
            read()
        assert len(counted) == cost, counted
