"""From a request to a route's logic, through the checks in their order (``http-api.md`` §4.6)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.debug import sensitive_variables

from django_playlyfe.engine import pictures
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.server import routes, stream
from django_playlyfe.engine.server.auth import credentials, quota, tokens
from django_playlyfe.engine.server.auth.access import Access, find_access
from django_playlyfe.engine.server.auth.credentials import Presented
from django_playlyfe.engine.server.call import ApiCall
from django_playlyfe.engine.server.kit import cors
from django_playlyfe.engine.server.kit.answers import Picture, picture, success
from django_playlyfe.engine.server.kit.bodies import read_file, read_object
from django_playlyfe.engine.server.kit.edge import Trace
from django_playlyfe.engine.server.kit.etags import tagged
from django_playlyfe.engine.server.kit.paging import Array, Stream
from django_playlyfe.engine.server.kit.parameters import Query
from django_playlyfe.engine.server.kit.streaming import streamed
from django_playlyfe.engine.server.route import Match
from django_playlyfe.wire import make_error

_WITH_BODY = ("POST", "PATCH", "PUT")


@sensitive_variables()
def api(request: HttpRequest, trace: Trace, version: str, path: str) -> HttpResponseBase:
    """Answer a call of the API.

    Args:
        request: with a token in its query or header.
        trace: gets route and client as soon as they are known.
        version: "v1" or "v2".
        path: what follows the version, percent-decoded.

    Raises:
        PlaylyfeError: what the first check that fails says, or the engine.
    """
    method = "GET" if request.method == "HEAD" else request.method or ""
    if stream.is_wanted(version, method, path):
        return stream.listen(request, trace)
    presented = credentials.take_token(request)
    if method == "OPTIONS":
        trace.route = "*"
        return cors.preflight()
    if (method, path.rstrip("/")) == ("POST", "/logout"):
        return _log_out(presented, trace)
    match = routes.find(version, method, path)
    access = find_access(presented, _player_id(request, match))
    if access is None:
        raise make_error("invalid_access_token")
    trace.client = access.client
    quota.count_call(access.client_key, access.realm.environment)
    if match is None:
        raise make_error("route_not_found")
    trace.route = match.route.path(version)
    if not access.allows(match.route.resource, method):
        raise make_error("access_denied")
    if match.route.has_player and not access.player_id:
        raise make_error("invalid_player")
    call = _read(request, trace, access, match)
    logic = match.route.view(call)
    if match.route.has_player:
        access.check_player()
    if method == "GET":
        response = _answer(request, trace, match.route.shape(version, logic()))
        return tagged(request, response) if match.route.changes_seldom else response
    if match.route.keeps_refused:
        return _answer(request, trace, match.route.shape(version, logic()))
    with transactions.atomic():  # until the answer is made: a call that fails has not happened
        return _answer(request, trace, match.route.shape(version, logic()))


def _player_id(request: HttpRequest, match: Match | None) -> str:
    """The player that a runtime call names; "" if it names none, or is about the game."""
    if match is None or not match.route.has_player:
        return ""
    return Query(request.GET).text("player_id") or ""


def _read(request: HttpRequest, trace: Trace, access: Access, match: Match) -> ApiCall:
    query = Query(request.GET)
    trace.checked = query.as_data()
    body: dict[str, Any] = {}
    file = read_file(request, pictures.LARGEST_FILE) if match.route.takes_file else b""
    if (
        request.method in _WITH_BODY and not match.route.takes_file
    ):  # libraries send "{}" or nothing with GET and DELETE
        trace.checked = body = credentials.without_secrets(read_object(request))
    return ApiCall(
        access=access,
        player_id=access.player_id if match.route.has_player else "",
        path=match.values,
        query=query,
        body=body,
        file=file,
        key_header=request.headers.get("Idempotency-Key"),
    )


def _answer(request: HttpRequest, trace: Trace, body: Any) -> HttpResponseBase:
    if isinstance(body, (Array, Stream)):
        return streamed(request, body.parts(), trace.request_id)
    return picture(body) if isinstance(body, Picture) else success(body)


def _log_out(presented: Presented, trace: Trace) -> HttpResponseBase:
    """The same answer whatever the token was."""
    trace.route = "/logout"
    if presented.digest is not None:
        tokens.revoke(presented.digest)
    return success({"message": "Logged out successfully"})
