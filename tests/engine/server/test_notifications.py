"""Notifications, and their stream (``http-api.md`` §10)."""

from __future__ import annotations

import asyncio
import json
import socket
import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from asgiref.sync import sync_to_async
from django.db import connections
from django.test import Client as Browser
from django.test import override_settings

from django_playlyfe import instants
from django_playlyfe.engine import services
from django_playlyfe.engine.models import Player, SeenNotification
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.server import stream
from django_playlyfe.engine.server.auth import clients

from .conftest import Api, error, problems

STREAM = "/v1/notifications/stream"
on = override_settings(PLAYLYFE_SERVER={"NOTIFICATION_STREAM": True})


def take_back(realm: Realm, player_id: str = "ines", key: str = "b") -> None:
    """A change of scores that is not the player's own doing."""
    services.play(realm, player_id, "finish_book", {"pages": 100}, idempotency_key=key)
    services.undo(realm, player_id, "finish_book", key)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream looks without waiting, and not for long."""
    monkeypatch.setattr(stream, "LOOKS_EVERY", 0)
    monkeypatch.setattr(stream, "LOOKS", 3)


# --- reading ----------------------------------------------------------------------------------------------------------


def test_nothing_is_an_empty_page(ines: Api, quest: Realm) -> None:
    services.play(quest, "ines", "finish_book", {"pages": 600})  # what the player does is no news to the player
    assert ines.get("/runtime/notifications").json() == {"data": [], "total": 0}
    assert Api(ines.token, "ines", "/v1").get("/notifications?player_id=ines").json() == {"data": [], "total": 0}


def test_a_change_that_somebody_else_made_notifies(ines: Api, quest: Realm) -> None:
    take_back(quest)
    page = ines.get("/runtime/notifications").json()
    assert page["total"] == 1
    event = page["data"][0]
    assert (event["event"], event["seen"]) == ("score", False)
    assert {change["metric"]["id"]: change["delta"] for change in event["changes"]}["xp"] == {"old": "10", "new": "0"}
    assert uuid.UUID(event["id"]).version == 1
    assert not event.keys() & {"player", "actor"}


def test_scores_that_an_admin_edits_or_reverts_notify(ines: Api, quest: Realm) -> None:
    played = services.play(quest, "ines", "finish_book", {"pages": 100}).events["local"][0]["id"]
    reward = {"metric": {"id": "coins", "type": "point"}, "verb": "set", "value": "20"}
    assert ines.patch("/admin/players/ines/scores", {"rewards": [reward]}).status_code == 200
    assert ines.post("/admin/players/ines/revert", {"event_ids": [played]}).status_code == 200
    edited, reverted = ines.get("/runtime/notifications").json()["data"]
    assert edited["changes"][0]["metric"]["id"] == "coins"
    assert edited["admin"]
    # The dice may have added coins, and the hour a badge.
    assert {change["metric"]["id"]: change["delta"].get("new") for change in reverted["changes"]}["xp"] == "0"


def test_the_window_is_a_day_unless_the_query_names_another(ines: Api, quest: Realm) -> None:
    now = instants.now().replace(microsecond=0)
    with time_machine.travel(now - timedelta(days=3), tick=False):
        take_back(quest)
    assert ines.get("/runtime/notifications").json()["total"] == 0
    day = (now - timedelta(days=4)).date().isoformat()
    assert ines.get(f"/runtime/notifications?start={day}").json()["total"] == 1
    at = (now - timedelta(days=3)).isoformat().replace("+00:00", "Z")
    assert ines.get(f"/runtime/notifications?start={at}").json()["total"] == 1  # start is inclusive
    assert ines.get(f"/runtime/notifications?start=0&end={at}").json()["total"] == 0  # end is not
    assert problems(ines.get("/runtime/notifications?start=yesterday"))[0][0] == "/start"


def test_what_was_seen_stays_seen(ines: Api, quest: Realm) -> None:
    take_back(quest, key="a")
    take_back(quest, key="b")
    ids = [event["id"] for event in ines.get("/runtime/notifications").json()["data"]]
    for _ in range(2):
        answer = ines.post("/runtime/notifications", {"ids": [ids[0], ids[0]]})
        assert (answer.status_code, list(answer.json())) == (200, ["message"])
    assert [event["seen"] for event in ines.get("/runtime/notifications").json()["data"]] == [True, False]
    assert Api(ines.token, "ines", "/v1").post("/notifications?player_id=ines", {"ids": ids}).status_code == 200
    assert {event["seen"] for event in ines.get("/runtime/notifications").json()["data"]} == {True}


def test_ids_of_anything_else_have_no_effect(ines: Api, quest: Realm) -> None:
    services.create_player(quest, "rui")
    take_back(quest, "rui")
    own = services.play(quest, "ines", "finish_book", {"pages": 100}).events["local"][0]["id"]
    of_rui = Api(ines.token, "rui").get("/runtime/notifications").json()["data"][0]["id"]
    other = [str(uuid.uuid4()), str(uuid.uuid1()), "ffffffff-ffff-1fff-bfff-ffffffffffff", str(uuid.UUID(int=0))]
    assert ines.post("/runtime/notifications", {"ids": [own, of_rui, *other]}).status_code == 200
    assert not SeenNotification.objects.exists()


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "/ids"),
        ({"ids": "x"}, "/ids"),
        ({"ids": {}}, "/ids"),
        ({"ids": ["x"]}, "/ids/0"),
        ({"ids": [None]}, "/ids/0"),
        ({"ids": [7]}, "/ids/0"),
        ({"ids": ["x"] * 1001}, "/ids"),
    ],
)
def test_ids_are_an_array_of_event_ids(ines: Api, body: Any, path: str) -> None:
    assert [place for place, _ in problems(ines.post("/runtime/notifications", body))] == [path]


def test_many_notifications_cost_no_more_queries(ines: Api, quest: Realm, count_queries: Any) -> None:
    def queries() -> int:
        with count_queries() as counted:
            ines.get("/runtime/notifications")
        return len(counted)

    take_back(quest, key="a")
    first = queries()
    for key in "bcd":
        take_back(quest, key=key)
    assert queries() == first == 4  # the token, the player, the calls, what was seen


# --- the stream -------------------------------------------------------------------------------------------------------


def token_of(api: Api) -> str:
    token: str = api.get("/runtime/notifications/token").json()["token"]
    return token


def listen(token: str, **headers: str) -> Any:
    return Browser().get(f"{STREAM}?token={token}", headers={name.replace("_", "-"): headers[name] for name in headers})


def test_the_stream_does_not_exist_unless_it_is_switched_on(ines: Api) -> None:
    token = token_of(ines)
    assert error(listen(token)) == (401, "invalid_access_token")
    with_access = Browser().get(f"{STREAM}?token={token}", headers={"Authorization": f"Bearer {ines.token}"})
    assert error(with_access) == (404, "route_not_found")


@on
@pytest.mark.usefixtures("at_once")
def test_what_happens_from_now_on_is_sent(ines: Api, quest: Realm) -> None:
    take_back(quest, key="before")
    response = listen(token_of(ines))
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-store"
    frames = iter(response.streaming_content)
    assert next(frames) == b"retry: 2000\n\n"
    assert next(frames) == b":\n\n"
    take_back(quest, key="now")
    number, kind, data, *_ = next(frames).decode().split("\n")
    assert kind == "event: score"
    sent = json.loads(data.removeprefix("data: "))
    assert sent == ines.get("/runtime/notifications").json()["data"][1]
    assert next(frames) == b":\n\n"
    assert list(frames) == []  # it ends, and the browser comes back with the number of the last event
    take_back(quest, key="meanwhile")
    again = b"".join(listen(token_of(ines), Last_Event_ID=number.removeprefix("id: ")).streaming_content)
    assert again.count(b"event: score") == 1


@on
@pytest.mark.usefixtures("at_once")
def test_the_stream_ends_for_a_player_who_is_gone_or_disabled(ines: Api) -> None:
    frames = iter(listen(token_of(ines)).streaming_content)
    assert len([next(frames), next(frames)]) == 2
    Player.objects.update(enabled=False)
    assert list(frames) == []


@on
def test_only_a_good_token_opens_the_stream(ines: Api, quest: Realm) -> None:
    token = token_of(ines)
    for wrong in ("", "x", f"{token}x", ines.token):
        assert error(listen(wrong)) == (401, "invalid_access_token")
    with time_machine.travel(instants.now() + timedelta(seconds=stream.TOKEN_LIFE + 1)):
        assert error(listen(token)) == (401, "invalid_access_token")
    services.update_player(quest, "ines", enabled=False)
    assert error(listen(token)) == (401, "invalid_access_token")
    services.update_player(quest, "ines", enabled=True)
    client = "-".join(["production", "admin:read", "admin:write", "runtime:read", "runtime:write"])
    clients.revoke(quest, client)
    assert error(listen(token)) == (401, "invalid_access_token")


@on
@pytest.mark.usefixtures("at_once")
def test_a_token_of_the_stream_opens_nothing_else_and_shows_up_nowhere(ines: Api, caplog: Any) -> None:
    token = token_of(ines)
    with caplog.at_level("DEBUG"):
        response = listen(token)
    assert token not in caplog.text
    assert token not in str(response.wsgi_request)
    assert token not in repr(response.wsgi_request.META)
    assert error(Browser().get(f"/v2/runtime/player?player_id=ines&access_token={token}")) == (
        401,
        "invalid_access_token",
    )


@on
@pytest.mark.usefixtures("at_once")
@pytest.mark.django_db(transaction=True)
def test_the_stream_waits_without_a_thread_under_asgi(ines: Api, quest: Realm) -> None:
    listener = stream.Listener(quest, "ines", 0)
    take_back(quest)

    async def collect() -> list[bytes]:
        frames = [frame async for frame in stream.frames_later(listener)]
        await sync_to_async(connections.close_all)()  # of the thread that looked
        return frames

    frames = asyncio.run(collect())
    assert [frame.startswith(b"id: ") for frame in frames] == [False, True, False, False]


@on
@pytest.mark.django_db(transaction=True)
def test_it_arrives_over_a_socket_while_the_answer_is_still_open(
    ines: Api, quest: Realm, live_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "LOOKS_EVERY", 0.05)
    address = (live_server.thread.host, live_server.thread.port)
    with socket.create_connection(address, timeout=20) as connection:
        head = f"GET {STREAM}?token={token_of(ines)} HTTP/1.1\r\nHost: {address[0]}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        received = b""
        while b"retry:" not in received:
            received += connection.recv(4096)
        take_back(quest)
        while b"event: score" not in received:
            received += connection.recv(4096)
        services.update_player(quest, "ines", enabled=False)  # which ends it
        while part := connection.recv(4096):
            received += part
    assert b"Content-Type: text/event-stream" in received
    assert received.count(b"event: score") == 1
