"""Answers as they travel: JSON bodies and the error envelope (``http-api.md`` §4.5, §4.8)."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse

from django_playlyfe import instants
from django_playlyfe.engine import conf
from django_playlyfe.exceptions import PlaylyfeError
from django_playlyfe.wire import ERRORS

JSON = "application/json"
"""Without a charset: the Node library compares it whole."""

REPLAYED = {"Idempotency-Replayed": "true"}
"""Header of an answer to a call that was made before with the same key (§12)."""

_LOOKS_LIKE_FAILURE = re.compile(
    r"""(?<=")error(?=")
      | (?<!\\u00[01])error_description
      | (?<=\\u00[01]e)rror_description  # here the "e" belongs to an escape such as \u001e and must stay
    """,
    re.VERBOSE,
)
_AGAIN_SOON = 5
"""Seconds after which a server that is not available is worth another try."""


@dataclass(frozen=True)
class Answer:
    """A success with headers of its own; most views return just the body."""

    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Picture:
    """An image as the answer (§8)."""

    content: bytes = field(repr=False)


def dump(body: Any) -> bytes:
    """A success body as JSON in UTF-8.

    The libraries for Go, Java and C# take a body for a failure if it holds the quoted word ``error``, or the word
    ``error_description`` anywhere. A string like that is sent with its first letter escaped, which every JSON parser
    reads back.
    """
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    text = _LOOKS_LIKE_FAILURE.sub(lambda found: f"\\u{ord(found[0][0]):04x}{found[0][1:]}", text)
    # Half a surrogate pair has no UTF-8. The replacement, \udc80, happens to be its escape in JSON.
    return text.encode("utf-8", "backslashreplace")


def success(body: Any) -> HttpResponse:
    """Status 200, also for creations."""
    answer = body if isinstance(body, Answer) else Answer(body)
    return HttpResponse(dump(answer.body), content_type=JSON, headers=dict(answer.headers))


def picture(body: Picture) -> HttpResponse:
    """Status 200 and the bytes of a PNG."""
    return HttpResponse(body.content, content_type="image/png")


def failure(error: PlaylyfeError, checked: object = None) -> HttpResponse:
    """The envelope of an error, with its status and ``Retry-After``.

    Args:
        error: what the engine or this server said; its name need not be in the table of ``wire``.
        checked: the object that was found invalid, for a report that does not carry it.
    """
    row = ERRORS.get(error.code)
    status = error.status or (row.status if row else 500)
    if error.code == "rate_limit_exceeded":
        status = conf.server_settings().rate_limit_status
    body: dict[str, Any] = {"error": error.code, "error_description": _text(error)}
    if error.code == "validation_exception":
        body["data"] = _report(error.data or {}, checked)
    headers = {}
    seconds = _seconds_to_wait(error)
    if seconds is not None:
        headers["Retry-After"] = str(seconds)
    content = json.dumps(body).encode()
    return HttpResponse(content, status=status, content_type=JSON, headers=headers)


def _text(error: PlaylyfeError) -> str:
    """The ``error_description``, never empty. Reports carry the reasons of invalid requests."""
    row = ERRORS.get(error.code)
    if error.code == "validation_exception" and row is not None:
        return row.text
    return error.description or (row.text if row else "") or error.code


def _report(report: Mapping[str, Any], checked: object) -> dict[str, Any]:
    data = report.get("data")
    return {
        "valid": False,
        "passed": report.get("passed", 0),
        "data": ({} if checked is None else checked) if data is None else data,
        "errors": list(report.get("errors", ())),
    }


def _seconds_to_wait(error: PlaylyfeError) -> int | None:
    """Whole seconds after which the same request may succeed; None if nobody knows or it never will."""
    if error.retry_at is not None:
        return max(1, math.ceil((error.retry_at - instants.now()).total_seconds()))
    if error.retry_after is not None:
        return max(1, math.ceil(error.retry_after))
    return _AGAIN_SOON if error.code == "service_unavailable" else None
