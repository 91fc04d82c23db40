"""Long answers in text, compressed for whoever can read that (``http-api.md`` §12)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import cast

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.text import compress_sequence, compress_string

from django_playlyfe.engine.server.kit.answers import JSON

SMALLEST = 1024
"""Bytes; below it compressing is not worth the while."""
_TYPES = (JSON, "application/yaml", "text/html; charset=utf-8")
_LENGTH_VARIES = 100
"""Random bytes at most in the header of the compressed answer: its length tells less about secrets inside (BREACH)."""
_REFUSED = re.compile(r"\bgzip\s*;\s*q=0(\.0*)?\s*(,|$)", re.IGNORECASE)


def may_be_compressed(response: HttpResponseBase) -> bool:
    """Whether a caller that reads gzip gets another answer: text of 1 KiB or more, or of a length not known yet."""
    if response.headers.get("Content-Type") not in _TYPES or response.headers.get("Content-Encoding"):
        return False
    return not isinstance(response, HttpResponse) or len(response.content) >= SMALLEST


def compress(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Compress an answer that may be, for a caller that reads it."""
    if not may_be_compressed(response):
        return response
    if response.streaming and cast("StreamingHttpResponse", response).is_async:
        return response  # Django compresses no stream of this kind
    patch_vary_headers(response, ["Accept-Encoding"])
    wanted = request.headers.get("Accept-Encoding", "")
    if "gzip" not in wanted.lower() or _REFUSED.search(wanted):
        return response
    if isinstance(response, HttpResponse):
        # A strong tag names these very bytes; what has one repeats nothing of the call, so there is nothing to guess.
        varies = None if "ETag" in response.headers else _LENGTH_VARIES
        response.content = compress_string(response.content, max_random_bytes=varies)
        response.headers["Content-Length"] = str(len(response.content))
    else:
        streamed = cast("StreamingHttpResponse", response)
        streamed.streaming_content = compress_sequence(cast("Iterable[bytes]", streamed.streaming_content))
    response.headers["Content-Encoding"] = "gzip"
    if "ETag" in response.headers:
        response.headers["ETag"] = f'{response.headers["ETag"][:-1]}-gzip"'
    return response
