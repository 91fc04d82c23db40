"""What holds for every route of the table, whatever it does (``http-api.md`` §4.6-§4.8, §5)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from django.test import Client as Browser

from django_playlyfe.engine import services
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.server.auth.access import SCOPES
from django_playlyfe.engine.server.routes import ROUTES

from ..conftest import LIBRARY_QUEST
from .attempts import ATTEMPTS, READS, Attempt
from .conftest import Api, problems

METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
JSON = "application/json"


@pytest.fixture
def everything(enter: Any, quest: Realm) -> Api:
    """A client that may do everything. Ines plays, and so does Rui."""
    services.create_player(quest, "ines", alias="Ines")
    services.create_player(quest, "rui", alias="Rui")
    api: Api = enter(list(SCOPES))
    return api


def send(
    api: Api,
    attempt: Attempt,
    content: str = "",
    content_type: str = "",
    *,
    method: str = "",
    tail: str = "?player_id=ines",
    **headers: str,
) -> Any:
    return Browser(raise_request_exception=False).generic(
        method or attempt.method,
        f"{attempt.address}{tail}",
        content,
        content_type=content_type,
        headers={"Authorization": f"Bearer {api.token}", **headers},
    )


def content_of(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def told(response: Any) -> tuple[int, str, str]:
    """Status, type and name of the error."""
    is_json = response.headers["Content-Type"] == JSON
    body = json.loads(content_of(response)) if is_json else {}
    return (
        response.status_code,
        response.headers["Content-Type"],
        body.get("error", "") if isinstance(body, dict) else "",
    )


def test_every_answer_is_an_object_an_array_or_an_image_and_every_failure_says_why(everything: Api) -> None:
    for attempt in [*READS, *(attempt for attempt in ATTEMPTS if not attempt.is_read)]:
        response = send(everything, attempt)
        if response.status_code == 200 and response.headers["Content-Type"] == "image/png":
            assert response.content.startswith(b"\x89PNG"), str(attempt)
            continue
        assert response.headers["Content-Type"] == JSON, str(attempt)
        body = json.loads(content_of(response))
        if response.status_code == 200:
            assert isinstance(body, dict | list), str(attempt)
        else:
            assert 400 <= response.status_code < 500, str(attempt)
            assert body["error"], str(attempt)
            assert body["error_description"], str(attempt)
            assert set(body) <= {"error", "error_description", "data"}, str(attempt)
        services.update_player(Realm("library_quest"), "rui", alias="Rui")  # nothing that was done is about Rui


@time_machine.travel("2024-03-05T12:00:00+00:00", tick=False)
def test_a_read_is_the_same_however_a_library_writes_it(everything: Api) -> None:
    for attempt in READS:
        plain = send(everything, attempt)
        wanted, content = told(plain), content_of(plain)
        ways = {
            "with a body": send(everything, attempt, "{}", JSON),
            "with a body that is none": send(everything, attempt, "{bad", JSON),
            "with a type and no body": send(everything, attempt, "", JSON),
            "with a slash": send(everything, attempt, tail=f"{'/' * (attempt.path != '/')}?player_id=ines"),
            "twice": send(everything, attempt, tail="?player_id=ines&player_id=rui"),
            "for text/json": send(everything, attempt, Accept="text/json"),
            "for XML": send(everything, attempt, Accept="application/xml, text/xml;q=0.9"),
        }
        for way, response in ways.items():
            assert told(response) == wanted, (str(attempt), way)
            assert content_of(response) == content, (str(attempt), way)
        asked = send(everything, attempt, method="HEAD")
        assert (asked.status_code, content_of(asked)) == (plain.status_code, b""), str(attempt)


def test_an_empty_body_is_an_empty_object_on_every_route(everything: Api, quest: Realm) -> None:
    for attempt in ATTEMPTS:
        if attempt.method not in ("POST", "PATCH", "PUT") or attempt.route.takes_file:
            continue
        answers = {
            told(send(everything, attempt, content, content_type))
            for content, content_type in (("{}", JSON), ("", JSON), ("", ""), ("[]", JSON), ("null", JSON))
        }
        assert len(answers) == 1, (str(attempt), answers)
        malformed = send(everything, attempt, "{", JSON)
        assert problems(malformed) == [("", "INVALID_FORMAT")], str(attempt)


def test_no_patch_takes_a_key_that_it_does_not_know(everything: Api) -> None:
    for attempt in ATTEMPTS:
        if attempt.method != "PATCH":
            continue
        named = attempt
        if attempt.route.resource == "design":  # the check is of the component, so there has to be one
            kind = attempt.route.v2.split("/")[-2]
            named = Attempt(
                replace(attempt.route, v2=attempt.route.v2.replace(":id", LIBRARY_QUEST[kind][0]["id"])), "v2"
            )
        response = send(everything, named, '{"colour": "red"}', JSON)
        assert [code for _, code in problems(response)] == ["OBJECT_ADDITIONAL_PROPERTIES"], str(attempt)


def test_a_known_path_with_another_method_does_not_exist(everything: Api) -> None:
    known = {(attempt.version, attempt.path, attempt.method) for attempt in ATTEMPTS}
    for attempt in {(attempt.version, attempt.path): attempt for attempt in ATTEMPTS}.values():
        for method in METHODS:
            if (attempt.version, attempt.path, method) not in known and not _fits_another(attempt, method):
                assert told(send(everything, attempt, method=method))[2] == "route_not_found", (method, str(attempt))


def _fits_another(attempt: Attempt, method: str) -> bool:
    """Whether the path is also that of another route, such as ``/teams/ines`` of ``/teams/:id``."""
    return any(
        route.method == method and route.patterns[attempt.version].fullmatch(attempt.path or "/") for route in ROUTES
    )


NAMED_OTHERWISE = {
    ("GET", "/runtime/assets/definitions/metrics/:id"): "/assets/metrics/:id",
    ("POST", "/runtime/teams"): "/definitions/teams/:definition",
    ("POST", "/runtime/processes"): "/definitions/processes/:definition",
}
"""Runtime routes whose path in version 1 is another one (§5)."""
ONLY_IN_VERSION_1 = {
    ("POST", "/action/play"),
    ("POST", "/processes/:owner/:id/play"),
    ("GET", "/processes/:owner/:id"),
    ("PATCH", "/processes/:owner/:id"),
    ("DELETE", "/processes/:owner/:id"),
}
OF_ADMINS_IN_VERSION_1 = {
    ("GET", "/"),
    ("GET", "/game/players"),
    ("POST", "/players"),
    ("DELETE", "/players/:id"),
    ("PUT", "/players/:id/reset"),
}


def test_version_1_has_every_runtime_route_without_the_prefix() -> None:
    for route in ROUTES:
        if route.v2.startswith("/runtime/"):
            expected = NAMED_OTHERWISE.get((route.method, route.v2), route.v2.removeprefix("/runtime"))
            assert route.v1 == expected
    others = {(route.method, route.v1) for route in ROUTES if route.v1 and not route.v2.startswith("/runtime/")}
    assert others == ONLY_IN_VERSION_1 | OF_ADMINS_IN_VERSION_1
    assert {(route.method, route.v1) for route in ROUTES if route.v1 and route.resource == "admin"} == (
        OF_ADMINS_IN_VERSION_1
    )


def test_resources_are_told_by_the_first_word_of_a_path() -> None:
    for route in ROUTES:
        if route.v2:
            assert route.v2.split("/")[1] == route.resource


def test_no_two_routes_are_the_same() -> None:
    for version in ("v1", "v2"):
        paths = [(route.method, route.path(version)) for route in ROUTES if route.path(version)]
        assert len(paths) == len(set(paths))
