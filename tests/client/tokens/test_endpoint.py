"""One request for a token, against endpoints of all sorts (``reliability.md`` §5 T4-T8, T13-T15, T19)."""

from __future__ import annotations

import gzip
import json
import time

import pytest

from django_playlyfe import exceptions as errors
from django_playlyfe.client.limits import TOKEN_LIMITS, Limits
from django_playlyfe.client.redaction import Secret
from django_playlyfe.client.session import Transport
from django_playlyfe.client.tokens import TokenEndpoint, endpoint
from django_playlyfe.client.tokens.leases import LEASE_SECONDS

from ..servers import http, raw_server


@pytest.fixture
def fetch():
    """Fetches from a URL."""
    transport = Transport()
    yield lambda url: TokenEndpoint(url + "/auth/token", "id", Secret("secret-of-the-test"), transport).fetch()
    transport.close()


def answering(data):
    def script(server, connection, number):
        server.read_request(connection)
        connection.sendall(data)

    return script


def test_the_request_is_the_json_body_of_the_contract(fetch):
    body = {"access_token": "tok-1", "token_type": "Bearer", "expires_in": 60}
    before = time.time()
    with raw_server(answering(http(json.dumps(body).encode()))) as server:
        token = fetch(server.url)
    head, _, sent = server.received[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /auth/token HTTP/1.1\r\n")
    assert b"Content-Type: application/json" in head
    assert json.loads(sent) == {
        "client_id": "id",
        "client_secret": "secret-of-the-test",
        "grant_type": "client_credentials",
    }
    assert token.secret.reveal() == "tok-1"
    assert before <= token.issued_at <= time.time()
    assert token.life == pytest.approx(60)


def test_it_has_seven_seconds_which_is_less_than_a_lease():
    assert (TOKEN_LIMITS.connect, TOKEN_LIMITS.read, TOKEN_LIMITS.wall) == (2.0, 5.0, 7.0)
    assert TOKEN_LIMITS.wall < LEASE_SECONDS


def silent(server, connection, number):
    server.read_request(connection)
    connection.recv(1)


def dripping(server, connection, number):
    server.read_request(connection)
    while True:
        connection.sendall(b"H")
        time.sleep(0.05)


@pytest.mark.parametrize("script", [silent, dripping])
def test_an_endpoint_that_takes_too_long_is_cut(fetch, monkeypatch, script):
    monkeypatch.setattr(endpoint, "TOKEN_LIMITS", Limits(connect=30, read=30, wall=0.3))
    started = time.monotonic()
    with raw_server(script) as server, pytest.raises(errors.ResponseLost) as caught:
        fetch(server.url)
    assert caught.value.reason == "deadline"
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        (http(b"<html>Log in to the Wi-Fi</html>"), errors.BadResponse, "not_json"),
        (http(b"{}"), errors.BadResponse, "wrong_shape"),
        (http(b'{"access_token": ""}'), errors.BadResponse, "wrong_shape"),
        (http(b'{"access_token": "a\\nX-Injected: 1"}'), errors.BadResponse, "wrong_shape"),
        (http(b'{"access_token": "' + b"a" * 1_000_000 + b'"}'), errors.BadResponse, "too_large"),
        (http(b'{"access_token": "a", "expires_in": NaN}'), errors.BadResponse, "not_json"),
        (
            http(gzip.compress(b" " * 1_000_000), headers="Content-Encoding: gzip\r\n"),
            errors.BadResponse,
            "too_large",
        ),
        (http(b"{}", status="307 Moved", headers="Location: /\r\n"), errors.BadResponse, "redirect_refused"),
        (http(b"", status="500 Oops"), errors.ServerError, None),
        (http(b"", status="401 No"), errors.AuthenticationError, "client_rejected"),
        (http(b'{"access_token": "a", "token_type": "mac"}'), errors.ConfigurationError, None),
    ],
)
def test_what_is_no_token_is_a_typed_error(fetch, answer, error, reason):
    with raw_server(answering(answer)) as server, pytest.raises(error) as caught:
        fetch(server.url)
    assert getattr(caught.value, "reason", None) == reason


def test_a_429_says_how_long_to_wait(fetch):
    answer = http(b"", status="429 Slow down", headers="Retry-After: 7\r\n")
    with raw_server(answering(answer)) as server, pytest.raises(errors.RateLimited) as caught:
        fetch(server.url)
    assert caught.value.retry_after == 7
