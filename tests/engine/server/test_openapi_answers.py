"""What the server answers is what the OpenAPI document promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client as Browser

from django_playlyfe.engine import services
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.server.auth.access import SCOPES
from django_playlyfe.engine.server.group_routes import GROUP_ROUTES

from .attempts import ATTEMPTS
from .conftest import Api, ask_for_token, error
from .promises import check, objections, operation, template


@pytest.fixture
def everything(enter: Callable[..., Api], quest: Realm) -> Api:
    """A client that may do everything, on behalf of Ines; Rui is there, too."""
    services.create_player(quest, "ines", alias="Ines", email="ines@example.org")
    services.create_player(quest, "rui")
    return replace(enter(list(SCOPES)), player_id="ines")


def test_every_route_answers_an_empty_call_as_promised(everything: Api) -> None:
    for attempt in sorted(ATTEMPTS, key=lambda one: not one.is_read):
        everything.base = f"/{attempt.version}"
        path = f"{attempt.path}?player_id=ines"
        response = everything(attempt.method, path, None if attempt.is_read else {})
        check(attempt.method, template(attempt.route.path(attempt.version), attempt.version), response)


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
    (
        "GET",
        "/admin/players/:id/streak",
        "/admin/players/ines/streak?action=finish_book&unit=week",
        None,
    ),
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
