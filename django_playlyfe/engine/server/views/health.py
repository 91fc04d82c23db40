"""``GET /health`` for load balancers (``http-api.md`` §12), and addresses that no version of the API has."""

from __future__ import annotations

from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse

from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.server.kit.edge import Trace
from django_playlyfe.wire import make_error


def health(request: HttpRequest, trace: Trace) -> HttpResponse:
    """Whether the database answers; nothing else, because anybody may ask. Raises NotFound for other methods."""
    trace.route = "/health"
    if request.method not in ("GET", "HEAD"):
        raise make_error("route_not_found")
    try:
        with transactions.write_connection().cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:  # an InterfaceError, of a connection that broke, is no DatabaseError
        return JsonResponse({"status": "unavailable"}, status=503)
    return JsonResponse({"status": "ok"})


def nowhere(_request: HttpRequest, _trace: Trace, **_path: object) -> HttpResponse:
    """No such address. Raises NotFound."""
    raise make_error("route_not_found")
