"""What a game is (``http-api.md`` §6.6, §7.1)."""

from __future__ import annotations

import pytest

from django_playlyfe.engine import selectors
from django_playlyfe.engine.realm import Realm
from django_playlyfe.exceptions import ConfigurationError

pytestmark = pytest.mark.django_db


def test_metrics_are_sorted_and_show_no_constraints(quest: Realm) -> None:
    metrics = selectors.metrics(quest)
    assert metrics == [
        {
            "id": "badges",
            "name": "Badges",
            "type": "set",
            "items": {
                "Bookmark": {"description": "Bought with coins"},
                "Bookworm": {"description": "Finished five books"},
                "Night owl": {"description": "Reads after ten"},
            },
        },
        {"id": "coins", "name": "Coins", "type": "point"},
        {
            "id": "impact",
            "name": "Impact",
            "type": "compound",
            "formula": "$scores['xp'] / 10 + $scores['badges']['bookworm'] * 50",
        },
        {
            "id": "rank",
            "name": "Rank",
            "type": "state",
            "states": {"Reader": {"description": ""}, "Scholar": {"description": ""}, "Visitor": {"description": ""}},
        },
        {"id": "xp", "name": "Experience", "description": "Reading experience", "type": "point"},
    ]
    assert list(metrics[0]["items"]) == ["Bookmark", "Bookworm", "Night owl"]
    assert list(metrics[3]["states"]) == ["Reader", "Scholar", "Visitor"]


def test_the_status_of_a_game(quest: Realm) -> None:
    status = selectors.status(quest)
    assert status["name"] == "Playlyfe Hermes"
    assert status["version"] == "v1"
    assert status["status"] == "ok"
    created = status["game"].pop("created")
    assert created.endswith("Z")
    assert status["game"] == {
        "id": "library_quest",
        "title": "Library Quest",
        "description": "",
        "timezone": "Europe/Lisbon",
        "type": "native",
        "template": "custom",
        "listed": False,
        "access": "PRIVATE",
        "image": "default-game",
    }
    assert status["design"]["number"] == 1


def test_a_status_without_a_game_says_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match="playlyfe_engine_load starter"):
        selectors.status(Realm.only())


def test_there_are_two_environments_and_no_third() -> None:
    with pytest.raises(ConfigurationError, match="'production' or 'staging'"):
        Realm("small", "test")
