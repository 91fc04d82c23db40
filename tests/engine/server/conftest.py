"""The mounted server with a client of each kind, and a caller that holds its token."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client as Browser

from django_playlyfe.engine import services
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.server.auth import clients
from django_playlyfe.engine.server.auth.access import FOR_SITE
from django_playlyfe.engine.server.auth.clients import Registered

from . import promises

SECRET = "s3cret" * 16


@dataclass
class Api:
    """Calls the server as a client library does; ``token`` goes into the header. Fails where the answer is another than
    the OpenAPI document promises."""

    token: str
    player_id: str = ""
    base: str = "/v2"

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        if self.player_id and path.startswith(("/runtime", "/player", "/action", "/activity", "/leaderboard")):
            path += ("&" if "?" in path else "?") + f"player_id={self.player_id}"
        content = b"" if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            named["Authorization"] = f"Bearer {self.token}"
        response = Browser(raise_request_exception=False).generic(
            method, self.base + path, content, content_type="application/json" if content else "", headers=named
        )
        promises.check_call(method, self.base + path, response)
        return response

    def get(self, path: str, **headers: str) -> Any:
        return self("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self("DELETE", path, **headers)


def ask_for_token(client_id: str, secret: str = SECRET) -> Any:
    body = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return Browser().post("/auth/token", body, content_type="application/json")


def error(response: Any) -> tuple[int, str]:
    """Status and name of a refusal, whose envelope is checked in passing."""
    body = response.json()
    assert response.headers["Content-Type"] == "application/json"
    assert isinstance(body["error_description"], str)
    assert body["error_description"]
    assert body.keys() <= {"error", "error_description", "data"}
    assert ("data" in body) == (body["error"] == "validation_exception")
    return response.status_code, body["error"]


def problems(response: Any) -> list[tuple[str, str]]:
    """(path, code) of everything that a validation error reports."""
    assert error(response) == (400, "validation_exception")
    assert response.json()["error_description"] == "Invalid request"
    report = response.json()["data"]
    assert report.keys() == {"valid", "passed", "data", "errors"}
    assert report["valid"] is False
    return [(problem["path"], problem["code"]) for problem in report["errors"]]


@pytest.fixture
def register(quest: Realm) -> Callable[..., Registered]:
    """``register("reader", scopes=["runtime:read"], environment="staging")``: a client of the library quest."""

    def make(name: str, *, environment: str = "production", scopes: list[str] | None = None) -> Registered:
        return clients.register(Realm(quest.game, environment), name, client_id=name, secret=SECRET, scopes=scopes)

    return make


@pytest.fixture
def enter(register: Callable[..., Registered]) -> Callable[..., Api]:
    """``enter(scopes=[…], player_id="ines")``: a caller with a token of a client that has these scopes."""

    def make(scopes: list[str] | None = None, player_id: str = "", environment: str = "production") -> Api:
        name = "-".join([environment, *(scopes or ["new"])])
        register(name, scopes=scopes, environment=environment)
        return Api(ask_for_token(name).json()["access_token"], player_id)

    return make


@pytest.fixture
def site(enter: Callable[..., Api]) -> Api:
    """A site's backend: all that ``--for-site`` gives, and no player."""
    return enter(list(FOR_SITE))


@pytest.fixture
def ines(site: Api, quest: Realm) -> Api:
    """The site's backend on behalf of Ines."""
    services.create_player(quest, "ines", alias="Ines", email="ines@example.org")
    return Api(site.token, "ines")
