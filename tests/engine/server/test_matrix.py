"""Authorisation as a matrix: every route of the table x every kind of caller who may not (``http-api.md`` §3, §4.6).

A new route is in the table, so it is tried here without anybody thinking of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.test import Client as Browser

from django_playlyfe import instants
from django_playlyfe.engine import services
from django_playlyfe.engine.models import Call, Game, Player, Score, Token
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.server.auth import clients
from django_playlyfe.engine.server.auth.access import SCOPES
from django_playlyfe.engine.versions.activation import activate

from ..conftest import LIBRARY_QUEST, design
from .attempts import ATTEMPTS, READS, Attempt
from .conftest import SECRET, Api, ask_for_token

PASSES = "passes"
"""The call got past all that is about who calls, whatever came of it then."""


def outcome(token: str | None, attempt: Attempt) -> tuple[int, str]:
    """Status and error of a call; ``PASSES`` for all that is not about who calls."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    content = b"" if attempt.is_read else json.dumps({"id": "rui", "name": "Rui"}).encode()
    response: Any = Browser(raise_request_exception=False).generic(
        attempt.method,
        f"{attempt.address}?player_id=ines",
        content,
        content_type="application/json" if content else "",
        headers=headers,
    )
    assert response.status_code != 500, str(attempt)
    is_json = response.headers["Content-Type"] == "application/json" and not response.streaming
    body = response.json() if is_json else {}
    error = body.get("error", "") if isinstance(body, dict) else ""
    assert error != "route_not_found", str(attempt)
    return (response.status_code, error) if response.status_code == 401 else (0, PASSES)


def state() -> tuple[int, ...]:
    """What a refused call must not change."""
    counts = (Player.objects.count(), Score.objects.count(), Call.objects.count())
    return (*counts, hash(json.dumps(list(Game.objects.order_by("pk").values_list("document", flat=True)))))


def unexpected(token: str | None, expected: Callable[[Attempt], tuple[int, str]]) -> Iterator[str]:
    """The calls that came out differently."""
    for attempt in ATTEMPTS:
        if (came := outcome(token, attempt)) != (wanted := expected(attempt)):
            yield f"{attempt}: {came}, not {wanted}"


DENIED, NO_TOKEN, PASSED = (401, "access_denied"), (401, "invalid_access_token"), (0, PASSES)


@pytest.fixture
def token(enter: Any, quest: Realm) -> Callable[..., str]:
    """``token(scopes)``: of a client of the library quest, where Ines plays."""
    services.create_player(quest, "ines", alias="Ines")

    def make(scopes: list[str], environment: str = "production") -> str:
        held: str = enter(scopes, environment=environment).token
        return held

    return make


def test_every_route_is_open_to_a_client_that_may_do_everything(token: Any) -> None:
    everything = token(list(SCOPES))
    assert [str(attempt) for attempt in READS if outcome(everything, attempt) != PASSED] == []
    # A write may remove Ines, whom the next one is about.
    for attempt in ATTEMPTS:
        if not attempt.is_read:
            assert outcome(everything, attempt) == PASSED, str(attempt)
            if not Player.objects.filter(player_id="ines").exists():
                services.create_player(Realm("library_quest"), "ines")
            Player.objects.filter(player_id="ines").update(enabled=True)


@pytest.mark.parametrize("kind", ["none", "wrong", "expired", "revoked", "of a revoked client"])
def test_without_a_good_token_no_route_opens(token: Any, quest: Realm, kind: str) -> None:
    held = token(list(SCOPES))
    if kind == "expired":
        Token.objects.update(expires_at=instants.now() - timedelta(seconds=1))
    elif kind == "revoked":
        Token.objects.update(revoked_at=instants.now())
    elif kind == "of a revoked client":
        clients.revoke(quest, Token.objects.get().client.name)
    before = state()
    sent = {"none": None, "wrong": f"{held[:-1]}{'a' if held[-1] != 'a' else 'b'}"}.get(kind, held)
    assert list(unexpected(sent, lambda attempt: NO_TOKEN)) == []
    assert state() == before


def test_a_client_of_players_opens_runtime_routes_alone(token: Any) -> None:
    held = token(["runtime:read"])
    before = state()
    assert list(unexpected(held, lambda of: PASSED if of.route.resource == "runtime" and of.is_read else DENIED)) == []
    assert state() == before


@pytest.mark.parametrize("resource", ["runtime", "admin", "design"])
def test_a_client_that_reads_writes_nothing(token: Any, resource: str) -> None:
    held = token([f"{resource}:read"])
    before = state()
    assert list(unexpected(held, lambda of: PASSED if of.route.resource == resource and of.is_read else DENIED)) == []
    assert state() == before


@pytest.mark.parametrize("resource", ["runtime", "admin", "design"])
def test_a_client_that_writes_reads_nothing_and_no_other_resource(token: Any, resource: str) -> None:
    held = token([scope for scope in SCOPES if scope != f"{resource}:read"])
    reads = [attempt for attempt in READS if attempt.route.resource == resource]
    assert [str(attempt) for attempt in reads if outcome(held, attempt) != DENIED] == []


# --- other worlds -----------------------------------------------------------------------------------------------------


def answers(api: Api, attempts: list[Attempt]) -> Iterator[tuple[str, int, str]]:
    """What a caller is told by some routes."""
    for attempt in attempts:
        api.base = f"/{attempt.version}"
        response = api(attempt.method, f"{attempt.path}?player_id=ines", None if attempt.is_read else {"id": "rui"})
        content = b"".join(response.streaming_content) if response.streaming else response.content
        yield str(attempt), response.status_code, content.decode("latin-1")


@pytest.fixture
def elsewhere(quest: Realm, request: Any) -> Api:
    """A client that may do everything, but in the game's staging, or in another game; Ines is not there."""
    realm = Realm(quest.game, "staging") if request.param == "staging" else Realm("small")
    activate(realm, LIBRARY_QUEST if request.param == "staging" else design())
    services.create_player(quest, "ines", alias="Ines of production")
    services.play(quest, "ines", "finish_book", {"pages": 600})
    clients.register(realm, "elsewhere", client_id="elsewhere", secret=SECRET, scopes=list(SCOPES))
    return Api(ask_for_token("elsewhere").json()["access_token"])


@pytest.mark.parametrize("elsewhere", ["staging", "another game"], indirect=True)
def test_nobody_elsewhere_is_told_of_a_player(elsewhere: Api) -> None:
    told = list(answers(elsewhere, ATTEMPTS))
    assert [name for name, _, content in told if "Ines of production" in content] == []
    of_runtime = [attempt for attempt in ATTEMPTS if attempt.route.resource == "runtime"]
    for name, status, content in answers(elsewhere, of_runtime):
        assert status in (400, 404), (name, status, content)
    ines = Player.objects.get(player_id="ines", environment="production")
    assert (ines.alias, ines.enabled) == ("Ines of production", True)


@pytest.mark.parametrize("elsewhere", ["another game"], indirect=True)
def test_nobody_in_another_game_is_told_of_this_one(elsewhere: Api) -> None:
    before = Game.objects.values("title", "document").get(game_id="library_quest")
    told = list(answers(elsewhere, ATTEMPTS))
    assert [name for name, _, content in told if "library_quest" in content or "Library Quest" in content] == []
    assert Game.objects.values("title", "document").get(game_id="library_quest") == before


# --- other players ----------------------------------------------------------------------------------------------------


def test_with_the_token_of_a_player_nothing_is_about_another_one(quest: Realm) -> None:
    services.create_player(quest, "ines", alias="Ines", email="ines@example.org")
    services.create_player(quest, "rui")
    clients.register(quest, "login", client_id="login", secret=SECRET, scopes=list(SCOPES), signs_for_players=True)
    signed = jwt.encode({"player_id": "rui", "scopes": [], "exp": int(time.time()) + 3600}, SECRET, "HS256")
    before = (*Player.objects.filter(player_id="ines").values(), Call.objects.filter(player__player_id="ines").count())
    for attempt in ATTEMPTS:
        response: Any = Browser(raise_request_exception=False).generic(
            attempt.method,
            f"{attempt.address}?player_id=ines&jwt=login:{signed}",
            b"" if attempt.is_read else b'{"alias": "Mine", "id": "finish_book", "variables": {"pages": 1}}',
            content_type="" if attempt.is_read else "application/json",
        )
        if attempt.route.resource == "runtime":
            assert response.status_code != 401, str(attempt)
        else:
            assert (response.status_code, response.json()["error"]) == DENIED, str(attempt)
        assert b"ines@example.org" not in response.content, str(attempt)
    assert before == (
        *Player.objects.filter(player_id="ines").values(),
        Call.objects.filter(player__player_id="ines").count(),
    )
    assert Call.objects.filter(player__player_id="rui", kind="play").count() == 1
