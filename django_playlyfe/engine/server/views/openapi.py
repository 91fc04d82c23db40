"""``GET /openapi.yaml``, the description of version 2 for tools (``http-api.md`` §12)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from django_playlyfe.engine.server.kit.edge import Trace
from django_playlyfe.engine.server.kit.etags import tagged
from django_playlyfe.wire import make_error

_PLACE = Path(__file__).resolve().parent.parent / "openapi.yaml"


def openapi(request: HttpRequest, trace: Trace) -> HttpResponseBase:
    """The document, which anybody may read. Raises NotFound for other methods."""
    trace.route = "/openapi.yaml"
    if request.method not in ("GET", "HEAD"):
        raise make_error("route_not_found")
    return tagged(request, HttpResponse(_document(), content_type="application/yaml"))


@cache
def _document() -> bytes:
    return _PLACE.read_bytes()
