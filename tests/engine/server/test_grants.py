"""Codes, refresh tokens and the authorization page (``http-api.md`` §2.2, §2.4; RFC 6749, RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import time_machine
from django.test import Client as Browser

from django_playlyfe import instants
from django_playlyfe.engine import services
from django_playlyfe.engine.models import Client, Grant, Token
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.server.auth import clients, grants

from .conftest import SECRET, Api, error

BACK = "https://app.example/back?from=game"


@pytest.fixture
def app(quest: Realm) -> Client:
    registered = clients.register(
        quest, "app", client_id="app", secret=SECRET, redirect_uris=[BACK, "myapp://done"], scopes=["runtime:read"]
    )
    return registered.client


@pytest.fixture
def player(quest: Realm, make_user: Any) -> Any:
    """A user of the site, whom the site has made a player of the quest."""
    user = make_user()
    services.update_player(quest, str(user.pk), alias="Ines")
    return user


@pytest.fixture
def browser(player: Any) -> Browser:
    browser = Browser()
    browser.force_login(player)
    return browser


def page(**fields: str) -> str:
    asked = {"response_type": "code", "client_id": "app", "redirect_uri": BACK, **fields}
    return f"/auth?{urlencode(asked)}"


def sent_back(response: Any) -> dict[str, str]:
    """What the client learns from the address that the browser is sent to."""
    assert response.status_code == 302
    parts = urlsplit(response.headers["Location"])
    return {name: values[0] for name, values in parse_qs(parts.fragment or parts.query).items()}


def allowed_code(browser: Browser, **fields: str) -> str:
    return sent_back(browser.post(page(**fields), {"allow": "1"}))["code"]


def ask(**fields: str) -> Any:
    body = {"client_id": "app", "client_secret": SECRET, **fields}
    return Browser().post("/auth/token", body, content_type="application/json")


def exchange(code: str, **fields: str) -> Any:
    return ask(grant_type="authorization_code", code=code, **{"redirect_uri": BACK, **fields})


class TestThePage:
    def test_it_asks_the_player(self, app: Client, browser: Browser) -> None:
        response = browser.get(page())
        text = response.content.decode()
        assert response.status_code == 200
        assert "Allow app?" in text
        assert "Ines" in text
        assert response.headers["X-Frame-Options"] == "DENY"
        assert response.headers["Referrer-Policy"] == "same-origin"
        assert "no-store" in response.headers["Cache-Control"]

    def test_a_visitor_logs_in_first_and_comes_back(self, app: Client) -> None:
        response = Browser().get(page(state="s"))
        assert response.status_code == 302
        location = urlsplit(response.headers["Location"])
        assert "login" in location.path
        assert parse_qs(location.query)["next"] == [page(state="s")]

    def test_yes_sends_a_code_and_the_state_back(self, app: Client, browser: Browser) -> None:
        response = browser.post(page(state="x&y"), {"allow": "1"})
        assert response.headers["Location"].startswith("https://app.example/back?from=game&code=")
        assert sent_back(response)["state"] == "x&y"

    def test_no_sends_a_refusal_back(self, app: Client, browser: Browser) -> None:
        assert sent_back(browser.post(page(), {"deny": "1"})) == {"from": "game", "error": "access_denied"}
        assert not Grant.objects.exists()

    def test_the_form_is_protected(self, app: Client, player: Any) -> None:
        browser = Browser(enforce_csrf_checks=True)
        browser.force_login(player)
        assert browser.post(page(), {"allow": "1"}).status_code == 403

    @pytest.mark.parametrize(
        "fields",
        [
            {"redirect_uri": "https://evil.example/"},
            {"redirect_uri": BACK + "&more=1"},
            {"redirect_uri": ""},
            {"client_id": "nobody"},
            {"client_id": ""},
        ],
    )
    def test_nothing_is_sent_to_an_unregistered_address(
        self, app: Client, browser: Browser, fields: dict[str, str]
    ) -> None:
        for response in (browser.get(page(**fields)), browser.post(page(**fields), {"allow": "1"})):
            assert response.status_code == 400
            assert "evil" not in response.content.decode()

    @pytest.mark.parametrize(
        ("fields", "told"),
        [
            ({"response_type": "password"}, "unsupported_response_type"),
            ({"response_type": ""}, "unsupported_response_type"),
            ({"code_challenge": "short"}, "invalid_request"),
            ({"code_challenge": "a" * 43, "code_challenge_method": "MD5"}, "invalid_request"),
        ],
    )
    def test_a_wrong_question_is_told_to_the_client(
        self, app: Client, browser: Browser, fields: dict[str, str], told: str
    ) -> None:
        assert sent_back(browser.get(page(**fields)))["error"] == told

    def test_a_user_who_is_no_player_is_told_so(self, app: Client, browser: Browser, settings: Any) -> None:
        settings.PLAYLYFE_SERVER = {"PLAYER_ID": lambda user: None}
        response = browser.get(page())
        assert response.status_code == 403
        assert "not a player" in response.content.decode()

    def test_the_site_says_which_player_a_user_is(
        self, app: Client, browser: Browser, quest: Realm, settings: Any
    ) -> None:
        services.create_player(quest, "the-other-ines", alias="Other")
        settings.PLAYLYFE_SERVER = {"PLAYER_ID": lambda user: "the-other-ines"}
        assert "Other" in browser.get(page()).content.decode()

    def test_an_app_on_a_phone_has_a_scheme_of_its_own(self, app: Client, browser: Browser) -> None:
        response = browser.post(page(redirect_uri="myapp://done"), {"allow": "1"})
        assert response.headers["Location"].startswith("myapp://done?code=")

    def test_logging_out_ends_the_session_of_the_browser(self, app: Client, browser: Browser) -> None:
        assert browser.get("/logout").status_code == 200
        assert browser.get(page()).status_code == 302


class TestCodes:
    def test_a_code_becomes_a_token_of_the_player(self, app: Client, browser: Browser, player: Any) -> None:
        answer = exchange(allowed_code(browser)).json()
        assert answer.keys() == {"access_token", "token_type", "expires_in", "refresh_token"}
        profile = Api(answer["access_token"]).get("/runtime/player?player_id=somebody-else").json()
        assert profile["id"] == str(player.pk)

    def test_it_can_be_exchanged_again_as_the_libraries_do(self, app: Client, browser: Browser) -> None:
        code = allowed_code(browser)
        first, second = exchange(code).json(), exchange(code).json()
        assert first["access_token"] != second["access_token"]
        assert first["refresh_token"] != second["refresh_token"]

    def test_the_grant_lives_thirty_days_after_the_last_exchange(self, app: Client, browser: Browser) -> None:
        code = allowed_code(browser)
        now = instants.now()
        exchange(code)
        for day in (29, 58):
            with time_machine.travel(now + timedelta(days=day), tick=False):
                assert exchange(code).status_code == 200
        with time_machine.travel(now + timedelta(days=58 + 31), tick=False):
            assert error(exchange(code)) == (400, "invalid_grant")

    def test_the_first_exchange_comes_within_ten_minutes(self, app: Client, browser: Browser) -> None:
        code = allowed_code(browser)
        with time_machine.travel(instants.now() + timedelta(minutes=11), tick=False):
            assert error(exchange(code)) == (400, "invalid_grant")

    def test_single_use_codes_are_a_setting_and_a_second_use_ends_the_grant(
        self, app: Client, browser: Browser, settings: Any
    ) -> None:
        settings.PLAYLYFE_SERVER = {"SINGLE_USE_CODES": True}
        code = allowed_code(browser)
        token = exchange(code).json()
        assert error(exchange(code)) == (400, "invalid_grant")
        assert error(Api(token["access_token"]).get("/runtime/player")) == (401, "invalid_access_token")
        assert error(ask(grant_type="refresh_token", refresh_token=token["refresh_token"])) == (400, "invalid_grant")

    @pytest.mark.parametrize("fields", [{"redirect_uri": "myapp://done"}, {"redirect_uri": BACK + "/"}])
    def test_the_address_must_be_the_same(self, app: Client, browser: Browser, fields: dict[str, str]) -> None:
        assert error(exchange(allowed_code(browser), **fields)) == (400, "invalid_grant")

    def test_another_client_gets_nothing_for_it(self, app: Client, browser: Browser, quest: Realm) -> None:
        clients.register(quest, "other", client_id="other", secret=SECRET, redirect_uris=[BACK])
        assert error(exchange(allowed_code(browser), client_id="other")) == (400, "invalid_grant")

    @pytest.mark.parametrize("code", ["wrong", "\0", "é" * 100])
    def test_a_wrong_code_is_a_bad_grant(self, app: Client, code: str) -> None:
        assert error(exchange(code)) == (400, "invalid_grant")

    def test_the_secret_is_asked_first(self, app: Client, browser: Browser) -> None:
        assert error(exchange(allowed_code(browser), client_secret="wrong")) == (401, "client_auth_fail")

    def test_only_digests_are_kept(self, app: Client, browser: Browser) -> None:
        code = allowed_code(browser)
        answer = exchange(code).json()
        kept = str([list(model.objects.values()) for model in (Grant, Token, grants.RefreshToken, Client)])
        for secret in (code, answer["access_token"], answer["refresh_token"], SECRET):
            assert secret not in kept

    @pytest.mark.parametrize("method", ["S256", "plain"])
    def test_pkce_wants_the_verifier(self, app: Client, browser: Browser, method: str) -> None:
        verifier = "v" * 50
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {"code_challenge": digest if method == "S256" else verifier, "code_challenge_method": method}
        code = allowed_code(browser, **asked)
        assert error(exchange(code)) == (400, "invalid_grant")
        assert error(exchange(code, code_verifier="w" * 50)) == (400, "invalid_grant")
        assert exchange(code, code_verifier=verifier).status_code == 200

    def test_a_disabled_player_is_let_in_no_more(
        self, app: Client, browser: Browser, player: Any, quest: Realm
    ) -> None:
        token = exchange(allowed_code(browser)).json()["access_token"]
        services.update_player(quest, str(player.pk), enabled=False)
        assert error(Api(token).get("/runtime/player")) == (401, "access_denied")


class TestRefreshTokens:
    def test_each_gives_a_new_pair_and_the_old_one_stays_valid(self, app: Client, browser: Browser) -> None:
        old = exchange(allowed_code(browser)).json()["refresh_token"]
        new = ask(grant_type="refresh_token", refresh_token=old).json()
        assert new["refresh_token"] != old
        assert Api(new["access_token"]).get("/runtime/player").status_code == 200
        assert ask(grant_type="refresh_token", refresh_token=old).status_code == 200

    def test_of_another_client_it_is_a_bad_grant(self, app: Client, browser: Browser, quest: Realm) -> None:
        clients.register(quest, "other", client_id="other", secret=SECRET)
        old = exchange(allowed_code(browser)).json()["refresh_token"]
        assert error(ask(grant_type="refresh_token", refresh_token=old, client_id="other")) == (400, "invalid_grant")

    def test_a_missing_one_is_named(self, app: Client) -> None:
        answer = ask(grant_type="refresh_token")
        assert error(answer) == (400, "invalid_request")
        assert "refresh_token" in answer.json()["error_description"]


class TestTheImplicitFlow:
    def test_the_token_is_in_the_fragment(self, app: Client, browser: Browser, player: Any) -> None:
        response = browser.post(page(response_type="token", state="s"), {"allow": "1"})
        assert "#access_token=" in response.headers["Location"]
        told = sent_back(response)
        assert (told["token_type"], told["expires_in"], told["state"]) == ("Bearer", "86400", "s")
        assert Api(told["access_token"]).get("/runtime/player").json()["id"] == str(player.pk)

    def test_it_opens_no_more_than_a_player_may(self, app: Client, browser: Browser) -> None:
        Client.objects.update(scopes=["admin:read", "runtime:read"])
        token = sent_back(browser.post(page(response_type="token"), {"allow": "1"}))["access_token"]
        assert error(Api(token).get("/admin/players")) == (401, "access_denied")

    def test_test_clients_have_no_such_flow(self, quest: Realm, browser: Browser) -> None:
        staging = Realm(quest.game, "staging")
        clients.register(staging, "tests", client_id="tests", secret=SECRET, redirect_uris=[BACK])
        assert sent_back(browser.get(page(response_type="token", client_id="tests")))["error"] == "unauthorized_client"
