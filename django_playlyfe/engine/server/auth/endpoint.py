"""``POST /auth/token`` (``http-api.md`` §2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_variables

from django_playlyfe.engine.server.auth import tokens
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
        InvalidRequest: a field is missing, the body unreadable, or the grant unknown.
        NotFound: another method than POST (``route_not_found``).
    """
    trace.route = "/auth/token"
    if request.method != "POST":
        raise make_error("route_not_found")
    fields = _read_fields(request)
    if _required(fields, "grant_type") != "client_credentials":
        raise make_error("unsupported_grant_type", "The only grant type here is client_credentials")
    issued = tokens.issue(_required(fields, "client_id"), _required(fields, "client_secret"))
    return success({"access_token": issued.text, "token_type": "Bearer", "expires_in": issued.life})


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
