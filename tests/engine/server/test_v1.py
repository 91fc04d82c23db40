"""Version 1 of the API (``http-api.md`` §5)."""

from __future__ import annotations

from typing import Any

import pytest

from django_playlyfe.engine import services
from django_playlyfe.engine.realm import Realm

from .conftest import Api, error, problems


@pytest.fixture
def old(ines: Api) -> Api:
    return Api(ines.token, "ines", base="/v1")


@pytest.mark.parametrize(
    ("v1", "v2"),
    [
        ("/", "/admin"),
        ("", "/admin"),
        ("/players?player_id=ines", "/runtime/players"),
        ("/game/players", "/admin/players"),
        ("/actions", "/runtime/actions"),
        ("/definitions/metrics?player_id=ines", "/runtime/definitions/metrics"),
        ("/leaderboards", "/runtime/leaderboards"),
        ("/leaderboards/top_readers?cycle=alltime", "/runtime/leaderboards/top_readers?cycle=alltime"),
        ("/activity?start=0", "/runtime/activity?start=0"),
    ],
)
def test_most_answers_are_those_of_version_2(old: Api, ines: Api, quest: Realm, v1: str, v2: str) -> None:
    services.play(quest, "ines", "finish_book", {"pages": 600, "genre": "history"})
    assert old.get(v1).json() == ines.get(v2).json()


@pytest.mark.parametrize("path", ["/player?detailed=true", "/players/ines?detailed=true&player_id=ines"])
def test_sets_are_objects_and_states_text(old: Api, quest: Realm, path: str) -> None:
    scores = {score["metric"]["id"]: score["value"] for score in old.get(path).json()["scores"]}
    assert scores["badges"]["Bookworm"] == {"description": "Finished five books", "count": "0"}
    assert scores["rank"] == "Visitor"
    assert scores["xp"] == "0"


def test_a_changed_profile_has_the_shape_of_version_1_too(old: Api) -> None:
    changed = old.patch("/player", {"alias": "I"}).json()
    assert {score["metric"]["id"]: score["value"] for score in changed["scores"]}["rank"] == "Visitor"


def test_an_action_may_be_named_in_the_body(old: Api) -> None:
    body = {"id": "finish_book", "variables": {"pages": 100}, "count": 2}
    answer = old.post("/action/play", body, Idempotency_Key="k")
    assert answer.json()["events"]["local"][0]["count"] == 2
    assert old.post("/action/play", body, Idempotency_Key="k").headers["Idempotency-Replayed"] == "true"
    by_path = old.post("/actions/finish_book/play", {"variables": {"pages": 100}})
    assert by_path.json().keys() == {"actions", "events"}


@pytest.mark.parametrize("body", [{}, {"id": ""}, {"id": 7}, {"id": None}])
def test_an_action_has_to_be_named(old: Api, body: Any) -> None:
    assert problems(old.post("/action/play", body)) == [("/id", "OBJECT_MISSING_REQUIRED_PROPERTY")]


def test_players_come_and_go_with_admin_scope(old: Api, enter: Any) -> None:
    assert old.post("/players", {"id": "rui"}).json()["bootstrap"] is True
    assert old.delete("/players/rui").json() == {"message": "Player removed successfully"}
    player = Api(enter(["runtime:read", "runtime:write"]).token, "ines", base="/v1")
    assert error(player.post("/players?player_id=ines", {"id": "rui"})) == (401, "access_denied")
    assert error(player.get("/")) == (401, "access_denied")
    assert error(player.get("/game/players")) == (401, "access_denied")


@pytest.mark.parametrize("path", ["/metrics/xp", "/runtime/player", "/admin", "/admin/players", "/game"])
def test_paths_of_the_other_version_do_not_exist(old: Api, path: str) -> None:
    assert error(old.get(path)) == (404, "route_not_found")


@pytest.mark.parametrize("path", ["/player", "/players", "/", "/action/play"])
def test_nor_do_those_of_version_1_in_version_2(ines: Api, path: str) -> None:
    assert error(ines.get(path)) == (404, "route_not_found")


def test_a_runtime_route_needs_a_player(old: Api) -> None:
    assert error(Api(old.token, base="/v1").get("/player")) == (400, "invalid_player")
