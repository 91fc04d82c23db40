"""From an outcome to the exception the caller sees (``reliability.md`` §2.10).

No text of a library's exception gets in: those hold the URL, and with it the token. What the server wrote is redacted
and cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from django_playlyfe import exceptions as errors
from django_playlyfe.client.outcomes import Verdict
from django_playlyfe.client.redaction import redact
from django_playlyfe.client.waits import DELIVERY_CAP
from django_playlyfe.wire import ERRORS

_LONGEST_TEXT = 500

_TEXTS: Mapping[str, str] = {
    "dns": "The game's host name could not be resolved",
    "refused": "The game's host refused the connection",
    "connect_timeout": "No connection to the game's host within the time allowed",
    "tls": "The game's host could not prove its identity (TLS)",
    "proxy": "The proxy did not let the request through",
    "read_timeout": "The game did not answer in time; whether it did what was asked is unknown",
    "connection_lost": "The connection broke before the answer came; whether the game did what was asked is unknown",
    "deadline": "The call took longer than it may and was cut; whether the game did what was asked is unknown",
    "not_json": "The game's answer is not JSON",
    "wrong_shape": "The game's answer has the wrong shape",
    "too_large": "The game's answer is too large",
    "undecodable": "The game's answer cannot be decoded",
    "redirect_refused": "The game's host redirects elsewhere, which is not followed: check AUTH_URL and API_URL",
}


def at(moment: float, seconds: float) -> datetime:
    """The instant ``seconds`` after a wall-clock time, aware, in UTC."""
    return datetime.fromtimestamp(moment, timezone.utc) + timedelta(seconds=seconds)


def clean(text: str) -> str:
    """A stranger's sentence: one line, without secrets, at most 500 characters."""
    return redact(" ".join(text.split()))[:_LONGEST_TEXT]


def clean_data(value: Any) -> Any:
    """A stranger's report with its texts cleaned."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {redact(str(key)): clean_data(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [clean_data(entry) for entry in value]
    return value


def build_error(verdict: Verdict, *, now: float, request_id: str | None = None) -> errors.PlaylyfeError:
    """The exception for a verdict that is no success.

    Args:
        verdict: one whose ``error`` is set.
        now: wall clock, for ``retry_at``.
        request_id: under which both sides logged the call.
    """
    assert verdict.error is not None, "a success has no exception"  # noqa: S101 - a promise of this module's callers
    wait = verdict.retry_after
    # A player's limit says when the next play will count; every other wait is about when to send again.
    if wait is not None and verdict.error is not errors.ActionLimitReached:
        wait = min(wait, DELIVERY_CAP)
    return verdict.error(
        _text_of(verdict),
        code=redact(verdict.code) if verdict.code else None,
        status=verdict.status,
        data=clean_data(verdict.data) if verdict.data is not None else None,
        reason=verdict.reason,
        outcome=verdict.outcome,
        retry_after=wait,
        retry_at=at(now, wait) if wait is not None else None,
        request_id=request_id,
        details={"cause": verdict.cause} if verdict.cause else None,
    )


def suppressed(reason: str, text: str, *, now: float, wait: float | None = None) -> errors.Suppressed:
    """The exception for a call that was not made on purpose."""
    return errors.Suppressed(
        text, reason=reason, retry_after=wait, retry_at=at(now, wait) if wait is not None else None
    )


def _text_of(verdict: Verdict) -> str:
    if verdict.description:
        return clean(verdict.description)
    if verdict.code is not None and verdict.code in ERRORS:
        return ERRORS[verdict.code].text
    if verdict.reason is not None and verdict.reason in _TEXTS:
        return _TEXTS[verdict.reason]
    return f"The game answered with status {verdict.status}"
