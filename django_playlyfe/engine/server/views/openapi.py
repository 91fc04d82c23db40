"""``GET /openapi.yaml``, the description of both versions for tools, and ``GET /docs``, the same for people
(``http-api.md`` §12). Both are files of the package, written by ``python -m tools.openapi``."""

from __future__ import annotations

import base64
import hashlib
import re
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
    _check_method(request)
    return tagged(request, HttpResponse(_document(), content_type="application/yaml"))


def docs(request: HttpRequest, trace: Trace) -> HttpResponseBase:
    """The page, which runs no script and loads nothing; its policy allows nothing but its style. Raises NotFound for
    other methods."""
    trace.route = "/docs"
    _check_method(request)
    page, policy = _page()
    beside = "../openapi.yaml" if request.path.endswith("/") else "openapi.yaml"
    response = tagged(request, HttpResponse(page.replace("{openapi}", beside), content_type="text/html; charset=utf-8"))
    response.headers["Content-Security-Policy"] = policy
    return response


def _check_method(request: HttpRequest) -> None:
    if request.method not in ("GET", "HEAD"):
        raise make_error("route_not_found")


@cache
def _document() -> bytes:
    return _PLACE.read_bytes()


@cache
def _page() -> tuple[str, str]:
    """The page and its Content-Security-Policy."""
    page = _PLACE.with_suffix(".html").read_text(encoding="utf-8")
    style = "".join(re.findall(r"<style>(.*?)</style>", page, re.DOTALL))
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    allowed = f"default-src 'none'; style-src 'sha256-{digest}'"
    return page, f"{allowed}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
