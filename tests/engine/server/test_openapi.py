"""The OpenAPI document: it names every route of both versions, and what the server answers is what it promises.

Every answer that a test of this folder gets through ``Api`` is held against it too (``promises``)."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client as Browser
from openapi_spec_validator import OpenAPIV31SpecValidator

from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.server import urls
from django_playlyfe.engine.server.auth.access import SCOPES, Access
from django_playlyfe.engine.server.call import ApiCall
from django_playlyfe.engine.server.group_routes import GROUP_ROUTES
from django_playlyfe.engine.server.kit.parameters import Query
from django_playlyfe.engine.server.route import Route
from django_playlyfe.engine.server.routes import ROUTES
from django_playlyfe.exceptions import InvalidRequest
from django_playlyfe.wire import ERRORS
from tools.openapi.document import document as described
from tools.openapi.page import PAGE, page

from .attempts import NAMES
from .conftest import error
from .promises import document, operation, taken, template

IN_VERSION_2 = [route for route in ROUTES if route.v2]
PROMISED = [(route, version) for version in ("v1", "v2") for route in ROUTES if route.path(version)]
"""Every route in every version that has it."""
BESIDE_THE_TABLE = {
    ("POST", "/auth/token"),
    ("GET", "/auth"),
    ("POST", "/auth"),
    ("GET", "/logout"),
    ("GET", "/health"),
    ("GET", "/openapi.yaml"),
    ("GET", "/docs"),
    ("POST", "/v1/logout"),
    ("POST", "/v2/logout"),
    ("GET", "/v1/notifications/stream"),
}
"""What the server answers without looking into the table of routes."""


# --- the document -----------------------------------------------------------------------------------------------------


def test_it_is_openapi() -> None:
    assert document()["openapi"] == "3.1.0"
    assert [problem.message for problem in OpenAPIV31SpecValidator(document()).iter_errors()] == []


def test_it_is_what_its_source_says() -> None:
    assert document() == described(), "run python -m tools.openapi"
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tools.openapi"


def test_it_holds_every_route_of_both_versions_and_no_other() -> None:
    documented = {(method.upper(), path) for path, methods in document()["paths"].items() for method in methods}
    routes = {(route.method, template(route.path(version), version)) for route, version in PROMISED}
    assert documented == routes | BESIDE_THE_TABLE


def test_every_address_of_the_server_is_in_it() -> None:
    addresses = {pattern.name: pattern for pattern in urls.urlpatterns}
    assert addresses.keys() == {"token", "health", "openapi", "docs", "api", "authorize", "logout"}
    for _, path in BESIDE_THE_TABLE:
        assert any(pattern.resolve(path.removeprefix("/")) for pattern in addresses.values()), path


def test_it_names_each_part_of_a_path_each_operation_and_each_refusal() -> None:
    for path, methods in document()["paths"].items():
        for method, told in methods.items():
            assert list(taken(method, path, "path")) == re.findall(r"{(\w+)}", path), (method, path)
            assert told["summary"], (method, path)
    for route, version in PROMISED:
        told = operation(route.method, template(route.path(version), version))
        assert {"200", "400", "401", "429", "500", "503"} <= told["responses"].keys(), str(route)
        assert ("413" in told["responses"]) == (route.method in ("POST", "PATCH", "PUT")), str(route)
        assert ("requestBody" in told) == (route.method in ("POST", "PATCH", "PUT")), str(route)
    names = [told["operationId"] for methods in document()["paths"].values() for told in methods.values()]
    assert len(names) == len(set(names))


def error_names(part: Any) -> Iterator[str]:
    """The names that a schema allows for ``error``."""
    if isinstance(part, dict):
        error = part.get("properties", {}).get("error", {}) if isinstance(part.get("properties"), dict) else {}
        yield from error.get("enum", ())
        for value in part.values():
            yield from error_names(value)
    elif isinstance(part, list):
        for value in part:
            yield from error_names(value)


SYNONYMS = {"invalid_client", "unauthorized_client", "access_token_invalid", "item_not_found"}
"""Names of other servers, which this one never sends (``http-api.md`` §11), and of site code."""


def test_every_error_that_the_server_knows_is_promised_somewhere() -> None:
    assert set(error_names(document())) | {"validation_exception"} >= ERRORS.keys() - SYNONYMS


def open_objects(part: Any, place: str = "") -> Iterator[str]:
    """Where a schema leaves open what an object holds, or which keys are there."""
    if isinstance(part, list):
        for index, entry in enumerate(part):
            yield from open_objects(entry, f"{place}/{index}")
    if not isinstance(part, dict):
        return
    if part.get("type") == "object" or "properties" in part:
        is_a_map = isinstance(part.get("additionalProperties"), dict)
        is_closed = "required" in part and part.get("additionalProperties") is False
        if not (is_a_map or is_closed or "$ref" in part):
            yield place
    for key, value in part.items():
        if key not in ("enum", "const", "examples", "default"):
            yield from open_objects(value, f"{place}/{key}")


def names_in(part: Any) -> set[str]:
    """The schemas that a part of the document names, and those that these name."""
    names: set[str] = set()
    unread = [part]
    while unread:
        for name in re.findall(r"#/components/(schemas/\w+|responses/[\w.]+)", str(unread.pop())):
            if name not in names:
                names.add(name)
                group, key = name.split("/")
                unread.append(document()["components"][group][key])
    return names


def test_what_is_answered_has_required_keys_and_no_others() -> None:
    answers = [told["responses"] for methods in document()["paths"].values() for told in methods.values()]
    named = {
        name: document()["components"][group][key]
        for name in names_in(answers)
        for group, key in [name.split("/")]
        if group == "schemas"
    }
    assert len(named) > 80
    assert [place for name, schema in named.items() for place in open_objects(schema, name)] == []
    assert list(open_objects([[r.get("content") for r in one.values()] for one in answers])) == []


def test_an_open_object_would_be_found() -> None:
    assert list(open_objects({"properties": {"a": {"type": "object"}}})) == ["", "/properties/a"]
    assert list(open_objects({"type": "object", "required": [], "additionalProperties": False})) == []
    assert list(open_objects({"type": "object", "properties": {}, "additionalProperties": False})) == [""]


def test_answers_that_name_what_they_hold_may_be_unchanged() -> None:
    for route, version in PROMISED:
        responses = operation(route.method, template(route.path(version), version))["responses"]
        assert ("304" in responses) == (route.method == "GET" and route.changes_seldom), route.v2


def test_routes_of_players_take_a_player_and_signed_tokens_and_no_others_do() -> None:
    for route, version in PROMISED:
        path = template(route.path(version), version)
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


# --- the page ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "beside"), [("/docs", "openapi.yaml"), ("/docs/", "../openapi.yaml")])
def test_the_page_leads_to_the_document(path: str, beside: str) -> None:
    response = Browser().get(path)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert f'href="{beside}"' in response.content.decode()
    assert error(Browser().post(path)) == (404, "route_not_found")


def test_the_page_shows_every_operation_and_schema_once() -> None:
    shown = re.findall(r' id="([^"]+)"', page())
    assert len(shown) == len(set(shown))
    operations = {told["operationId"] for methods in document()["paths"].values() for told in methods.values()}
    assert set(shown) >= operations | {f"schema-{name}" for name in document()["components"]["schemas"]}
    assert set(re.findall(r'href="#([^"]+)"', page())) <= set(shown)


def test_the_page_runs_and_loads_nothing() -> None:
    response = Browser().get("/docs")
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    content = response.content.decode()
    (style,) = re.findall("<style>(.*?)</style>", content, re.DOTALL)
    assert f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in policy
    assert not re.search(r"<script|<img|<link|<iframe|\son\w+=|\sstyle=|src=|url\(|@import|https?://", content)


def test_page_and_document_travel_compressed(client: Browser) -> None:
    for path in ("/docs", "/openapi.yaml"):
        plain, packed = client.get(path), client.get(path, headers={"Accept-Encoding": "gzip"})
        assert gzip.decompress(packed.content) == plain.content
        assert len(packed.content) < len(plain.content) / 8


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


def parameters_read(route: Route, version: str = "v2") -> set[str]:
    """The query parameters that a route's view looks at."""
    query = Observed(QueryDict("cycle=alltime"))
    values = {name: NAMES.get(name, "nothing") for name in re.findall(r":(\w+)", route.path(version))}
    access = Access("desk", 1, Realm("library_quest"), frozenset(SCOPES), "ines", True)
    call = ApiCall(access, "ines", values, query, {}, b"", None)
    try:
        route.view(call)
    except InvalidRequest:  # views of POST routes want a body, too
        assert route.method != "GET"
    return query.read


def test_every_parameter_that_a_view_reads_is_documented_and_no_other() -> None:
    for route, version in PROMISED:
        if route in GROUP_ROUTES:
            continue  # nothing of a team or process can be read yet
        documented = taken(route.method, template(route.path(version), version), "query").keys() - {"player_id"}
        read = {"count"} if route.v1 == "/action/play" else parameters_read(route, version)  # its body comes first
        assert documented == read, (route.method, version, route.v2)


def test_what_lists_of_teams_and_processes_read_is_documented() -> None:
    for path in ("/runtime/teams", "/runtime/processes", "/admin/teams", "/admin/processes"):
        (route,) = (route for route in IN_VERSION_2 if (route.method, route.v2) == ("GET", path))
        assert taken("GET", template(path), "query").keys() - {"player_id"} == parameters_read(route)


def test_a_play_takes_its_key_in_a_header_and_so_does_an_edit() -> None:
    keyed = {
        (method.upper(), path)
        for path, methods in document()["paths"].items()
        for method in methods
        if "Idempotency-Key" in taken(method, path, "header")
    }
    assert {("POST", "/v2/runtime/actions/{id}/play"), ("POST", "/v2/admin/players")} <= keyed
    assert {("POST", "/v1/actions/{id}/play"), ("POST", "/v1/action/play"), ("POST", "/v1/players")} <= keyed
    assert {path for method, path in keyed if method != "POST"} == {
        "/v2/admin/players/{id}/scores",
        "/v2/admin/players/{id}/reset",
        "/v1/players/{id}/reset",
    }
