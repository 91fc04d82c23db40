"""Calls from browsers on other origins (``http-api.md`` §12, the Fetch standard). No credentials: tokens travel in the
address or a header, never in a cookie."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from django_playlyfe.engine import conf

_ALLOWED = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Content-Type, Authorization, Idempotency-Key, If-None-Match, X-Request-ID",
    "Access-Control-Max-Age": "86400",
}
_EXPOSED = "ETag, Retry-After, X-Request-ID, Idempotency-Replayed, Playlyfe-Features"


def preflight() -> HttpResponse:
    """The answer to ``OPTIONS``: whatever the path, and without a token."""
    return HttpResponse(status=204, headers=_ALLOWED)


def share(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Let the origins of ``CORS_ORIGINS`` read an answer, a refusal too."""
    origins = conf.server_settings().cors_origins
    origin = request.headers.get("Origin", "")
    if "*" in origins:
        response.headers["Access-Control-Allow-Origin"] = "*"
    elif origins:
        patch_vary_headers(response, ["Origin"])
        if origin in origins:
            response.headers["Access-Control-Allow-Origin"] = origin
    if "Access-Control-Allow-Origin" in response.headers:
        response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    return response
