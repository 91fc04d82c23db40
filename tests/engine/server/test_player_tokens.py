"""Tokens that a game's own login signs for a player (``http-api.md`` §3.3)."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest
from django.test import Client as Browser

from django_playlyfe.engine import services
from django_playlyfe.engine.models import Client
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.server.auth import clients

from .conftest import SECRET, error


@pytest.fixture
def login(quest: Realm) -> Client:
    """A client that logs players in by itself, with all a site may do; and a player."""
    services.create_player(quest, "ines", alias="Ines")
    scopes = ["admin:read", "runtime:read", "runtime:write"]
    registered = clients.register(
        quest, "login", client_id="login", secret=SECRET, scopes=scopes, signs_for_players=True
    )
    return registered.client


def signed(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    content = {"player_id": "ines", "scopes": [], "exp": int(time.time()) + 3600, **claims}
    return jwt.encode({name: value for name, value in content.items() if value is not None}, secret, algorithm)


def get(token: str, path: str = "/v2/runtime/player", client: str = "login", **query: str) -> Any:
    return Browser().get(path, {"jwt": f"{client}:{token}", **query})


def test_the_player_comes_from_the_token(login: Client) -> None:
    assert get(signed(), player_id="rui").json()["id"] == "ines"


def test_a_header_without_type_as_ruby_writes_it_is_fine(login: Client) -> None:
    token = jwt.encode({"player_id": "ines", "exp": int(time.time()) + 60}, SECRET, "HS256", headers={"typ": None})
    assert get(token).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": time.time() + 3600.5},
        {"iat": int(time.time())},
        {"iat": int(time.time()) + 3600},  # the clock of whoever signs may be ahead
        {"iat": time.time()},
        {"iat": "just now"},
        {"sub": 7, "jti": 8, "iss": "login", "aud": ["others"]},
    ],
)
def test_claims_that_say_nothing_here_do_not_matter(login: Client, claims: Any) -> None:
    assert get(signed(**claims)).status_code == 200


def part(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


UNSIGNED = f"{part({'alg': 'none', 'typ': 'JWT'})}.{part({'player_id': 'ines', 'exp': 9e9})}."


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(lambda: signed("another secret" * 4), id="another secret"),
        pytest.param(lambda: signed(exp=int(time.time()) - 1), id="expired"),
        pytest.param(lambda: signed(exp=None), id="without an end"),
        pytest.param(lambda: signed(exp="soon"), id="end is no number"),
        pytest.param(lambda: signed(algorithm="HS512"), id="another algorithm"),
        pytest.param(lambda: UNSIGNED, id="unsigned"),
        pytest.param(lambda: signed(player_id=None), id="of nobody"),
        pytest.param(lambda: signed(player_id=7), id="player is a number"),
        pytest.param(lambda: signed(scopes="player.runtime.read"), id="scopes are text"),
        pytest.param(lambda: "a.b.c", id="junk"),
        pytest.param(lambda: "", id="nothing"),
    ],
)
def test_whatever_is_wrong_has_one_name(login: Client, token: Any) -> None:
    assert error(get(token())) == (401, "invalid_access_token")


@pytest.mark.parametrize("client", ["nobody", "", "\0", "plain"])
def test_only_clients_that_sign_are_believed(login: Client, quest: Realm, client: str) -> None:
    clients.register(quest, "plain", client_id="plain", secret=SECRET)
    assert error(get(signed(), client=client)) == (401, "invalid_access_token")


def test_it_never_opens_anything_but_the_runtime(login: Client) -> None:
    for path in ("/v2/admin", "/v2/admin/players"):
        assert error(get(signed(), path)) == (401, "access_denied")


@pytest.mark.parametrize(
    ("scopes", "reads", "writes"),
    [
        ([], True, True),
        (["player.runtime.read"], True, False),
        (["player.runtime.write"], False, True),
        (["player.runtime.read", "player.admin.write", 7, "junk"], True, False),
        (["junk"], False, False),
    ],
)
def test_its_scopes_narrow_what_the_client_may_do(login: Client, scopes: list[Any], reads: bool, writes: bool) -> None:
    token = signed(scopes=scopes)
    read = get(token)
    played = Browser().post(
        f"/v2/runtime/actions/finish_book/play?jwt=login:{token}",
        {"variables": {"pages": 10}},
        content_type="application/json",
    )
    assert (read.status_code == 200, played.status_code == 200) == (reads, writes)


def test_it_never_opens_more_than_its_client_may(login: Client) -> None:
    Client.objects.update(scopes=["runtime:read"])
    token = signed(scopes=["player.runtime.write"])
    assert error(get(token)) == (401, "access_denied")


def test_an_unknown_and_a_disabled_player(login: Client, quest: Realm) -> None:
    assert error(get(signed(player_id="rui"))) == (404, "player_not_found")
    services.update_player(quest, "ines", enabled=False)
    assert error(get(signed())) == (401, "access_denied")


def test_an_access_token_wins_over_it(login: Client) -> None:
    assert error(Browser().get("/v2/runtime/player", {"jwt": f"login:{signed()}", "access_token": "wrong"})) == (
        401,
        "invalid_access_token",
    )


def test_the_secret_is_kept_encrypted_and_changes_with_the_client(login: Client, quest: Realm) -> None:
    login.refresh_from_db()
    assert login.sealed_secret
    assert SECRET not in login.sealed_secret
    clients.register(quest, "login", secret="n3w" * 20)
    assert error(get(signed())) == (401, "invalid_access_token")
    assert get(signed("n3w" * 20)).status_code == 200


def test_after_the_key_of_the_site_has_changed_the_old_one_still_opens_it(login: Client, settings: Any) -> None:
    old = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key of the site", [old]
    assert get(signed()).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert error(get(signed())) == (401, "invalid_access_token")


def test_an_old_client_needs_a_new_secret_to_sign(quest: Realm) -> None:
    clients.register(quest, "old", client_id="old", secret=SECRET)
    registered = clients.register(quest, "old", signs_for_players=True)
    services.create_player(quest, "ines")
    assert registered.secret
    assert get(signed(registered.secret), client="old").status_code == 200
