"""Tokens, scopes, environments, players: who may call what (``http-api.md`` §3)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser

from django_playlyfe.engine import services
from django_playlyfe.engine.models import Player, Token
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.server.auth import clients
from django_playlyfe.engine.server.auth.access import FOR_SITE
from django_playlyfe.engine.versions.activation import activate

from ..conftest import LIBRARY_QUEST, design
from .conftest import Api, ask_for_token, error

PLAYER = "/v2/runtime/player?player_id=ines"


def get(path: str, **headers: str) -> Any:
    return Browser().get(path, headers=headers)


def test_a_token_passes_in_the_query(ines: Api) -> None:
    assert get(f"{PLAYER}&access_token={ines.token}").status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER  "])
def test_a_token_passes_in_the_header(ines: Api, scheme: str) -> None:
    assert get(PLAYER, Authorization=f"{scheme} {ines.token}").status_code == 200


def test_the_query_wins_over_the_header(ines: Api) -> None:
    assert get(f"{PLAYER}&access_token={ines.token}", Authorization="Bearer wrong").status_code == 200
    wrong = get(f"{PLAYER}&access_token=wrong", Authorization=f"Bearer {ines.token}")
    assert error(wrong) == (401, "invalid_access_token")


def test_an_empty_token_in_the_query_is_none(ines: Api) -> None:
    assert get(f"{PLAYER}&access_token=", Authorization=f"Bearer {ines.token}").status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer a b", "Token x", "Bearer é"])
def test_without_a_good_token_nothing_opens(ines: Api, header: str) -> None:
    response = get(PLAYER, **({"Authorization": header} if header else {}))
    assert error(response) == (401, "invalid_access_token")
    assert response.json()["error_description"] == "The Access Token is invalid"


def test_a_revoked_token_opens_nothing(ines: Api) -> None:
    response = ines.post("/logout", {})
    assert response.json() == {"message": "Logged out successfully"}
    assert error(ines.get("/runtime/player")) == (401, "invalid_access_token")


@pytest.mark.parametrize("path", ["/v2/logout", "/v1/logout", "/v2/logout/"])
def test_logging_out_needs_no_token_and_reads_no_body(db: None, path: str) -> None:
    response = Browser().post(path, "{no json", content_type="application/json")
    assert response.status_code == 200
    assert response.json() == {"message": "Logged out successfully"}


def test_logging_out_ends_one_token_only(ines: Api) -> None:
    other = Api(ask_for_token(Token.objects.get().client.client_id).json()["access_token"], "ines")
    ines.post("/logout", {})
    assert other.get("/runtime/player").status_code == 200


def test_the_tokens_of_a_revoked_client_open_nothing(ines: Api, quest: Realm) -> None:
    clients.revoke(quest, Token.objects.get().client.name)
    assert error(ines.get("/runtime/player")) == (401, "invalid_access_token")


def test_a_client_that_comes_back_does_not_bring_its_old_tokens(ines: Api, quest: Realm) -> None:
    name = Token.objects.get().client.name
    clients.revoke(quest, name)
    clients.register(quest, name, new_secret=True)
    assert error(ines.get("/runtime/player")) == (401, "invalid_access_token")


CALLS = [
    ("runtime:read", "GET", "/runtime/player"),
    ("runtime:read", "GET", "/runtime/players"),
    ("runtime:read", "GET", "/runtime/players/ines"),
    ("runtime:read", "GET", "/runtime/actions"),
    ("runtime:read", "GET", "/runtime/definitions/metrics"),
    ("runtime:read", "GET", "/runtime/definitions/metrics/xp"),
    ("runtime:read", "GET", "/runtime/leaderboards"),
    ("runtime:read", "GET", "/runtime/leaderboards/top_readers?cycle=alltime"),
    ("runtime:read", "GET", "/runtime/activity"),
    ("runtime:read", "HEAD", "/runtime/player"),
    ("runtime:write", "PATCH", "/runtime/player"),
    ("runtime:write", "POST", "/runtime/actions/finish_book/play"),
    ("admin:read", "GET", "/admin"),
    ("admin:read", "GET", "/admin/activity"),
    ("admin:read", "GET", "/admin/players"),
    ("admin:read", "GET", "/admin/players/ines"),
    ("admin:read", "GET", "/admin/players/ines/activity"),
    ("admin:write", "POST", "/admin/players"),
    ("admin:write", "PATCH", "/admin/players/ines"),
    ("admin:write", "DELETE", "/admin/players/ines"),
]
BODIES = {"/runtime/actions/finish_book/play": {"variables": {"pages": 10}}, "/admin/players": {"id": "rui"}}


@pytest.mark.parametrize(("scope", "method", "path"), CALLS)
def test_a_route_opens_with_its_scope_and_with_no_other(
    enter: Any, ines: Api, scope: str, method: str, path: str
) -> None:
    body = BODIES.get(path) if method == "POST" else None
    others = sorted({scope for scope, _, _ in CALLS} | {"design:read", "design:write"} - {scope})
    denied = enter([other for other in others if other != scope], "ines")(method, path, body)
    if method == "HEAD":
        assert denied.status_code == 401
    else:
        assert error(denied) == (401, "access_denied")
        assert denied.json()["error_description"] == "You are not allowed to access this api route"
    assert enter([scope], "ines")(method, path, body).status_code == 200


def test_changed_scopes_hold_at_once(ines: Api, quest: Realm) -> None:
    clients.register(quest, Token.objects.get().client.name, scopes=["admin:read"])
    assert error(ines.get("/runtime/player")) == (401, "access_denied")


def test_a_new_client_may_only_play(enter: Any, ines: Api) -> None:
    caller = enter(None, "ines")
    assert caller.get("/runtime/player").status_code == 200
    assert error(caller.get("/admin")) == (401, "access_denied")


def test_a_test_client_sees_staging_and_nothing_else(enter: Any, ines: Api, quest: Realm) -> None:
    staging = Realm(quest.game, "staging")
    activate(staging, LIBRARY_QUEST)
    tester = enter(list(FOR_SITE), "ines", environment="staging")
    assert error(tester.get("/runtime/player")) == (404, "player_not_found")
    assert tester.post("/admin/players", {"id": "ines", "alias": "Test"}).status_code == 200
    tester.post("/runtime/actions/finish_book/play", {"variables": {"pages": 100}})
    assert tester.get("/runtime/player").json()["alias"] == "Test"
    assert ines.get("/runtime/player").json()["alias"] == "Ines"
    assert ines.get("/runtime/activity").json() == []
    assert Player.objects.filter(player_id="ines").count() == 2


def test_a_client_sees_its_own_game_only(ines: Api) -> None:
    small = Realm("small")
    activate(small, design())
    services.create_player(small, "ada")
    assert error(Api(ines.token, "ada").get("/runtime/player")) == (404, "player_not_found")
    assert [player["id"] for player in ines.get("/admin/players").json()["data"]] == ["ines"]
    assert ines.get("/admin").json()["game"]["id"] == "library_quest"


def test_a_game_without_a_design_in_this_environment_is_not_available(enter: Any, quest: Realm) -> None:
    tester = enter(["admin:read"], environment="staging")
    response = tester.get("/admin")
    assert error(response) == (503, "service_unavailable")
    assert int(response.headers["Retry-After"]) > 0
    assert "manage.py" not in response.content.decode()


def test_every_runtime_route_needs_a_player(site: Api) -> None:
    for path in [path for _, method, path in CALLS if path.startswith("/runtime") and method == "GET"]:
        joint = "&" if "?" in path else "?"
        missing = site.get(path)
        assert error(missing) == (400, "invalid_player")
        assert missing.json()["error_description"] == "The 'player_id' parameter should be specified in the query"
        assert error(site.get(f"{path}{joint}player_id=")) == (400, "invalid_player")
        unknown = site.get(f"{path}{joint}player_id=nobody")
        assert error(unknown) == (404, "player_not_found")
        assert unknown.json()["error_description"] == "Invalid player_id. No player exists with that id."
        assert error(site.get(f"{path}{joint}player_id=:ada")) == (400, "validation_exception")


def test_a_disabled_player_may_not_do_anything(ines: Api, quest: Realm) -> None:
    services.update_player(quest, "ines", enabled=False)
    for _, method, path in CALLS:
        if path.startswith("/runtime"):
            response = ines(method, path, BODIES.get(path))
            assert response.status_code == 401
            assert method == "HEAD" or error(response) == (401, "access_denied")


def test_admin_routes_ignore_a_player(site: Api) -> None:
    assert site.get("/admin?player_id=:nobody").status_code == 200


def test_authentication_is_one_query_and_writes_nothing(ines: Api, count_queries: Any) -> None:
    with count_queries() as refused:
        ines.get("/runtime/metrics")
    assert len(refused) == 1
    assert refused[0].startswith("SELECT")
    with count_queries() as unknown:
        Api(ines.token, "nobody").get("/runtime/player")
    assert len(unknown) == 1
    with count_queries() as read:
        ines.get("/runtime/player")
    # Who calls, for whom; then the profile's three, of which PostgreSQL takes two at once.
    assert len(read) == (3 if connection.vendor == "postgresql" else 4)
    assert all(query.startswith("SELECT") for query in read)
