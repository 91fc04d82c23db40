"""Sending a list while it is read, on WSGI and ASGI."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

from django_playlyfe.engine.server.kit.answers import JSON

logger = logging.getLogger("django_playlyfe.engine.server")


def streamed(request: HttpRequest, parts: Iterator[bytes], request_id: str) -> StreamingHttpResponse:
    """An answer whose parts are made one by one. Under ASGI Django would collect a plain iterator whole."""
    parts = _reported(parts, request_id)
    content = _in_threads(parts) if isinstance(request, ASGIRequest) else parts
    return StreamingHttpResponse(content, content_type=JSON)


def _reported(parts: Iterator[bytes], request_id: str) -> Iterator[bytes]:
    """The status is sent already: all that is left to do about a failure is to break off and to say so here."""
    try:
        yield from parts
    except Exception:
        logger.exception("An answer broke off [%s]", request_id)
        raise


async def _in_threads(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    following = sync_to_async(lambda: next(parts, None))
    while (part := await following()) is not None:
        yield part
