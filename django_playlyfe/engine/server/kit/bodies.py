"""Bodies as Playlyfe's client libraries send them (``http-api.md`` §2.1, §4.7)."""

from __future__ import annotations

import json
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParserError

from django_playlyfe.engine.refusals import invalid
from django_playlyfe.wire import make_error

LARGEST = 1024 * 1024
"""Bytes of a JSON body; more is ``request_too_large``."""
_MOST_FIELDS = 100
_ENVELOPE = 64 * 1024
"""Bytes around the file in a form."""


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


def read_file(request: HttpRequest, most: int) -> bytes:
    """The file of a form (``multipart/form-data``, field ``file``).

    Args:
        request: the call.
        most: bytes that the file may have.

    Raises:
        InvalidRequest: there is no such form or no file in it, or it is too large.
    """
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if declared.isdigit() and int(declared) > most + _ENVELOPE:
        raise _file_too_large(most)
    try:
        file = request.FILES.get("file")
    except (MultiPartParserError, UnreadablePostError):
        raise invalid("", "should be a form with a file (multipart/form-data)") from None
    if file is None:
        raise invalid("/file", "file is required", code="OBJECT_MISSING_REQUIRED_PROPERTY")
    if file.size is None or file.size > most:
        raise _file_too_large(most)
    content: bytes = file.read()
    return content


def _file_too_large(most: int) -> Exception:
    return invalid("/file", f"should have at most {most} bytes", code="MAXIMUM")


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
