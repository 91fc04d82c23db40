"""What an operation may refuse with, status by status (``http-api.md`` §11)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django_playlyfe.wire import ERRORS
from tools.openapi.operations import KINDS, Operation, Schema, of

_STATUSES = {name: row.status for name, row in ERRORS.items()}
_OF_MEMBERS = [
    "team_locked",
    "member_not_found",
    "performer_not_found",
    "invalid_approval_request",
    "invalid_role",
    "role_required",
    "invalid_lane",
    "invalid_lanes",
]
_OF_GROUPS = ["forbidden", "invalid_access_setting", "invite_not_found", *_OF_MEMBERS]
_WITH_BODY = ("POST", "PUT", "PATCH")
_HEADERS: Schema = {
    "X-Request-ID": {"$ref": "#/components/headers/RequestId"},
    "Playlyfe-Features": {"$ref": "#/components/headers/Features"},
}
_WAITS = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
ALWAYS = ("validation_exception", "internal_error", "service_unavailable")
"""What every address may answer: the query is too long, something is broken."""


class Refusals:
    """The responses of refusals; what several operations share is told once."""

    def __init__(self) -> None:
        self.shared: dict[str, Schema] = {}
        """Name -> response, for ``components``."""

    def of(self, operation: Operation) -> dict[str, Any]:
        """Status -> response, for an operation that needs a token."""
        told = {}
        for status, response in responses([*ALWAYS, *_names(operation)], _HEADERS).items():
            names = response["description"].split(", ")
            few = [name for name in names if name not in _OF_MEMBERS]
            name = ".".join([f"Refused{status}", *few, *["of_members"] * (few != names)])
            if self.shared.setdefault(name, response) != response:
                raise ValueError(f"two responses are called {name}")
            told[status] = {"$ref": f"#/components/responses/{name}"}
        return told


def responses(names: list[str], headers: Schema) -> dict[str, Any]:
    """Status -> response, for errors of these names."""
    found: dict[int, set[str]] = {}
    for name in names:
        found.setdefault(_status(name), set()).add(name)
    if 429 in found:
        found[503].add("rate_limit_exceeded")  # RATE_LIMIT_STATUS
    return {str(status): _response(status, sorted(found[status]), headers) for status in sorted(found)}


def _status(name: str) -> int:
    if name in _STATUSES:
        return _STATUSES[name]
    return 409 if name.endswith("_exists") else 404


def _response(status: int, names: list[str], headers: Schema) -> Schema:
    plain = [name for name in names if name != "validation_exception"]
    schemas: list[Schema] = [of("Invalid")] if plain != names else []
    if plain:
        schemas.append({**of("Refusal"), "properties": {"error": {"enum": plain}}})
    waits = _WAITS if status in (429, 503) else {}
    return {
        "description": ", ".join(names),
        "headers": {**headers, **waits},
        "content": {"application/json": {"schema": schemas[0] if len(schemas) == 1 else {"oneOf": schemas}}},
    }


def _names(operation: Operation) -> Iterator[str]:
    path, method = operation.path, operation.method
    yield from ("invalid_access_token", "access_denied", "plan_limit_exceeded")
    if method in _WITH_BODY:
        yield "request_too_large"
    if "idempotency_key" in operation.takes:
        yield "idempotency_key_reused"
    if operation.resource == "runtime":
        yield from ("invalid_player", "player_not_found")
    if re.search(r"/players/:id(?!\w)", path) and "/assets/" not in path:
        yield "player_not_found"
    if operation.resource == "design":
        yield from _of_designs(operation)
        return
    for pattern, names in _BY_PATH:
        if re.search(pattern, f"{method} {path}"):
            yield from names


_BY_PATH: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"/actions/:id/play|/action/play", ("action_not_found", "rate_limit_exceeded")),
    (r"/players/:id/streak$", ("action_not_found",)),
    (r"/leaderboards/:id", ("leaderboard_not_found", "player_not_found", "team_not_found")),
    (r"/metrics/:id", ("metric_not_found",)),
    (r"/assets/(players|.*metrics)|GET .*/player/image", ("image_not_found",)),
    (r"^POST /(admin/)?players$", ("player_exists", "player_limit_exceeded")),
    (r"/revert$", ("event_not_found",)),
    (r"/rules/:id", ("rule_not_found", "player_not_found")),
    (r"/invites/:id", ("invite_not_found",)),
    (r"^POST .*(/teams|definitions/teams/:definition)$", ("team_definition_not_found", "team_instance_exists")),
    (r"^POST .*(/processes|definitions/processes/:definition)$", ("process_definition_not_found",)),
    (r"^POST .*(/teams|/processes|:definition)$", ("forbidden", "invalid_access_setting")),
    (r"/(runtime|admin)?/?teams/:id", ("team_not_found", *_OF_GROUPS)),
    (r"/processes/:(id|owner)", ("process_not_found", *_OF_GROUPS)),
    (r"/processes/.*:id/play$|^POST (/runtime)?/play$", ("trigger_not_found", "forbidden")),
)


def _of_designs(operation: Operation) -> Iterator[str]:
    path = operation.path
    if ":version" in path:
        yield "route_not_found"  # there is no such version
        if operation.method != "GET":
            yield "forbidden"  # it is frozen
    for plural, kind in KINDS.items():
        if path.endswith(f"/{plural}/:id"):
            yield f"{kind}_not_found"
        if path.endswith(f"/{plural}") and operation.method == "POST":
            yield f"{kind}_exists"
    if path.startswith("/design/images/"):
        yield "image_not_found"
    if path.startswith("/design/issues/"):
        yield "issue_not_found"
