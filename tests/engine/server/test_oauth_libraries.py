"""Clients of OAuth that know nothing of Playlyfe: requests-oauthlib and Authlib, over a socket."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from django.test import Client as Browser
from oauthlib.oauth2 import BackendApplicationClient
from oauthlib.oauth2.rfc6749.errors import OAuth2Error
from requests_oauthlib import OAuth2Session

from django_playlyfe.engine import services
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.server.auth import clients

from .conftest import SECRET

pytestmark = pytest.mark.django_db(transaction=True)
BACK = "https://app.example/back"


@pytest.fixture
def server(quest: Realm, live_server: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # loopback
    clients.register(
        quest, "app", client_id="app", secret=SECRET, scopes=["admin:read", "runtime:read"], redirect_uris=[BACK]
    )
    return str(live_server.url)


def code_from(address: str, user: Any) -> str:
    """Log in, say yes, and take the address that the browser is sent back to."""
    browser = Browser()
    browser.force_login(user)
    parts = urlsplit(address)
    location: str = browser.post(f"{parts.path}?{parts.query}", {"allow": "1"}).headers["Location"]
    return location


@pytest.fixture
def player(quest: Realm, make_user: Any) -> Any:
    user = make_user()
    services.update_player(quest, str(user.pk), alias="Ines")
    return user


class TestRequestsOAuthlib:
    @pytest.mark.parametrize("in_body", [True, False], ids=["secret in the body", "HTTP Basic"])
    def test_client_credentials(self, server: str, in_body: bool) -> None:
        session = OAuth2Session(client=BackendApplicationClient(client_id="app"))
        session.fetch_token(f"{server}/auth/token", client_secret=SECRET, include_client_id=in_body)
        assert session.get(f"{server}/v2/admin").json()["status"] == "ok"

    def test_a_wrong_secret_is_an_error_of_its_own_kind(self, server: str) -> None:
        session = OAuth2Session(client=BackendApplicationClient(client_id="app"))
        with pytest.raises(OAuth2Error, match="Client authentication failed"):
            session.fetch_token(f"{server}/auth/token", client_secret="wrong", include_client_id=True)

    def test_a_code_with_pkce_and_a_refresh(self, server: str, player: Any) -> None:
        session = OAuth2Session("app", redirect_uri=BACK, pkce="S256")
        address, _state = session.authorization_url(f"{server}/auth")
        location = code_from(address, player)
        session.fetch_token(
            f"{server}/auth/token", client_secret=SECRET, include_client_id=True, authorization_response=location
        )
        assert session.get(f"{server}/v2/runtime/player").json()["id"] == str(player.pk)
        before = session.token["access_token"]
        session.refresh_token(f"{server}/auth/token", client_id="app", client_secret=SECRET)
        assert session.token["access_token"] != before
        assert session.get(f"{server}/v2/runtime/player").status_code == 200


class TestAuthlib:
    @pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic"])
    def test_client_credentials(self, server: str, method: str) -> None:
        with AuthlibSession("app", SECRET, token_endpoint_auth_method=method) as session:
            session.fetch_token(f"{server}/auth/token", grant_type="client_credentials")
            assert session.get(f"{server}/v2/admin").json()["status"] == "ok"

    def test_a_code_and_its_state(self, server: str, player: Any) -> None:
        with AuthlibSession(
            "app", SECRET, redirect_uri=BACK, token_endpoint_auth_method="client_secret_post"
        ) as session:
            address, state = session.create_authorization_url(f"{server}/auth")
            location = code_from(address, player)
            session.fetch_token(f"{server}/auth/token", authorization_response=location, state=state)
            assert session.get(f"{server}/v2/runtime/player").json()["id"] == str(player.pk)
