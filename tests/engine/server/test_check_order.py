"""The order of the checks on a call (``http-api.md`` §4.6): each refusal hides all later ones."""

from __future__ import annotations

from typing import Any

import pytest

from django_playlyfe.engine import services
from django_playlyfe.engine.models import Call
from django_playlyfe.engine.realm import Realm

from .conftest import Api, error, problems

PLAY = "/runtime/actions/no_action/play"


def test_an_unknown_route_is_no_news_without_a_token(site: Api) -> None:
    assert error(Api("wrong").get("/nowhere")) == (401, "invalid_access_token")
    assert error(site.get("/nowhere")) == (404, "route_not_found")


def test_a_route_is_looked_for_before_the_scope(enter: Any) -> None:
    caller = enter(["design:read"])
    assert error(caller.get("/runtime/nowhere")) == (404, "route_not_found")
    assert error(caller.get("/runtime/player")) == (401, "access_denied")


def test_the_scope_counts_before_the_player(enter: Any) -> None:
    caller = enter(["runtime:read"])
    assert error(caller.post("/runtime/actions/finish_book/play")) == (401, "access_denied")
    assert error(caller.get("/runtime/player")) == (400, "invalid_player")


def test_a_missing_player_counts_before_the_parameters(site: Api) -> None:
    assert error(site.post(f"{PLAY}?count=x")) == (400, "invalid_player")
    assert problems(site.post(f"{PLAY}?count=x&player_id=nobody")) == [("/count", "INVALID_TYPE")]


def test_the_parameters_count_before_the_player_exists(site: Api) -> None:
    nobody = Api(site.token, "nobody")
    assert problems(nobody.post(PLAY, {"variables": 7})) == [("/variables", "INVALID_TYPE")]
    assert error(nobody.post(PLAY)) == (404, "player_not_found")


@pytest.mark.parametrize(
    ("method", "path", "body", "wrong"),
    [
        ("POST", PLAY, {"scopes": "all"}, "/scopes"),
        ("POST", PLAY, {"scopes": [{"id": "history"}]}, "/scopes/0"),
        ("POST", PLAY, {"count": 10**30}, "/count"),
        ("POST", PLAY, {"variables": {"pages": {}}, "scopes": 7}, "/scopes"),
        ("POST", PLAY, {"played_at": "9999-01-01"}, "/played_at"),
        ("PATCH", "/runtime/player", {"alias": 7}, "/alias"),
        ("PATCH", "/runtime/player", {"email": "nowhere"}, "/email"),
        ("GET", "/runtime/players/:ada", None, "/player_id"),
        ("GET", "/runtime/assets/players/:ada", None, "/player_id"),
    ],
)
def test_what_needs_no_look_into_the_game_counts_before_the_player_exists(
    site: Api, method: str, path: str, body: Any, wrong: str
) -> None:
    call = f"{path}?player_id=nobody"
    assert [found for found, _ in problems(site(method, call, body))] == [wrong]


def test_the_player_counts_before_the_object(ines: Api, quest: Realm) -> None:
    assert error(ines.post(PLAY)) == (404, "action_not_found")
    services.update_player(quest, "ines", enabled=False)
    assert error(ines.post(PLAY)) == (401, "access_denied")
    assert error(Api(ines.token, "nobody").post(PLAY)) == (404, "player_not_found")


def test_the_object_counts_before_the_logic(ines: Api) -> None:
    assert error(ines.post("/runtime/actions/buy_bookmark/play", {"variables": {"wrong": 1}})) == (401, "access_denied")
    assert problems(ines.post("/runtime/actions/finish_book/play")) == [
        ("/variables/pages", "OBJECT_MISSING_REQUIRED_PROPERTY")
    ]


@pytest.mark.parametrize("path", ["", "/", "/runtime", "/runtime/", "/nowhere", "/runtime/metrics", "/runtime/search"])
def test_what_is_not_listed_does_not_exist(site: Api, path: str) -> None:
    response = site.get(path)
    assert error(response) == (404, "route_not_found")
    assert response.json()["error_description"] == "This route does not exist"


@pytest.mark.parametrize(
    "path",
    [
        "/runtime/players/ines/activity",
        "/runtime/actions/finish_book/debug",
        "/runtime/team",
        "/admin/clients",
        "/design/metrics",
        "//runtime/player",
        "/runtime//player",
        "/runtime/player//",
        "/runtime/player%0A",
        "/runtime/players/a%2Fb",
    ],
)
def test_neither_does_what_looks_similar(ines: Api, path: str) -> None:
    assert error(ines.get(path)) == (404, "route_not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/runtime/player"),
        ("DELETE", "/runtime/player"),
        ("GET", "/runtime/actions/finish_book/play"),
        ("PUT", "/admin/players"),
        ("TRACE", "/runtime/player"),
        ("GET", "/logout"),
        ("PROPFIND", "/admin"),
    ],
)
def test_a_known_path_with_another_method_is_no_route(ines: Api, method: str, path: str) -> None:
    assert error(ines(method, path)) == (404, "route_not_found")


def test_a_refused_call_leaves_nothing_behind(ines: Api) -> None:
    before = list(Call.objects.values())
    ines.post("/runtime/actions/finish_book/play", {"variables": {"pages": "many"}})
    ines.post("/runtime/actions/finish_book/play?count=6", {"variables": {"pages": 1}})
    ines.post("/admin/players", {"id": "rui", "email": "no address"})
    ines.patch("/admin/players/ines", {"alias": "New", "enabled": "no"})
    assert list(Call.objects.values()) == before
    assert ines.get("/admin/players").json()["total"] == 1
    assert ines.get("/runtime/player").json()["alias"] == "Ines"


def test_a_call_that_fails_while_its_answer_is_made_has_not_happened(
    ines: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django_playlyfe.engine import selectors

    def broken(*args: object, **more: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(selectors, "actions_with", broken)
    response = ines.post("/runtime/actions/finish_book/play", {"variables": {"pages": 100}})
    assert error(response) == (500, "internal_error")
    assert not Call.objects.filter(kind=Call.Kind.PLAY).exists()
    assert ines.get("/runtime/player").json()["scores"][0]["value"] == "0"
