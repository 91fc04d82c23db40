"""What stands beside the table of routes: tokens, pages for browsers, the stream, health and the document itself."""

from __future__ import annotations

from typing import Any

from tools.openapi.operations import Schema, of
from tools.openapi.refusals import ALWAYS, responses

ID = {"X-Request-ID": {"$ref": "#/components/headers/RequestId"}}
OF_THE_API = {**ID, "Playlyfe-Features": {"$ref": "#/components/headers/Features"}}
"""Headers of every answer below a version."""
_ETAG = {"ETag": {"$ref": "#/components/headers/ETag"}}
_TAG = ["login"]
_OF_THE_TOKEN = (
    "client_auth_fail",
    "invalid_request",
    "invalid_grant",
    "unsupported_grant_type",
    "request_too_large",
    "rate_limit_exceeded",
    "internal_error",
    "service_unavailable",
)
_ASKED = (
    ("client_id", {"type": "string"}, True, "Of an application that was registered with redirect addresses."),
    ("redirect_uri", {"type": "string"}, True, "Where the answer goes: exactly as registered."),
    ("response_type", {"enum": ["code", "token"]}, True, "A code to exchange, or a token at once (the implicit flow)."),
    ("state", {"type": "string"}, False, "Comes back as it is."),
    ("code_challenge", {"type": "string", "pattern": "^[A-Za-z0-9._~-]{43,128}$"}, False, "PKCE."),
    ("code_challenge_method", {"enum": ["plain", "S256"], "default": "plain"}, False, "PKCE."),
)


def entrance() -> dict[str, Any]:
    """Path -> method -> operation."""
    logout = {
        "tags": _TAG,
        "summary": "Revoke the token; the same answer without a valid one.",
        "security": [{"bearer": []}, {"access_token": []}, {}],
        "requestBody": {"required": False, "content": {"application/json": {"schema": of("EmptyBody")}}},
        "responses": {"200": {**_json("Message"), "headers": OF_THE_API}, **responses(list(ALWAYS), OF_THE_API)},
    }
    return {
        "/auth/token": {"post": _token()},
        "/auth": {"get": _authorize("get"), "post": _authorize("post")},
        "/logout": {"get": _log_out_of_the_site()},
        "/v1/logout": {"post": {"operationId": "v1_post_logout", **logout}},
        "/v2/logout": {"post": {"operationId": "post_logout", **logout}},
        "/v1/notifications/stream": {"get": _stream()},
        "/health": {"get": _health()},
        "/openapi.yaml": {"get": _file("get_openapi", "This document.", "application/yaml")},
        "/docs": {"get": _file("get_docs", "This document as a page.", "text/html; charset=utf-8")},
    }


def _token() -> Schema:
    content = {kind: {"schema": of("TokenBody")} for kind in ("application/json", "application/x-www-form-urlencoded")}
    return {
        "operationId": "get_token",
        "tags": _TAG,
        "summary": "A token for a client that proves to be one.",
        "security": [],
        "requestBody": {"required": True, "content": content},
        "responses": {"200": _json("Token"), **responses(list(_OF_THE_TOKEN), ID)},
    }


def _authorize(method: str) -> Schema:
    """The page for people, and their answer to it."""
    shown = {"text/html; charset=utf-8": {"schema": {"type": "string"}}}
    location = {"Location": {"schema": {"type": "string"}, "description": "The redirect address, or the site's login."}}
    described: Schema = {
        "operationId": f"{method}_authorize",
        "tags": _TAG,
        "summary": {
            "get": "Asks whoever is logged in on this host whether a client may act for them.",
            "post": "Their answer, with the site's protection against forged requests.",
        }[method],
        "security": [],
        "parameters": [
            {"name": name, "in": "query", "required": required, "schema": schema, "description": about}
            for name, schema, required, about in _ASKED
        ],
        "responses": {
            "302": {
                "description": "To the client with a code, a token or an error; or to the login.",
                "headers": location,
            },
            "400": {"description": "No such client, or not its address: nothing is sent anywhere.", "content": shown},
            "403": {"description": "Not a player of this game, or a forged request.", "content": shown},
        },
    }
    if method == "get":
        described["responses"] = {"200": {"description": "The question.", "content": shown}, **described["responses"]}
    else:
        form = {
            "type": "object",
            "required": ["csrfmiddlewaretoken"],
            "properties": {
                "csrfmiddlewaretoken": {"type": "string"},
                "allow": {"type": "string", "description": "Missing for no."},
            },
        }
        described["requestBody"] = {
            "required": True,
            "content": {"application/x-www-form-urlencoded": {"schema": form}},
        }
    return described


def _log_out_of_the_site() -> Schema:
    return {
        "operationId": "get_logout",
        "tags": _TAG,
        "summary": "The browser's session on this host ends.",
        "security": [],
        "responses": {
            "200": {"description": "A page.", "content": {"text/html; charset=utf-8": {"schema": {"type": "string"}}}}
        },
    }


def _stream() -> Schema:
    return {
        "operationId": "v1_get_stream",
        "tags": ["v1 runtime"],
        "summary": "Notifications as they happen, as Server-Sent Events; only where NOTIFICATION_STREAM is on.",
        "security": [],
        "parameters": [
            {
                "name": "token",
                "in": "query",
                "required": True,
                "schema": {"type": "string"},
                "description": "Of /runtime/notifications/token.",
            },
            {
                "name": "Last-Event-ID",
                "in": "header",
                "schema": {"type": "string"},
                "description": "What was received last; browsers send it by themselves.",
            },
        ],
        "responses": {
            "200": {
                "description": "id: a number; event: its name; data: the event as JSON. Comments if nothing happens.",
                "headers": OF_THE_API,
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            **responses([*ALWAYS, "invalid_access_token", "route_not_found"], OF_THE_API),
        },
    }


def _health() -> Schema:
    return {
        "operationId": "get_health",
        "tags": _TAG,
        "summary": "Whether the database answers.",
        "security": [],
        "responses": {
            "200": _json("Health"),
            "503": {**_json("Health"), "description": "The database does not answer."},
        },
    }


def _file(name: str, about: str, kind: str) -> Schema:
    return {
        "operationId": name,
        "tags": _TAG,
        "summary": about,
        "security": [],
        "responses": {
            "200": {
                "description": "Done.",
                "headers": {**ID, **_ETAG},
                "content": {kind: {"schema": {"type": "string"}}},
            },
            "304": {"description": "The caller has it already (If-None-Match).", "headers": {**ID, **_ETAG}},
        },
    }


def _json(name: str) -> Schema:
    return {"description": "Done.", "headers": ID, "content": {"application/json": {"schema": of(name)}}}
