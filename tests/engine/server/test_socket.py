"""The same over a real socket: requests byte for byte as the libraries write them."""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import quote

import pytest

from django_playlyfe.engine import services
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.server.auth import clients
from django_playlyfe.engine.server.auth.access import FOR_SITE

from .conftest import SECRET

pytestmark = pytest.mark.django_db(transaction=True)


class Wire:
    """Writes requests and reads answers as bytes."""

    def __init__(self, host: str, port: int) -> None:
        self.address = (host, port)

    def __call__(self, head: str, content: bytes = b"") -> tuple[int, dict[str, str], bytes]:
        lines = [*head.strip().split("\n"), f"Host: {self.address[0]}", "Connection: close"]
        if content:
            lines.append(f"Content-Length: {len(content)}")
        with socket.create_connection(self.address, timeout=10) as connection:
            connection.sendall("\r\n".join(line.strip() for line in lines).encode() + b"\r\n\r\n" + content)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        top, _, body = answer.partition(b"\r\n\r\n")
        status, *headers = top.decode().split("\r\n")
        named = (header.partition(": ") for header in headers)
        return int(status.split()[1]), {name.lower(): value for name, _, value in named}, body


@pytest.fixture
def wire(live_server: Any, quest: Realm) -> Wire:
    clients.register(quest, "site", client_id="site", secret=SECRET, scopes=list(FOR_SITE))
    services.create_player(quest, "ines", alias="Ines")
    return Wire(live_server.thread.host, live_server.thread.port)


@pytest.fixture
def token(wire: Wire) -> str:
    content = json.dumps({"grant_type": "client_credentials", "client_id": "site", "client_secret": SECRET}).encode()
    status, headers, body = wire("POST /auth/token HTTP/1.1\nContent-Type: application/json; charset=utf-8", content)
    assert (status, headers["content-type"], headers["cache-control"]) == (200, "application/json", "no-store")
    text: str = json.loads(body)["access_token"]
    return text


def test_python_sends_a_form_and_a_body_with_get(wire: Wire) -> None:
    form = f"client_id=site&client_secret={SECRET}&grant_type=client_credentials".encode()
    head = "POST /auth/token HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\nAccept: text/json"
    token = json.loads(wire(head, form)[2])["access_token"]
    head = f"GET /v2/runtime/player?player_id=ines&access_token={token} HTTP/1.1\nContent-Type: application/json"
    status, headers, body = wire(f"{head}\nAccept: text/json", b"{}")
    assert (status, headers["content-type"], json.loads(body)["id"]) == (200, "application/json", "ines")


def test_go_sends_every_parameter_twice(wire: Wire, token: str) -> None:
    query = f"access_token={token}&access_token={token}&player_id=ines&player_id=ines&limit=1&limit=1"
    status, _, body = wire(f"GET /v2/runtime/players?{query} HTTP/1.1")
    assert (status, json.loads(body)["total"]) == (200, 1)


def test_java_sends_a_type_and_no_body_with_post(wire: Wire, token: str) -> None:
    head = f"POST /v2/runtime/actions/finish_book/play?player_id=ines&access_token={token} HTTP/1.1"
    status, headers, body = wire(f"{head}\nContent-Type: application/json; charset=utf-8\nContent-Length: 0")
    assert (status, json.loads(body)["error"]) == (400, "validation_exception")
    assert headers["content-type"] == "application/json"


def test_php_sends_an_array_for_an_empty_object(wire: Wire, token: str) -> None:
    head = f"PATCH /v2/runtime/player?player_id=ines&access_token={token} HTTP/1.1\nContent-Type: application/json"
    assert wire(head, b"[]")[0] == 200


def test_node_percent_encodes_ids(wire: Wire, token: str) -> None:
    status, _, body = wire(f"GET /v2/admin/players/{quote('ines@x')}?access_token={token} HTTP/1.1")
    assert (status, json.loads(body)["error"]) == (404, "player_not_found")
    status, _, body = wire(f"GET /v2/admin/players/%3Aada?access_token={token} HTTP/1.1")
    assert (status, json.loads(body)["error"]) == (400, "validation_exception")


def test_a_play_is_played_once_however_often_it_is_sent(wire: Wire, token: str) -> None:
    head = (
        f"POST /v2/runtime/actions/finish_book/play?player_id=ines HTTP/1.1\nAuthorization: Bearer {token}\n"
        "Content-Type: application/json\nIdempotency-Key: book:7"
    )
    content = json.dumps({"variables": {"pages": 100}}).encode()
    first, second = (wire(head, content) for _ in range(2))
    assert first[0] == second[0] == 200
    assert json.loads(first[2])["events"] == json.loads(second[2])["events"]
    assert second[1]["idempotency-replayed"] == "true"
    assert second[1]["playlyfe-features"] == "idempotency, played-at, streaks"


def test_head_sends_no_body(wire: Wire, token: str) -> None:
    status, headers, body = wire(f"HEAD /v2/admin?access_token={token} HTTP/1.1")
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) > 0


def test_bytes_that_are_no_utf8_do_no_harm(wire: Wire, token: str) -> None:
    assert wire(f"GET /v2/%FF%FE?access_token={token} HTTP/1.1")[0] == 404
    assert wire("GET /v2/admin?access_token=%FF%00&player_id=%00 HTTP/1.1")[0] == 401
    assert wire(f"GET /v2/runtime/player?player_id=%00%FF&access_token={token} HTTP/1.1")[0] == 400
    assert wire(f"GET /v2/admin/players/%00?access_token={token} HTTP/1.1")[0] == 400
