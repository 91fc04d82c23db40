"""What changes seldom is sent once: strong ETags on definitions, designs and images (``http-api.md`` §12)."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags


def tagged(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Name what a successful answer holds, or say that the caller has it already (304). Streamed answers stay."""
    if not isinstance(response, HttpResponse) or response.status_code != 200:
        return response
    digest = hashlib.sha256(response.content).hexdigest()[:32]
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if known == ["*"] or f'"{digest}"' in known or f'"{digest}-gzip"' in known:
        response = HttpResponse(status=304)
        del response.headers["Content-Type"]
    response.headers["ETag"] = f'"{digest}"'
    response.headers["Cache-Control"] = "private, no-cache"
    return response
