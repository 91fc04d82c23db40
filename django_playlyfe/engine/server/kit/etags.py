"""What changes seldom is sent once: strong ETags on definitions, designs and images (``http-api.md`` §12)."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags

from django_playlyfe.engine.server.kit.compression import may_be_compressed


def tagged(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Name what a successful answer holds, or say that the caller has it already (304). Streamed answers stay."""
    if not isinstance(response, HttpResponse) or response.status_code != 200:
        return response
    digest = hashlib.sha256(response.content).hexdigest()[:32]
    plain, packed = f'"{digest}"', f'"{digest}-gzip"'
    # Compared weakly (RFC 9110 §13.1.2): a proxy that compresses has put "W/" before the tag.
    known = {tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))}
    tag = plain
    if known & {"*", plain, packed}:
        in_two_forms = may_be_compressed(response)
        response = HttpResponse(status=304)
        del response.headers["Content-Type"]
        if in_two_forms:
            patch_vary_headers(response, ["Accept-Encoding"])  # a cache learns from this answer too
        if packed in known and plain not in known:
            tag = packed  # the one that the caller holds, else it would not know which of its answers is meant
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, no-cache"
    return response
