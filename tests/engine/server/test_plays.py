"""Actions and playing them over the wire (``http-api.md`` §6.4, §6.5, §12)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import time_machine
from django.test import override_settings

from django_playlyfe.engine import selectors
from django_playlyfe.engine.models import Call
from django_playlyfe.engine.realm import Realm

from .conftest import Api, error, problems

PLAY = "/runtime/actions/finish_book/play"
PAGES = {"variables": {"pages": 100}}
NOON = "2024-03-05T12:00:00+00:00"


@pytest.fixture
def noon() -> Any:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def played(response: Any) -> dict[str, Any]:
    assert response.status_code == 200, response.content
    event: dict[str, Any] = response.json()["events"]["local"][0]
    return event


def test_actions_are_what_the_engine_says(ines: Api, quest: Realm) -> None:
    assert ines.get("/runtime/actions").json() == selectors.actions(quest, "ines")


def test_a_play_answers_with_actions_and_events(noon: Any, ines: Api, quest: Realm) -> None:
    response = ines.post(PLAY, {"variables": {"pages": "600", "genre": "history"}, "unknown": 1})
    answer = response.json()
    assert answer.keys() == {"actions", "events"}
    assert answer["actions"] == selectors.actions(quest, "ines")
    assert [action["count"] for action in answer["actions"] if action["id"] == "finish_book"] == [1]
    event = played(response)
    assert event["actor"] == {"id": "ines", "alias": "Ines"}
    assert event["action"]["vars"] == {"pages": 600, "genre": "history"}
    assert event["timestamp"] == "2024-03-05T12:00:00.000Z"
    assert uuid.UUID(event["id"]).version == 1
    assert [event["event"] for event in answer["events"]["global"]] == ["level"]


@pytest.mark.parametrize(
    ("query", "body", "count"),
    [
        ("", {}, 1),
        ("?count=2", {}, 2),
        ("", {"count": 3}, 3),
        ("?count=2", {"count": 3}, 3),
        ("?count=2", {"count": None}, 2),
        ("", {"count": "3"}, 3),
    ],
)
def test_the_count_is_in_the_query_or_the_body_which_wins(ines: Api, query: str, body: Any, count: int) -> None:
    assert played(ines.post(PLAY + query, {**PAGES, **body}))["count"] == count


@pytest.mark.parametrize(
    ("query", "body", "path"),
    [
        ("?count=0", {}, "/count"),
        ("?count=x", {}, "/count"),
        ("", {"count": 0}, "/count"),
        ("", {"count": -1}, "/count"),
        ("", {"count": 1.5}, "/count"),
        ("", {"count": True}, "/count"),
        ("", {"count": 10**30}, "/count"),
        ("", {"variables": "pages"}, "/variables"),
        ("", {"variables": [1]}, "/variables"),
        ("", {"scopes": {}}, "/scopes"),
        ("", {"scopes": "all"}, "/scopes"),
        ("", {"scopes": [{"id": "history"}]}, "/scopes/0"),
        ("", {"played_at": "soon"}, "/played_at"),
    ],
)
def test_a_play_of_the_wrong_shape_is_wrong_input(ines: Api, query: str, body: Any, path: str) -> None:
    assert [found for found, _ in problems(ines.post(PLAY + query, {**PAGES, **body}))] == [path]


def test_scopes_come_back(ines: Api) -> None:
    scopes = [{"id": "history", "entity_id": "ines"}]
    assert played(ines.post(PLAY, {**PAGES, "scopes": scopes}))["scopes"] == scopes


def test_an_action_that_is_not_there_or_not_open_is_refused(ines: Api) -> None:
    response = ines.post("/runtime/actions/fly/play")
    assert error(response) == (404, "action_not_found")
    assert "fly" in response.json()["error_description"]
    assert error(ines.post("/runtime/actions/:fly/play")) == (404, "action_not_found")
    assert error(ines.post("/runtime/actions/buy_bookmark/play")) == (401, "access_denied")


def test_a_limit_says_when_the_same_play_would_succeed(noon: Any, ines: Api) -> None:
    assert played(ines.post(PLAY, {**PAGES, "count": 5}))
    response = ines.post(PLAY, PAGES)
    assert error(response) == (429, "rate_limit_exceeded")
    text = "The Action 'finish_book' can only be triggered 5 times every day"
    assert response.json() == {"error": "rate_limit_exceeded", "error_description": text}
    assert response.headers["Retry-After"] == str(12 * 3600)  # midnight in Lisbon
    noon.shift(timedelta(hours=12))
    assert played(ines.post(PLAY, PAGES))


def test_a_play_that_never_fits_names_no_time(ines: Api) -> None:
    response = ines.post(PLAY, {**PAGES, "count": 6})
    assert error(response) == (429, "rate_limit_exceeded")
    assert "Retry-After" not in response.headers


@override_settings(PLAYLYFE_SERVER={"RATE_LIMIT_STATUS": 503})
def test_a_limit_may_have_the_status_of_the_first_protocol(ines: Api, caplog: pytest.LogCaptureFixture) -> None:
    response = ines.post(PLAY, {**PAGES, "count": 6})
    assert error(response) == (503, "rate_limit_exceeded")
    assert caplog.records == []


# --- played_at --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "instant"),
    [
        ("2024-03-04T09:30:00.250Z", "2024-03-04T09:30:00.250Z"),
        ("2024-03-04T09:30:00Z", "2024-03-04T09:30:00.000Z"),
        ("2024-03-04T10:30:00+01:00", "2024-03-04T09:30:00.000Z"),
        ("2024-03-04", "2024-03-04T00:00:00.000Z"),
        (1709544600, "2024-03-04T09:30:00.000Z"),
        (1709544600250, "2024-03-04T09:30:00.250Z"),
        ("1709544600", "2024-03-04T09:30:00.000Z"),
    ],
)
def test_a_site_may_say_when_it_happened(noon: Any, ines: Api, given: Any, instant: str) -> None:
    assert played(ines.post(PLAY, {**PAGES, "played_at": given}))["timestamp"] == instant
    assert Call.objects.latest("pk").backdated


@pytest.mark.parametrize("given", ["2024-03-05T12:00:01Z", "2024-02-03", 0, True, [], {}, "", "yesterday"])
def test_not_in_the_future_nor_too_long_ago(noon: Any, ines: Api, given: Any) -> None:
    assert [path for path, _ in problems(ines.post(PLAY, {**PAGES, "played_at": given}))] == ["/played_at"]


def test_a_client_without_admin_scope_may_not_say_when_it_happened(noon: Any, ines: Api, enter: Any) -> None:
    caller = enter(["runtime:write", "admin:read"], "ines")
    response = caller.post(PLAY, {**PAGES, "played_at": "2024-03-04"})
    assert problems(response) == [("/played_at", "NOT_ALLOWED_HERE")]
    assert played(caller.post(PLAY, {**PAGES, "played_at": None}))


# --- Idempotency-Key --------------------------------------------------------------------------------------------------


def test_a_repeated_play_gives_the_same_events_and_pays_nothing(ines: Api) -> None:
    first = ines.post(PLAY, PAGES, Idempotency_Key="book:7")
    ines.post(PLAY, PAGES)
    again = ines.post(PLAY, PAGES, Idempotency_Key="book:7")
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json()["events"] == first.json()["events"]
    assert again.json()["actions"] == ines.get("/runtime/actions").json()
    assert Call.objects.filter(kind=Call.Kind.PLAY).count() == 2


@pytest.mark.parametrize(
    "other",
    [
        {"variables": {"pages": 1}},
        {**PAGES, "count": 2},
        {**PAGES, "scopes": [{"id": "history", "entity_id": "ines"}]},
        {**PAGES, "played_at": (datetime.now(timezone.utc) - timedelta(days=1)).isoformat()},
    ],
)
def test_a_key_that_was_used_for_another_play_is_refused(ines: Api, other: Any) -> None:
    ines.post(PLAY, PAGES, Idempotency_Key="book:7")
    assert error(ines.post(PLAY, other, Idempotency_Key="book:7")) == (422, "idempotency_key_reused")


def test_a_failed_play_does_not_use_up_its_key(ines: Api) -> None:
    assert error(ines.post(PLAY, {}, Idempotency_Key="book:7"))[0] == 400
    assert played(ines.post(PLAY, PAGES, Idempotency_Key="book:7"))


@pytest.mark.parametrize("key", ["", "k" * 201, "kä", "a\tb"])
def test_a_malformed_key_is_wrong_input(ines: Api, key: str) -> None:
    assert [path for path, _ in problems(ines.post(PLAY, PAGES, Idempotency_Key=key))] == ["/idempotency_key"]
    assert not Call.objects.filter(kind=Call.Kind.PLAY).exists()


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("/v2", "/admin/players"),
        ("/v1", "/players"),
        ("/v1", "/action/play"),
        ("/v1", "/actions/finish_book/play"),
        ("/v2", "/admin/rules/weekly_target"),
        ("/v2", "/runtime/play"),
        ("/v2", "/runtime/teams"),
        ("/v2", "/admin/teams"),
        ("/v2", "/runtime/processes"),
        ("/v1", "/definitions/processes/book_review"),
        ("/v2", "/runtime/processes/x/play"),
        ("/v1", "/processes/ines/x/play"),
        ("/v2", "/admin/players/ines/revert"),
        ("/v2", "/admin/players/ines/reset"),
    ],
)
def test_a_key_is_read_wherever_something_is_played_created_or_edited(ines: Api, base: str, path: str) -> None:
    body = {
        **PAGES,
        **dict.fromkeys(("id", "name", "definition", "trigger", "play_token"), "finish_book"),
        "data": [{"variables": {"target": 0}, "player_ids": ["ines"]}],
        "event_ids": [],
    }
    caller = Api(ines.token, base=base)
    response = caller.post(f"{path}?player_id=ines", body, Idempotency_Key="k" * 201)
    assert problems(response) == [("/idempotency_key", "INVALID_FORMAT")]


@pytest.mark.parametrize("key", ["k", "k" * 200, "{ ~}"])
def test_any_printable_ascii_is_a_key(ines: Api, key: str) -> None:
    assert played(ines.post(PLAY, PAGES, Idempotency_Key=key))


def test_elsewhere_a_key_is_ignored(ines: Api) -> None:
    assert ines.get("/runtime/player", Idempotency_Key="kä").status_code == 200
    assert ines.patch("/runtime/player", {"alias": "I"}, Idempotency_Key="kä").status_code == 200
