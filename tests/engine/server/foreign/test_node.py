"""A client that nobody here wrote: the npm package ``playlyfe`` 0.4.4 against a running server (``http-api.md``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from django_playlyfe.engine import pictures
from django_playlyfe.engine.models import Token

from .conftest import Failure, Library

pytestmark = pytest.mark.django_db(transaction=True)

INES = {"player_id": "ines"}
PAGES = {"variables": {"pages": 600, "genre": "history"}}


@pytest.fixture
def node(library: Callable[..., Library]) -> Library:
    return library()


def values(profile: dict[str, Any]) -> dict[str, Any]:
    return {score["metric"]["id"]: score["value"] for score in profile["scores"]}


def test_it_fetches_one_token_and_keeps_it(node: Library) -> None:
    assert node("get", "/admin")["status"] == "ok"
    assert node("get", "/runtime/player", INES)["id"] == "ines"
    kept = node("tokens")
    assert kept["count"] == Token.objects.count() == 1
    assert kept["current"]["token_type"] == "Bearer"
    assert kept["current"]["expires_in"] == 86400


def test_it_fetches_another_token_when_its_clock_says_so(node: Library) -> None:
    node("get", "/admin")
    node("ageToken")
    assert node("get", "/runtime/player", INES)["alias"] == "Ines"
    assert node("tokens")["count"] == 2


def test_it_knows_a_refused_token_by_its_name_and_repeats_the_call(node: Library) -> None:
    node("get", "/admin")
    node("spoilToken")
    assert node("get", "/runtime/player", INES)["alias"] == "Ines"
    assert node("tokens")["count"] == 2
    node("spoilToken")
    assert node("post", "/runtime/actions/finish_book/play", INES, PAGES)["events"]["local"][0]["count"] == 1


def test_a_wrong_secret_is_said_in_words(library: Callable[..., Library]) -> None:
    with pytest.raises(Failure) as caught:
        library(client_secret="wrong")("get", "/admin")
    failed = caught.value
    assert (failed.name, failed.status) == ("client_auth_fail", 401)
    assert failed.message == "Client authentication failed"
    assert failed.is_playlyfe


def test_a_player_plays_and_climbs_the_board(node: Library) -> None:
    answer = node("post", "/runtime/actions/finish_book/play", INES, PAGES)
    assert answer["events"]["local"][0]["action"]["vars"] == PAGES["variables"]
    assert [event["event"] for event in answer["events"]["global"]] == ["level"]
    assert {action["id"]: action["count"] for action in answer["actions"]}["finish_book"] == 1
    assert node("get", "/runtime/actions", INES) == answer["actions"]
    assert values(node("get", "/runtime/player", INES))["rank"] == {"name": "Reader", "description": ""}
    board = node("get", "/runtime/leaderboards/top_readers", {**INES, "cycle": "alltime", "limit": 1000000})
    assert board == {"data": [{"rank": 1, "score": "85", "player": {"id": "ines", "alias": "Ines"}}], "total": 1}
    assert [entry["id"] for entry in node("get", "/runtime/leaderboards", INES)]
    assert [event["event"] for event in node("get", "/runtime/activity", {**INES, "start": 0})] == ["action", "level"]


def test_players_come_and_go(node: Library) -> None:
    assert node("post", "/admin/players", {}, {"id": "rui", "alias": "Rui"})["bootstrap"] is True
    with pytest.raises(Failure, match=r"player_exists \(409\): A player with ID 'rui' already exists"):
        node("post", "/admin/players", {}, {"id": "rui"})
    assert node("get", "/admin/players", {"skip": 1, "limit": 1})["data"][0]["id"] == "rui"
    assert node("patch", "/runtime/player", {"player_id": "rui"}, {"alias": "R"})["alias"] == "R"
    assert node("delete", "/admin/players/rui") == {"message": "Player removed successfully"}
    with pytest.raises(Failure, match=r"player_not_found \(404\)"):
        node("get", "/admin/players/rui")


def test_failures_have_name_words_status_and_data(node: Library) -> None:
    with pytest.raises(Failure) as caught:
        node("post", "/runtime/actions/finish_book/play", INES, {"variables": {}})
    failed = caught.value
    assert (failed.name, failed.message, failed.status) == ("validation_exception", "Invalid request", 400)
    assert failed.is_playlyfe
    assert failed.data["valid"] is False
    assert failed.data["errors"][0]["code"] == "OBJECT_MISSING_REQUIRED_PROPERTY"
    with pytest.raises(Failure, match=r"invalid_player \(400\)") as caught:
        node("get", "/runtime/player")
    assert caught.value.data is None
    with pytest.raises(Failure, match=r"route_not_found \(404\): This route does not exist"):
        node("get", "/runtime/search", INES)


def test_images_are_buffers(node: Library) -> None:
    stock = pictures.stock_image("default-game", "icon")
    assert node("get", "/runtime/assets/game", {**INES, "size": "icon"}) == stock
    badge = {**INES, "item": "Bookworm"}
    assert node("get", "/runtime/assets/definitions/metrics/badges", badge).startswith(b"\x89PNG")
    with pytest.raises(Failure, match=r"image_not_found \(404\): The player has no display image"):
        node("get", "/runtime/player/image", INES)
    kept = node.upload("/runtime/player/image", INES, "me.png", "image/png", stock)
    assert list(kept) == ["id"]
    assert node("get", "/runtime/assets/players/ines", INES).startswith(b"\x89PNG")


def test_version_1_speaks_in_its_own_shapes(library: Callable[..., Library]) -> None:
    old = library("v1", player_id="ines")
    assert old("get", "/")["status"] == "ok"
    answer = old("post", "/action/play", {}, {"id": "finish_book", **PAGES})
    assert answer["events"]["local"][0]["action"]["id"] == "finish_book"
    scores = values(old("get", "/player", {"detailed": "true"}))
    assert scores["rank"] == "Reader"
    assert scores["badges"]["Bookworm"] == {"description": "Finished five books", "count": "0"}
    assert old("get", "/game/players")["total"] == 1
    assert old("get", "/leaderboards/top_readers", {"cycle": "alltime"})["total"] == 1


def test_a_metric_is_made_and_deleted(node: Library) -> None:
    made = node("post", "/design/versions/latest/metrics", {}, {"id": "pages", "name": "Pages", "type": "point"})
    assert made["constraints"] == {"min": "0", "max": "Infinity", "default": "0"}
    listed = node("get", "/design/versions/latest/metrics", {"fields": "id,type"})
    assert {"id": "pages", "type": "point"} in listed
    gone = node("delete", "/design/versions/latest/metrics/pages")
    assert gone == {"message": "The metric 'pages' has been deleted successfully"}
    with pytest.raises(Failure, match=r"metric_not_found \(404\)"):
        node("get", "/design/versions/latest/metrics/pages")


def test_an_admin_edits_scores_and_runs_rules(node: Library) -> None:
    reward = {"metric": {"id": "coins", "type": "point"}, "verb": "set", "value": "20"}
    assert values(node("patch", "/admin/players/ines/scores", {}, {"rewards": [reward]}))["coins"] == "20"
    told = node("get", "/runtime/notifications", INES)
    assert [(event["event"], event["seen"]) for event in told["data"]] == [("score", False)]
    ran = node(
        "post", "/admin/rules/weekly_target", {}, {"data": [{"variables": {"target": 0}, "player_ids": ["ines"]}]}
    )
    assert ran[0][0]["events"]["local"][0]["rule"] == {"id": "weekly_target", "name": "Weekly target"}
    assert values(node("put", "/admin/players/ines/reset", {}, {}))["xp"] == "0"
