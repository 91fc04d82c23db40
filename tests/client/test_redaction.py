"""A canary secret and canary tokens are in no log line, exception, repr or cache key (``reliability.md`` §2.8, I10)."""

from __future__ import annotations

import copy
import logging
import pickle
import socket
import traceback

import pytest

from django_playlyfe.client import PlaylyfeClient
from django_playlyfe.client.redaction import STRUCK, RedactingFilter, Secret, redact, remember_secret, remember_token
from django_playlyfe.exceptions import ConfigurationError, PlaylyfeError

from .clocks import FakeClock, MemoryCache
from .conftest import CLIENT_SECRET
from .servers import Game, Reply, raw_server, reset

ECHO = {"error": "validation_exception", "error_description": "", "data": {"valid": False, "errors": []}}


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("GET /v2/admin?access_token=abc123&player_id=ada", f"GET /v2/admin?access_token={STRUCK}&player_id=ada"),
        ("jwt=id:a.b.c", f"jwt={STRUCK}"),
        ('{"client_secret": "abc", "client_id": "x"}', f'{{"client_secret": "{STRUCK}", "client_id": "x"}}'),
        ("{'access_token': 'abc'}", f"{{'access_token': \"{STRUCK}\"}}"),
        ("Authorization: Bearer abcdef123", f"Authorization: Bearer {STRUCK}"),
        ("Basic dXNlcjpwYXNz", f"Basic {STRUCK}"),
        ("http://user:pass@proxy:3128/", f"http://{STRUCK}@proxy:3128/"),
        ("call method=GET route=/admin code=access_denied", "call method=GET route=/admin code=access_denied"),
        ("https://api.example.com/v2", "https://api.example.com/v2"),
    ],
)
def test_what_looks_like_a_secret_is_struck_out(text, clean):
    assert redact(text) == clean


def test_known_secrets_are_struck_out_in_every_form():
    remember_secret("s3cret/+value")
    remember_token("tok/en+value")
    assert redact("a s3cret/+value b s3cret%2F%2Bvalue c tok/en+value") == f"a {STRUCK} b {STRUCK} c {STRUCK}"


def test_a_word_too_short_to_be_a_secret_is_left_alone():
    remember_secret("ada")
    assert redact("ada plays") == "ada plays"


def test_a_secret_shows_itself_to_nobody():
    secret = Secret("s3cret-of-the-test")
    assert secret.reveal() == "s3cret-of-the-test"
    assert "s3cret" not in f"{secret!r} {secret} {[secret]}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.copy(secret)


def test_the_filter_strikes_out_messages_arguments_and_tracebacks():
    remember_secret("canary-in-a-record")
    try:
        raise ValueError("canary-in-a-record")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "", 1, "%s", ("canary-in-a-record",), (ValueError, error, None))
    assert RedactingFilter().filter(record)
    assert "canary" not in logging.Formatter().format(record)


# the canary -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def documented_logging():
    """DEBUG of everything, with the filter that our documentation puts on urllib3's logger."""
    urllib3, added = logging.getLogger("urllib3.connectionpool"), RedactingFilter()
    urllib3.addFilter(added)
    yield
    urllib3.removeFilter(added)


def echo(token_or_secret):
    """A server that says back what it heard."""
    return {
        "error": "validation_exception",
        "error_description": f"Got {token_or_secret}",
        "data": {"seen": [token_or_secret]},
    }


TOKEN = "token-canary-0001-abcdefghijklmnop"


def everything_that_can_go_wrong(remote, make):
    """Calls of all sorts against servers of all sorts; yields the client before each."""
    client = make()
    yield client, []
    yield client, [Reply(400, echo(TOKEN))]
    yield client, [Reply(400, echo(CLIENT_SECRET))]
    yield client, [Reply(418, {"error": TOKEN, "error_description": CLIENT_SECRET})]
    yield client, [Reply(500, b""), Reply(502, TOKEN.encode())]
    yield client, [Reply(200, f"<html>{TOKEN}".encode())]
    yield client, [Reply(200, {"id": 1, "scores": TOKEN})]
    yield client, [Reply(302, b"", {"Location": f"{remote.url}/?access_token={TOKEN}"})]
    yield client, [Reply(200, {}, {"Playlyfe-Features": "idempotency"})]
    for reply in (
        Reply(401, {"error": "client_auth_fail", "error_description": f"Wrong secret {CLIENT_SECRET}"}),
        Reply(200, {"access_token": f"a b {CLIENT_SECRET}"}),
        Reply(200, {"access_token": TOKEN, "token_type": "mac"}),
        Reply(200, f"<html>{CLIENT_SECRET}".encode()),
        Reply(307, b"", {"Location": f"http://127.0.0.1:9/?client_secret={CLIENT_SECRET}"}),
    ):
        remote.token_replies.append(reply)
        yield make(), []


@pytest.mark.parametrize("token_in", ["header", "query"])
def test_no_secret_and_no_token_is_in_any_log_exception_repr_or_cache_key(
    remote: Game, make_client, token_in, caplog, documented_logging
):
    caplog.set_level(logging.DEBUG)
    clock = FakeClock()
    caches = []

    def make(**options) -> PlaylyfeClient:
        caches.append(MemoryCache(clock))
        cache = caches[-1]
        urls = {"auth_url": remote.auth_url, "api_url": remote.api_url}
        return make_client(
            **{**urls, "token_in": token_in, "cache": lambda: cache, "hmac_key": "hmac", "clock": clock, **options}
        )

    said = []

    def note(error):
        said.append(f"{error} {error!r} {error.__dict__} {getattr(error, 'safe_message', '')}")
        said.append("".join(traceback.format_exception(error)))
        assert error.__context__ is None or isinstance(error.__context__, PlaylyfeError | ConfigurationError)

    def exercise(client):
        for call in (lambda: client.play("ada", "finish_book", {"pages": 1}), lambda: client.profile("ada")):
            try:
                call()
            except (PlaylyfeError, ConfigurationError) as error:
                note(error)
            said.append(repr(client))
            said.append(repr(vars(client)))
            said.append(repr(vars(client.tokens)))

    for client, replies in everything_that_can_go_wrong(remote, make):
        remote.replies.extend(replies)
        exercise(client)
        remote.replies.clear()
        clock.move(400)
    with raw_server(lambda server, connection, number: (server.read_request(connection), reset(connection))) as broken:
        exercise(make(api_url=broken.url + "/v2"))
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    exercise(make(api_url=f"http://127.0.0.1:{port}/v2"))

    lines = [caplog.handler.format(record) for record in caplog.records]
    assert any("urllib3" in record.name and "/v2/" in record.getMessage() for record in caplog.records)
    assert any(line for line in lines if "call method=POST" in line)
    assert any(seen.headers.get("Authorization") or "access_token" in seen.query for seen in remote.requests)
    stored = [f"{key} {value!r}" for cache in caches for key, value in cache.entries.items()]
    assert len(said) > 40
    for text in (*said, *lines, *stored):
        assert "canary" not in text.replace("client-canary-id", ""), text
