"""What Playlyfe's client libraries do that a server must put up with (``http-api.md`` §4.7)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client as Browser

from .conftest import Api, error, problems

PLAY = "/runtime/actions/finish_book/play"


def raw(caller: Api, method: str, path: str, content: str | bytes = b"", content_type: str = "", **headers: str) -> Any:
    joint = "&" if "?" in path else "?"
    address = f"/v2{path}{joint}player_id=ines&access_token={caller.token}"
    return Browser().generic(method, address, content, content_type=content_type, headers=headers)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize(
    ("content", "content_type"), [("{}", "application/json"), ("{bad", "application/json"), ("", "")]
)
def test_bodies_of_get_and_delete_are_never_read(ines: Api, method: str, content: str, content_type: str) -> None:
    path = "/runtime/player" if method == "GET" else "/admin/players/ines"
    assert raw(ines, method, path, content, content_type).status_code == 200


@pytest.mark.parametrize("content", ["", "  ", "{}", "[]", "null", "\ufeff{}"])
def test_an_empty_body_is_an_empty_object(ines: Api, content: str) -> None:
    needed = [("/variables/pages", "OBJECT_MISSING_REQUIRED_PROPERTY")]
    for content_type in ("application/json", "application/json; charset=utf-8", "", "text/plain"):
        assert raw(ines, "PATCH", "/runtime/player", content, content_type).status_code == 200
        assert problems(raw(ines, "POST", PLAY, content, content_type)) == needed


@pytest.mark.parametrize("variables", [None, [], {}])
def test_empty_variables_are_an_empty_object(ines: Api, variables: Any) -> None:
    response = ines.post(PLAY, {"variables": variables, "scopes": None})
    assert problems(response) == [("/variables/pages", "OBJECT_MISSING_REQUIRED_PROPERTY")]


@pytest.mark.parametrize(
    "content",
    [
        "{",
        '{"variables": }',
        "[1]",
        '"text"',
        "7",
        "true",
        b"\xff",
        '{"variables": {"pages": NaN}}',
        '{"variables": {"pages": Infinity}}',
        '{"alias": "\\ud800"}',
        "[" * 100_000,
        '{"a":' * 50_000,
        "1" * 10_000,
        "count=1",
    ],
)
def test_a_malformed_body_is_wrong_input(ines: Api, content: str | bytes) -> None:
    for method, path in (("POST", PLAY), ("PATCH", "/runtime/player")):
        assert [path for path, _ in problems(raw(ines, method, path, content, "application/json"))] == [""]


def test_of_a_parameter_that_comes_twice_the_first_value_counts(ines: Api) -> None:
    token, player = f"access_token={ines.token}", "player_id=ines"
    twice = Browser().get(f"/v2/runtime/player?{token}&{token}&{player}&{player}&detailed=true&detailed=true")
    assert twice.status_code == 200
    first = Browser().get(f"/v2/runtime/player?{token}&access_token=wrong&{player}&player_id=nobody")
    assert first.json()["id"] == "ines"


@pytest.mark.parametrize(
    "accept", ["text/json", "application/xml, text/json, text/x-json, text/javascript", "image/png"]
)
def test_the_answer_is_json_whatever_is_accepted(ines: Api, accept: str) -> None:
    response = raw(ines, "GET", "/runtime/player", Accept=accept)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"


def test_a_second_question_mark_swallows_the_token(ines: Api) -> None:
    address = f"/v2/runtime/players?limit=5?access_token={ines.token}&player_id=ines"
    response = Browser().get(address)
    assert error(response) == (401, "invalid_access_token")
    assert ines.token not in response.content.decode()
    repeated = Browser().get(address, headers={"Authorization": f"Bearer {ines.token}"})
    assert problems(repeated) == [("/limit", "INVALID_TYPE")]
    assert ines.token not in repeated.content.decode()


@pytest.mark.parametrize("path", ["/runtime/player/", "/admin/", "/admin/players/ines/", "/runtime/leaderboards/"])
def test_a_trailing_slash_is_served_and_not_redirected(ines: Api, path: str) -> None:
    assert ines.get(path).status_code == 200


def test_ids_are_percent_decoded(site: Api) -> None:
    site.post("/admin/players", {"id": "a.b@c+d"})
    assert site.get("/admin/players/a%2Eb%40c%2Bd").json()["id"] == "a.b@c+d"
    assert site.get("/runtime/player?player_id=a.b%40c%2Bd").json()["id"] == "a.b@c+d"


@pytest.mark.parametrize("path", ["/admin/players/:ada", "/admin/players/%3Aada", "/admin/players/a%20b"])
def test_what_cannot_be_an_id_is_wrong_input(site: Api, path: str) -> None:
    assert problems(site.get(path)) == [("/player_id", "PATTERN")]


@pytest.mark.parametrize("limit", ["1000000", "10000000000", "9" * 30, "-1"])
def test_numbers_are_text_and_may_be_large(ines: Api, limit: str) -> None:
    assert ines.get(f"/admin/players?limit={limit}&skip=0").json()["total"] == 1
    assert ines.get(f"/runtime/leaderboards/top_readers?cycle=alltime&limit={limit}").json()["total"] == 1


@pytest.mark.parametrize("skip", ["1", "1000000", "9" * 30])
def test_beyond_the_end_a_list_is_empty(ines: Api, skip: str) -> None:
    assert ines.get(f"/admin/players?skip={skip}").json() == {"data": [], "total": 1}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=-2", "MINIMUM"),
        ("limit=ten", "INVALID_TYPE"),
        ("limit=", "INVALID_TYPE"),
        ("limit=1.5", "INVALID_TYPE"),
        ("limit=%D9%A3", "INVALID_TYPE"),  # an Arabic three
        ("limit=" + "9" * 31, "INVALID_TYPE"),
        ("skip=-1", "MINIMUM"),
        ("skip=NaN", "INVALID_TYPE"),
    ],
)
def test_other_numbers_are_wrong_input(site: Api, query: str, code: str) -> None:
    name = query.partition("=")[0]
    assert problems(site.get(f"/admin/players?{query}")) == [(f"/{name}", code)]


@pytest.mark.parametrize(
    ("text", "is_detailed"), [("true", True), ("True", True), ("1", True), ("false", False), ("0", False)]
)
def test_booleans_are_text(ines: Api, text: str, is_detailed: bool) -> None:
    scores = ines.get(f"/runtime/player?detailed={text}").json()["scores"]
    assert any(score["metric"]["id"] == "badges" for score in scores) == is_detailed


def test_another_boolean_is_wrong_input(ines: Api) -> None:
    assert problems(ines.get("/runtime/player?detailed=perhaps")) == [("/detailed", "INVALID_TYPE")]


def test_a_query_with_too_many_parameters_is_wrong_input(ines: Api) -> None:
    response = ines.get("/runtime/player?" + "&".join(f"p{number}=1" for number in range(2000)))
    assert problems(response) == [("", "INVALID_FORMAT")]


def test_a_report_shows_what_was_checked(ines: Api) -> None:
    body = {"variables": 7}
    assert ines.post(PLAY, body).json()["data"]["data"] == body
    report = ines.get(f"/runtime/player?detailed=x&access_token={ines.token}").json()["data"]
    assert report["data"] == {"detailed": "x", "player_id": "ines"}


def test_a_body_above_one_mebibyte_is_too_large(ines: Api) -> None:
    response = raw(ines, "POST", PLAY, json.dumps({"more": "x" * 1024 * 1024}), "application/json")
    assert error(response) == (413, "request_too_large")
    largest = '{"more": "' + "x" * (1024 * 1024 - 12) + '"}'
    assert len(largest) == 1024 * 1024
    assert error(raw(ines, "POST", PLAY, largest, "application/json")) == (400, "validation_exception")


def test_head_is_get_without_a_body(ines: Api) -> None:
    got, head = ines.get("/runtime/player"), ines("HEAD", "/runtime/player")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["Content-Length"] == str(len(got.content))
    assert head.headers["Content-Type"] == "application/json"
    refused = Api("wrong")("HEAD", "/runtime/player")
    assert (refused.status_code, refused.content) == (401, b"")
