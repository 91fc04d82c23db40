"""Bodies as Playlyfe's client libraries send them (``http-api.md`` §2.1, §4.7)."""

from __future__ import annotations

import json
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from django.http import HttpRequest

from django_playlyfe.engine.refusals import invalid
from django_playlyfe.wire import make_error

LARGEST = 1024 * 1024
"""Bytes of a JSON body; more is ``request_too_large``."""
_MOST_FIELDS = 100


class Unreadable(ValueError):
    """A body is not what it claims to be."""


def read_bytes(request: HttpRequest) -> bytes:
    """The raw body, whatever part of Django has looked at it before.

    Raises:
        InvalidRequest: it is too large (``request_too_large``).
        Unreadable: the connection broke.
    """
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if declared.isdigit() and int(declared) > LARGEST:
        raise _too_large()
    try:
        # Not request.body: it trusts the declared length, which a chunked request under ASGI need not have.
        content: bytes = request.read(LARGEST + 1)
    except OSError:
        raise Unreadable("the connection broke") from None
    if len(content) > LARGEST:
        raise _too_large()
    return content


def parse_json(content: bytes) -> Any:
    """JSON in UTF-8, a byte order mark allowed (C#). Raises Unreadable."""
    try:
        value = json.loads(content.decode("utf-8-sig"), parse_constant=_no_constant)
        # Half a surrogate pair passes as JSON, but no database and no answer can hold it.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Unreadable("the body is not JSON in UTF-8") from None
    return value


def parse_form(content: bytes) -> dict[str, str]:
    """A form's fields; of a repeated one the first value. Raises Unreadable."""
    try:
        pairs = parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Unreadable("the form has too many fields") from None
    return dict(reversed(pairs))


def read_object(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of a call that may have one. The content type does not matter: libraries leave it out.

    An empty body counts as ``{}``, and so do ``[]`` (PHP) and ``null``.

    Raises:
        InvalidRequest: the body is too large, no JSON, or no object.
    """
    try:
        content = read_bytes(request)
        value = parse_json(content) if content.strip() else None
    except Unreadable as problem:
        raise invalid("", f"{problem}; it should be a JSON object") from None
    return as_object(value, "")


def as_object(value: Any, path: str) -> dict[str, Any]:
    """``value`` where an object is expected: ``[]`` and null count as ``{}``. Raises InvalidRequest."""
    if value is None or value == []:
        return {}
    if not isinstance(value, dict):
        raise invalid(path, "should be an object", code="INVALID_TYPE", found=value)
    return value


def _too_large() -> Exception:
    error: Exception = make_error("request_too_large", f"A body may have at most {LARGEST} bytes")
    return error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
