"""``OPTIONS`` of a remote game: what is missing or wrong is said before anything is sent."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.test import override_settings

from django_playlyfe.backends import games
from django_playlyfe.exceptions import ConfigurationError

pytestmark = pytest.mark.django_db  # Django's own checks may ask the database

SECRET = "secret-canary-0123456789"
URLS = {"AUTH_URL": "https://game.example/auth/token", "API_URL": "https://api.game.example/v2"}


def site(options=None, **keys):
    credentials = {"CLIENT_ID": "site", "CLIENT_SECRET": SECRET}
    game = {"BACKEND": "django_playlyfe.backends.http.HttpBackend", **credentials, **keys}
    return override_settings(PLAYLYFE={"default": {**game, "OPTIONS": URLS if options is None else options}})


def found(identifier="E006"):
    return [message for message in run_checks() if message.id == f"django_playlyfe.{identifier}"]


def test_a_complete_block_has_nothing_wrong():
    with site():
        assert found() == []


def test_a_block_that_lacks_everything_names_it_and_the_lines_to_add():
    with site({}, CLIENT_ID="", CLIENT_SECRET=""):
        (message,) = found()
        with pytest.raises(ConfigurationError, match="lacks CLIENT_ID, CLIENT_SECRET, AUTH_URL, API_URL"):
            games["default"].client  # noqa: B018 - reading it makes the client
    assert "lacks CLIENT_ID, CLIENT_SECRET, AUTH_URL, API_URL" in message.msg
    assert '"AUTH_URL": "https://<host>/auth/token"' in message.hint


def test_an_unknown_option_names_the_nearest():
    with site({**URLS, "TIME_OUT": 3}):
        (message,) = found()
    assert message.msg.endswith("did you mean 'TIMEOUT'?")
    assert "UNCERTAIN" in message.hint, "all of them"


@pytest.mark.parametrize("name", ["CLIENT_ID", "CLIENT_SECRET"])
def test_credentials_with_a_line_break_at_their_end_are_told_so(name):
    with site(**{name: f"{SECRET}\n"}):
        (message,) = found()
    assert f"['{name}'] begins or ends with a blank" in message.msg
    assert SECRET not in message.msg


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"API_URL": "http://api.game.example/v2"}, "unencrypted"),
        ({"AUTH_URL": "game.example/token"}, "absolute URL"),
        ({"TOKEN_IN": "cookie"}, "'header', 'query'"),
        ({"TIMEOUT": 3}, "two numbers"),
        ({"TIMEOUT": (3, -1)}, "positive number"),
        ({"SEND_BUDGET": "2"}, "positive number"),
        ({"PAGE_BUDGET": True}, "positive number"),
        ({"DELIVERY": "celery"}, "'thread', 'worker'"),
        ({"ALLOW_INSECURE_HTTP": "False"}, "True or False"),
        ({"UNCERTAIN": {"*": "maybe"}}, "hold"),
        ({"UNCERTAIN": "hold"}, "hold"),
        ({"CA_BUNDLE": False}, "only while DEBUG"),
        ({"CA_BUNDLE": 7}, "path of a file"),
        ({"PROXIES": "proxy:3128"}, "should look like"),
        ({"PROXIES": {"HTTPS_PROXY": "http://proxy:3128"}}, "should look like"),
        ({"PROXIES": {"https://": "http://proxy:3128"}}, "should look like"),
        ({"CA_BUNDLE": "/nowhere/ca.pem"}, "'/nowhere/ca.pem', and there is no such file"),
        ({"AUTH_URL": 7}, "should be text"),
        ({"API_URL": "https://api.game.example/v2\n"}, "line break"),
        ({"API_URL": None}, "lacks API_URL"),
        ({"AUTH_URL": URLS["API_URL"], "API_URL": URLS["AUTH_URL"]}, "AUTH_URL and API_URL swapped"),
        ({"API_URL": f"{URLS['AUTH_URL']}/"}, "AUTH_URL and API_URL swapped"),
    ],
)
def test_a_wrong_value_is_named(options, text):
    with site({**URLS, **options}):
        (message,) = found()
        with pytest.raises(ConfigurationError):
            games["default"].options  # noqa: B018 - reading them is the check
    assert text in message.msg
    assert SECRET not in message.msg


@pytest.mark.parametrize(
    "options",
    [
        {"API_URL": "http://127.0.0.1:8001/v2"},
        {"API_URL": "http://api.game.example/v2", "ALLOW_INSECURE_HTTP": True},
        {"CA_BUNDLE": __file__, "PROXIES": {"https": "http://proxy:3128", "all://localhost": ""}, "TIMEOUT": [1, 2]},
        {"UNCERTAIN": {"wave": "resend"}, "DELIVERY": "worker", "DELIVERY_RATE": 5, "TOKEN_IN": "query"},
    ],
)
def test_what_can_be_used_is_accepted(options):
    with site({**URLS, **options}):
        assert found() == []
        assert games["default"].options.policy.uncertain["*"] == "hold"


def test_a_cache_that_processes_do_not_share_is_a_warning():
    alone = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    with site(), override_settings(CACHES=alone):
        assert len(found("W001")) == 1
    with site(), override_settings(CACHES=alone, DEBUG=True):
        assert found("W001") == []
    shared = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}
    with site(), override_settings(CACHES=shared):
        assert found("W001") == []


def test_an_encrypted_token_needs_its_extra_or_has_it():
    with site({**URLS, "TOKEN_ENCRYPTION": True}):
        try:
            import cryptography  # noqa: F401 - whether it is there decides what is right
        except ImportError:
            (message,) = found()
            assert 'pip install "django-playlyfe[crypto]"' in message.msg
        else:
            assert found() == []
            assert games["default"].client is not None


def test_an_encrypted_token_without_its_extra_is_an_error(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with site({**URLS, "TOKEN_ENCRYPTION": True}):
        (message,) = found()
    assert 'pip install "django-playlyfe[crypto]"' in message.msg


def test_no_secret_shows_in_a_repr():
    with site({**URLS, "PROXIES": {"https": f"http://user:{SECRET}@proxy"}}):
        backend = games["default"]
        shown = f"{backend!r} {backend.settings!r} {backend.options!r} {backend.client!r} {vars(backend)!r}"
    assert SECRET not in shown
