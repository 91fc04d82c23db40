"""``POST /auth/token``: every encoding a library sends, and nothing learnt from a refusal (``http-api.md`` §2)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client as Browser
from django.test import override_settings

from django_playlyfe import instants
from django_playlyfe.engine.models import Client, Token
from django_playlyfe.engine.server.auth.clients import revoke

from .conftest import SECRET, Api, ask_for_token, error

GRANT = {"grant_type": "client_credentials", "client_id": "reader", "client_secret": SECRET}
AS_JSON, AS_FORM = json.dumps(GRANT), urlencode(GRANT)


@pytest.fixture(autouse=True)
def reader(register: Any) -> Client:
    client: Client = register("reader").client
    return client


def send(body: str | bytes, content_type: str = "application/json", **more: Any) -> Any:
    return Browser().generic("POST", "/auth/token", body, content_type=content_type, **more)


@pytest.mark.parametrize(
    ("content_type", "body", "accept"),
    [
        pytest.param("application/x-www-form-urlencoded", AS_FORM, "text/json", id="Python"),
        pytest.param("application/x-www-form-urlencoded", AS_FORM, "application/xml, text/json, */*", id="C#"),
        pytest.param("application/json", AS_JSON, "*/*", id="Ruby, PHP, Node, Go"),
        pytest.param("application/json; charset=utf-8", AS_JSON, "", id="Java"),
        pytest.param("application/json", "\ufeff" + AS_JSON, "", id="with a byte order mark"),
        pytest.param("", AS_JSON, "", id="JSON of no type"),
        pytest.param("", "  \n" + AS_JSON, "", id="JSON of no type after blanks"),
        pytest.param("", AS_FORM, "", id="a form of no type"),
        pytest.param("text/plain", AS_JSON, "", id="JSON of an unknown type"),
        pytest.param("text/plain", AS_FORM, "", id="a form of an unknown type"),
    ],
)
def test_every_encoding_of_a_library_is_understood(content_type: str, body: str, accept: str) -> None:
    response = send(body, content_type, headers={"Accept": accept} if accept else {})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    answer = response.json()
    assert answer.keys() == {"access_token", "token_type", "expires_in"}
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 86400
    assert len(answer["access_token"]) == 48
    assert answer["access_token"].isalnum()
    assert answer["access_token"].isascii()


def test_of_a_repeated_form_field_the_first_value_counts() -> None:
    assert send(AS_FORM + "&client_secret=wrong", "application/x-www-form-urlencoded").status_code == 200


@override_settings(PLAYLYFE_SERVER={"TOKEN_LIFE": 60})
def test_a_token_lives_as_long_as_the_settings_say(site: Api) -> None:
    with time_machine.travel("2024-03-05T12:00:00+00:00", tick=False) as clock:
        answer = ask_for_token("reader").json()
        assert answer["expires_in"] == 60
        caller = Api(answer["access_token"])
        assert error(caller.get("/runtime/player"))[1] == "invalid_player"
        clock.shift(60)
        assert error(caller.get("/runtime/player")) == (401, "invalid_access_token")


def test_a_token_does_not_end_an_earlier_one() -> None:
    first, second = (Api(ask_for_token("reader").json()["access_token"]) for _ in range(2))
    assert error(first.get("/runtime/player"))[1] == "invalid_player"
    assert error(second.get("/runtime/player"))[1] == "invalid_player"


@pytest.mark.parametrize("missing", ["grant_type", "client_id", "client_secret"])
@pytest.mark.parametrize("value", [None, "", 5, ["a"], {}])
def test_a_missing_or_empty_field_is_an_invalid_request(missing: str, value: Any) -> None:
    response = send(json.dumps({**GRANT, missing: value}))
    assert error(response) == (400, "invalid_request")
    assert missing in response.json()["error_description"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", ""),
        ("application/json", "{"),
        ("application/json", "[]"),
        ("application/json", '"grant"'),
        ("application/json", "null"),
        ("application/json", AS_FORM),
        ("application/json", b"\xff\xfe"),
        ("application/json", "[" * 100_000),
        ("application/json", "9" * 10_000),
        ("application/json", '{"client_id": NaN}'),
        ("application/x-www-form-urlencoded", ""),
        ("application/x-www-form-urlencoded", "a&" * 200),
        ("multipart/form-data; boundary=x", "--x--"),
        ("", ""),
    ],
)
def test_a_body_that_cannot_be_read_is_an_invalid_request(content_type: str, body: str | bytes) -> None:
    response = send(body, content_type)
    assert error(response) == (400, "invalid_request")
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("grant_type", ["password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer"])
def test_another_grant_is_unsupported(grant_type: str) -> None:
    assert error(send(json.dumps({**GRANT, "grant_type": grant_type}))) == (400, "unsupported_grant_type")


@pytest.mark.parametrize(
    ("client_id", "secret"),
    [("reader", "wrong"), ("nobody", SECRET), ("nobody", "wrong"), ("read\0er", SECRET), ("é" * 500, "ü"), (" ", " ")],
)
def test_a_wrong_id_and_a_wrong_secret_get_the_same_answer(client_id: str, secret: str) -> None:
    response = ask_for_token(client_id, secret)
    assert error(response) == (401, "client_auth_fail")
    assert response.json() == {"error": "client_auth_fail", "error_description": "Client authentication failed"}
    assert response.headers["Cache-Control"] == "no-store"


def test_a_wrong_secret_costs_the_same_whether_the_client_exists_or_not(
    count_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django_playlyfe.engine.server.auth import credentials

    compared = []
    matches = credentials.matches
    monkeypatch.setattr(credentials, "matches", lambda given, stored: compared.append(stored) or matches(given, stored))
    with count_queries() as known:
        ask_for_token("reader", "wrong")
    with count_queries() as unknown:
        ask_for_token("nobody", "wrong")
    assert len(known) == len(unknown) == 1
    assert [len(stored) for stored in compared] == [64, 64]


def test_a_revoked_client_is_refused_like_a_wrong_secret(quest: Any) -> None:
    revoke(quest, "reader")
    assert error(ask_for_token("reader")) == (401, "client_auth_fail")


def test_a_secret_in_the_query_is_not_read() -> None:
    response = Browser().post(f"/auth/token?{AS_FORM}", "{}", content_type="application/json")
    assert error(response) == (400, "invalid_request")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_another_method_is_no_route(method: str) -> None:
    response = Browser().generic(method, "/auth/token", AS_JSON, content_type="application/json")
    assert error(response) == (404, "route_not_found")
    assert response.headers["Cache-Control"] == "no-store"


def test_a_trailing_slash_is_served() -> None:
    assert Browser().post("/auth/token/", GRANT, content_type="application/json").status_code == 200


def test_a_body_above_one_mebibyte_is_too_large() -> None:
    assert error(send(json.dumps({**GRANT, "more": "x" * 1024 * 1024}))) == (413, "request_too_large")


def test_neither_secrets_nor_tokens_are_stored_in_clear(reader: Client) -> None:
    text = ask_for_token("reader").json()["access_token"]
    stored = json.dumps([*Client.objects.values(), *Token.objects.values()], default=str)
    assert SECRET not in stored
    assert text not in stored
    assert len(Token.objects.get().digest) == 64


def test_expired_tokens_of_a_client_go_when_it_gets_a_new_one(reader: Client) -> None:
    now = instants.now()
    Token.objects.create(client=reader, digest="old", expires_at=now - timedelta(days=1))
    Token.objects.create(client=reader, digest="good", expires_at=now + timedelta(days=1))
    ask_for_token("reader")
    assert set(Token.objects.values_list("digest", flat=True)) > {"good"}
    assert not Token.objects.filter(digest="old").exists()
