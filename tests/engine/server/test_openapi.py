"""The OpenAPI document: it names every route of version 2, and what the server answers is what it promises."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from typing import Any

import pytest
import yaml
from django.http import QueryDict
from django.test import Client as Browser
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from django_playlyfe.engine import services
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.server.auth.access import SCOPES, Access
from django_playlyfe.engine.server.call import ApiCall
from django_playlyfe.engine.server.group_routes import GROUP_ROUTES
from django_playlyfe.engine.server.kit.parameters import Query
from django_playlyfe.engine.server.route import Route
from django_playlyfe.engine.server.routes import ROUTES
from django_playlyfe.exceptions import InvalidRequest
from tools.openapi.document import document as described

from .attempts import ATTEMPTS, NAMES
from .conftest import Api, ask_for_token, error

IN_VERSION_2 = [route for route in ROUTES if route.v2]
BESIDE_THE_TABLE = {
    ("POST", "/auth/token"),
    ("GET", "/health"),
    ("GET", "/openapi.yaml"),
    ("POST", "/v2/logout"),
}
"""What the server answers without looking into the table of routes."""


@cache
def document() -> Any:
    """As anybody gets it."""
    return yaml.load(Browser().get("/openapi.yaml").content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def template(path: str) -> str:
    return "/v2" + re.sub(r":(\w+)", r"{\1}", path)


def operation(method: str, path: str) -> Any:
    return document()["paths"][path][method.lower()]


def referred(part: Any) -> Any:
    """A part of the document, looked up if it is only named."""
    if "$ref" not in part:
        return part
    found = document()
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def taken(method: str, path: str, place: str) -> dict[str, Any]:
    """The parameters of an operation in the path, query or header."""
    named = [referred(part) for part in operation(method, path).get("parameters", ())]
    return {part["name"]: part for part in named if part["in"] == place}


def objections(schema: Any, body: Any) -> list[str]:
    """What is wrong with a body."""
    whole = {"allOf": [schema], "components": document()["components"]}
    found = Draft202012Validator(whole).iter_errors(body)
    return [f"{problem.json_path}: {problem.message}" for problem in found]


def check(method: str, path: str, response: Any) -> None:
    """Whether the document promises this answer."""
    status = str(response.status_code)
    promised = operation(method, path)["responses"]
    assert status in promised or f"{status[0]}XX" in promised, (method, path, status)
    contents = referred(promised.get(status) or promised[f"{status[0]}XX"])["content"]
    assert response.headers["Content-Type"] in contents, (method, path)
    if response.headers["Content-Type"] == "application/json":
        content = b"".join(response.streaming_content) if response.streaming else response.content
        assert objections(contents["application/json"]["schema"], json.loads(content)) == [], (method, path, content)


# --- the document -----------------------------------------------------------------------------------------------------


def test_it_is_openapi() -> None:
    assert document()["openapi"] == "3.1.0"
    assert [problem.message for problem in OpenAPIV31SpecValidator(document()).iter_errors()] == []


def test_it_is_what_its_source_says() -> None:
    assert document() == described(), "run python -m tools.openapi"


def test_it_holds_every_route_of_version_2_and_no_other() -> None:
    documented = {(method.upper(), path) for path, methods in document()["paths"].items() for method in methods}
    assert documented == {(route.method, template(route.v2)) for route in IN_VERSION_2} | BESIDE_THE_TABLE


def test_it_names_each_part_of_a_path_each_operation_and_each_refusal() -> None:
    for path, methods in document()["paths"].items():
        for method, told in methods.items():
            assert list(taken(method, path, "path")) == re.findall(r"{(\w+)}", path), (method, path)
            assert told["summary"], (method, path)
            if path.startswith("/v2"):
                assert {"4XX", "5XX"} <= told["responses"].keys(), (method, path)
                assert ("requestBody" in told) == (method in ("post", "patch", "put")), (method, path)
    names = [told["operationId"] for methods in document()["paths"].values() for told in methods.values()]
    assert len(names) == len(set(names))


def test_answers_that_name_what_they_hold_may_be_unchanged() -> None:
    for route in IN_VERSION_2:
        responses = operation(route.method, template(route.v2))["responses"]
        assert ("304" in responses) == (route.method == "GET" and route.changes_seldom), route.v2


def test_routes_of_players_take_a_player_and_signed_tokens_and_no_others_do() -> None:
    for route in IN_VERSION_2:
        path = template(route.v2)
        assert ("player_id" in taken(route.method, path, "query")) == route.has_player, path
        ways = operation(route.method, path).get("security", document()["security"])
        assert ({"jwt": []} in ways) == route.has_player, path


def test_whoever_holds_it_is_told_that_nothing_changed() -> None:
    first = Browser().get("/openapi.yaml")
    assert first.headers["Content-Type"] == "application/yaml"
    assert first.headers["X-Request-ID"]
    again = Browser().get("/openapi.yaml", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert Browser().head("/openapi.yaml").content == b""
    assert error(Browser().post("/openapi.yaml")) == (404, "route_not_found")


# --- parameters -------------------------------------------------------------------------------------------------------


class Observed(Query):
    """Remembers which parameters were read."""

    def __init__(self, parameters: QueryDict) -> None:
        super().__init__(parameters)
        self.read: set[str] = set()

    def text(self, name: str) -> str | None:
        self.read.add(name)
        return super().text(name)

    def integer(self, name: str, default: int, *, least: int = 0) -> int:
        self.read.add(name)
        return super().integer(name, default, least=least)

    def boolean(self, name: str) -> bool:
        self.read.add(name)
        return super().boolean(name)

    def choice(self, name: str, choices: Any) -> str:
        self.read.add(name)
        return super().choice(name, choices)

    def instant(self, name: str) -> datetime | None:
        self.read.add(name)
        return super().instant(name)

    def day(self, name: str) -> date | None:
        self.read.add(name)
        return super().day(name)


def parameters_read(route: Route) -> set[str]:
    """The query parameters that a route's view looks at."""
    query = Observed(QueryDict("cycle=alltime"))
    values = {name: NAMES.get(name, "nothing") for name in re.findall(r":(\w+)", route.v2)}
    access = Access("desk", 1, Realm("library_quest"), frozenset(SCOPES), "ines", True)
    call = ApiCall(access, "ines", values, query, {}, b"", None)
    try:
        route.view(call)
    except InvalidRequest:  # views of POST routes want a body, too
        assert route.method != "GET"
    return query.read


def test_every_parameter_that_a_view_reads_is_documented_and_no_other() -> None:
    for route in IN_VERSION_2:
        if route in GROUP_ROUTES:
            continue  # nothing of a team or process can be read yet
        documented = taken(route.method, template(route.v2), "query").keys() - {"player_id"}
        assert documented == parameters_read(route), (route.method, route.v2)


def test_what_lists_of_teams_and_processes_read_is_documented() -> None:
    for path in ("/runtime/teams", "/runtime/processes", "/admin/teams", "/admin/processes"):
        (route,) = (route for route in IN_VERSION_2 if (route.method, route.v2) == ("GET", path))
        assert taken("GET", template(path), "query").keys() - {"player_id"} == parameters_read(route)


def test_a_play_takes_its_key_in_a_header() -> None:
    keyed = {
        (method.upper(), path)
        for path, methods in document()["paths"].items()
        for method in methods
        if "Idempotency-Key" in taken(method, path, "header")
    }
    assert {("POST", "/v2/runtime/actions/{id}/play"), ("POST", "/v2/admin/players")} <= keyed
    assert {method for method, _ in keyed} == {"POST"}


# --- answers ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def everything(enter: Callable[..., Api], quest: Realm) -> Api:
    """A client that may do everything, on behalf of Ines; Rui is there, too."""
    services.create_player(quest, "ines", alias="Ines", email="ines@example.org")
    services.create_player(quest, "rui")
    return replace(enter(list(SCOPES)), player_id="ines")


def test_every_route_answers_an_empty_call_as_promised(everything: Api) -> None:
    reads_first = sorted((one for one in ATTEMPTS if one.version == "v2"), key=lambda one: not one.is_read)
    for attempt in reads_first:
        response = everything(attempt.method, attempt.path, None if attempt.is_read else {})
        check(attempt.method, template(attempt.route.v2), response)


CALLS: tuple[tuple[str, str, str, Any], ...] = (
    ("POST", "/runtime/actions/:id/play", "/runtime/actions/finish_book/play", {"variables": {"pages": 600}}),
    (
        "POST",
        "/runtime/actions/:id/play",
        "/runtime/actions/finish_book/play?count=4",
        {"variables": {"pages": 200, "genre": "history"}, "scopes": [{"id": "history", "entity_id": "ines"}]},
    ),
    ("GET", "/runtime/player", "/runtime/player", None),
    ("GET", "/runtime/player", "/runtime/player?detailed=true", None),
    ("PATCH", "/runtime/player", "/runtime/player", {"alias": "Ines P."}),
    ("GET", "/runtime/players", "/runtime/players?limit=-1", None),
    ("GET", "/runtime/players/:id", "/runtime/players/rui", None),
    ("GET", "/runtime/actions", "/runtime/actions", None),
    ("GET", "/runtime/definitions/metrics", "/runtime/definitions/metrics", None),
    ("GET", "/runtime/definitions/metrics/:id", "/runtime/definitions/metrics/badges", None),
    ("GET", "/runtime/leaderboards", "/runtime/leaderboards", None),
    ("GET", "/runtime/leaderboards/:id", "/runtime/leaderboards/top_readers?cycle=alltime&detailed=true", None),
    ("GET", "/runtime/leaderboards/:id", "/runtime/leaderboards/top_readers?cycle=alltime&ranking=relative", None),
    (
        "GET",
        "/runtime/leaderboards/:id",
        "/runtime/leaderboards/top_readers?cycle=alltime&merge_with=by_genre/history|weekly",
        None,
    ),
    ("GET", "/runtime/leaderboards/:id/trend", "/runtime/leaderboards/top_readers/trend?cycle=daily", None),
    ("POST", "/admin/players", "/admin/players", {"id": "ada", "email": "ada@example.org"}),
    (
        "PATCH",
        "/admin/players/:id/scores",
        "/admin/players/ines/scores",
        {"rewards": [{"metric": {"id": "coins", "type": "point"}, "verb": "set", "value": "20"}]},
    ),
    (
        "POST",
        "/admin/rules/:id",
        "/admin/rules/weekly_target",
        {"data": [{"variables": {"target": 1}, "player_ids": ["ines"]}]},
    ),
    ("GET", "/runtime/activity", "/runtime/activity?start=0", None),
    ("GET", "/runtime/notifications", "/runtime/notifications?start=0", None),
    ("GET", "/runtime/notifications/token", "/runtime/notifications/token", None),
    ("GET", "/admin", "/admin", None),
    ("GET", "/admin/activity", "/admin/activity?start=0", None),
    ("GET", "/admin/players/:id/activity", "/admin/players/ines/activity?start=0", None),
    ("POST", "/admin/players/:id/reset", "/admin/players/ines/reset", None),
    (
        "GET",
        "/design/versions/:version/metrics",
        "/design/versions/latest/metrics?fields=id,constraints.items.name",
        None,
    ),
    ("GET", "/design/versions/:version/metrics/:id", "/design/versions/latest/metrics/badges", None),
    ("DELETE", "/admin/players/:id", "/admin/players/ada", None),
)
"""Method, route, path and body of calls that succeed, in this order."""


def test_calls_that_succeed_answer_as_promised(everything: Api) -> None:
    answered: dict[str, Any] = {}
    for method, route, path, body in CALLS:
        if body is not None:
            content = operation(method, template(route))["requestBody"]["content"]["application/json"]
            assert objections(content["schema"], body) == [], path
        response = everything(method, path, body)
        assert response.status_code == 200, (path, response.content)
        check(method, template(route), response)
        answered[path] = response.json()
    shown = {event["event"] for event in answered["/runtime/activity?start=0"]}
    assert shown == {"action", "achievement", "level", "score", "custom_rule"}
    assert answered["/runtime/notifications?start=0"]["total"] == 1
    assert answered["/admin/activity?start=0"]


def test_logging_in_and_out_and_health_answer_as_promised(everything: Api) -> None:
    check("GET", "/health", Browser().get("/health"))
    check("POST", "/auth/token", ask_for_token("nobody"))
    check("POST", "/auth/token", ask_for_token("production-" + "-".join(SCOPES)))
    check("POST", "/v2/logout", everything.post("/logout"))
    check("GET", "/v2/admin", everything.get("/admin"))  # the token is worth nothing now


def test_a_body_that_must_be_there_is_refused_when_it_is_empty(everything: Api) -> None:
    for attempt in ATTEMPTS:
        if attempt.version == "v1" or attempt.is_read or attempt.route in GROUP_ROUTES:
            continue
        described_body = operation(attempt.method, template(attempt.route.v2)).get("requestBody", {"required": False})
        if described_body["required"]:
            response = everything(attempt.method, attempt.path, None if attempt.route.takes_file else {})
            assert error(response) == (400, "validation_exception"), str(attempt)


REFUSED: tuple[tuple[str, str, str, Any, str], ...] = (
    ("GET", "/runtime/player", "/runtime/player?detailed=perhaps", None, "validation_exception"),
    ("GET", "/runtime/leaderboards/:id", "/runtime/leaderboards/fame?cycle=daily", None, "leaderboard_not_found"),
    ("POST", "/runtime/actions/:id/play", "/runtime/actions/finish_book/play", {}, "validation_exception"),
    ("POST", "/runtime/actions/:id/play", "/runtime/actions/fly/play", {}, "action_not_found"),
    ("POST", "/admin/players", "/admin/players", {"id": "rui"}, "player_exists"),
    ("GET", "/admin/players/:id", "/admin/players/nobody", None, "player_not_found"),
    ("PATCH", "/admin/players/:id", "/admin/players/rui", {"colour": "red"}, "validation_exception"),
)


@pytest.mark.parametrize(("method", "route", "path", "body", "name"), REFUSED)
def test_a_refusal_is_the_envelope(everything: Api, method: str, route: str, path: str, body: Any, name: str) -> None:
    response = everything(method, path, body)
    assert error(response)[1] == name
    check(method, template(route), response)


def damaged(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The same without each of its keys, and with one more."""
    for key in body:
        yield {name: value for name, value in body.items() if name != key}
    yield {**body, "colour": "red"}


@pytest.mark.parametrize("path", ["/admin", "/runtime/players/rui", "/runtime/players"])
def test_an_answer_with_a_key_too_few_or_too_many_is_not_what_was_promised(everything: Api, path: str) -> None:
    route = path.replace("rui", ":id")
    schema = operation("GET", template(route))["responses"]["200"]["content"]["application/json"]["schema"]
    body = everything.get(path).json()
    assert objections(schema, body) == []
    for other in damaged(body):
        assert objections(schema, other), other
