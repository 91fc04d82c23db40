"""``POST /auth/token`` (``http-api.md`` §2)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_plus

from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_variables

from django_playlyfe.engine.server.auth import credentials, grants, throttle, tokens
from django_playlyfe.engine.server.kit import bodies
from django_playlyfe.engine.server.kit.answers import success
from django_playlyfe.engine.server.kit.edge import Trace
from django_playlyfe.wire import make_error

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"


@sensitive_variables()
def token(request: HttpRequest, trace: Trace) -> HttpResponse:
    """A token for a client that proves to be one.

    Raises:
        AuthenticationError: wrong id or secret, nobody learns which (``client_auth_fail``).
        InvalidRequest: a field is missing, the body unreadable, the grant type unknown, or the code or refresh token
            worth nothing (``invalid_grant``).
        RateLimited: too many wrong secrets came from this address.
        NotFound: another method than POST (``route_not_found``).
    """
    trace.route = "/auth/token"
    credentials.forget_query(request)
    if request.method != "POST":
        raise make_error("route_not_found")
    fields = _read_fields(request)
    grant = _GRANTS.get(_required(fields, "grant_type"))
    if grant is None:
        raise make_error("unsupported_grant_type", f"The grant types here are {', '.join(_GRANTS)}")
    client_id, client_secret = _client(request, fields)
    with throttle.guarded(client_id, request.META.get("REMOTE_ADDR", "")):
        return success(grant(client_id, client_secret, fields))


@sensitive_variables()
def _client(request: HttpRequest, fields: Mapping[str, Any]) -> tuple[str, str]:
    """Id and secret: of the body, as all libraries for Playlyfe send them, else of HTTP Basic (RFC 6749 §2.3.1)."""
    scheme, _, encoded = request.META.pop("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == "basic" and "client_secret" not in fields:
        try:
            name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            raise make_error("invalid_request", "The Authorization header cannot be read") from None
        return unquote_plus(name), unquote_plus(password)
    return _required(fields, "client_id"), _required(fields, "client_secret")


@sensitive_variables()
def _client_credentials(client_id: str, client_secret: str, _fields: Mapping[str, Any]) -> dict[str, Any]:
    return _answer(tokens.issue(client_id, client_secret))


@sensitive_variables()
def _authorization_code(client_id: str, client_secret: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    code, redirect_uri = _required(fields, "code"), _required(fields, "redirect_uri")
    verifier = fields.get("code_verifier")
    exchanged = grants.exchange(
        client_id, client_secret, code, redirect_uri, verifier if isinstance(verifier, str) else None
    )
    return {**_answer(exchanged.token), "refresh_token": exchanged.refresh}


@sensitive_variables()
def _refresh_token(client_id: str, client_secret: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    exchanged = grants.refresh(client_id, client_secret, _required(fields, "refresh_token"))
    return {**_answer(exchanged.token), "refresh_token": exchanged.refresh}


_GRANTS: Mapping[str, Callable[[str, str, Mapping[str, Any]], dict[str, Any]]] = {
    "client_credentials": _client_credentials,
    "authorization_code": _authorization_code,
    "refresh_token": _refresh_token,
}


def _answer(issued: tokens.IssuedToken) -> dict[str, Any]:
    return {"access_token": issued.text, "token_type": "Bearer", "expires_in": issued.life}


@sensitive_variables()
def _read_fields(request: HttpRequest) -> Mapping[str, Any]:
    """The fields of the body. The query is not read: addresses end up in logs."""
    try:
        content = bodies.read_bytes(request)
        fields = bodies.parse_json(content) if _is_json(request, content) else bodies.parse_form(content)
    except bodies.Unreadable as problem:
        raise make_error("invalid_request", f"The body cannot be read: {problem}") from None
    if not isinstance(fields, Mapping):
        raise make_error("invalid_request", "The body should be an object")
    return fields


def _is_json(request: HttpRequest, content: bytes) -> bool:
    """What the body says it is; for a missing or unknown type, what it looks like."""
    if request.content_type in (_FORM, _JSON):
        return request.content_type == _JSON
    return content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


@sensitive_variables()
def _required(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise make_error("invalid_request", f"'{name}' is missing or empty")
    return value
