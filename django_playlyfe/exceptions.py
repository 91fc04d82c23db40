"""The error tree (``reliability.md`` §2.10).

Every error that a game may answer with is a :class:`PlaylyfeError`, on both backends, so a page that catches it
degrades the same way everywhere. :class:`ConfigurationError` stands outside: "fail silently" must never hide a wrong
setting.

``str(error)`` is safe to log and to show. The server's raw words are in ``details``, which Django's error reports hide.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ImproperlyConfigured

__all__ = [
    "APIError",
    "AccessDenied",
    "ActionLimitReached",
    "ActionNotFound",
    "AuthenticationError",
    "BadResponse",
    "ConfigurationError",
    "Conflict",
    "InvalidRequest",
    "NotFound",
    "NotSent",
    "PlayerExists",
    "PlayerNotFound",
    "PlaylyfeError",
    "QuotaExceeded",
    "RateLimited",
    "ResponseLost",
    "ServerError",
    "Suppressed",
    "TransportError",
]


class ConfigurationError(ImproperlyConfigured):
    """A setting is missing or wrong. The text says what to write where. Not a :class:`PlaylyfeError`."""


class PlaylyfeError(Exception):
    """Base of everything a game backend may raise.

    Attributes:
        code: the name on the wire, such as ``"rate_limit_exceeded"``.
        description: one sentence for developers, safe to log.
        status: HTTP status that belongs to the error, or None if no answer came.
        data: the validation report of ``engine.md`` §15.4 as a mapping, or None.
        reason: finer cause inside one class, such as ``"dns"`` of :class:`NotSent`.
        outcome: ``"NOT_SENT"``, ``"REJECTED"``, ``"APPLIED"`` or ``"UNKNOWN"``: what happened to the request.
        retryable: whether the same call may succeed later without anybody changing anything.
        retry_after: seconds until then, if known.
        retry_at: the instant until then (aware, UTC), if known.
        request_id: id under which both sides logged the call.
        details: raw material for debugging, kept out of ``str()``.
    """

    code = "playlyfe_error"
    outcome = "REJECTED"
    retryable = False

    def __init__(
        self,
        description: str = "",
        *,
        code: str | None = None,
        status: int | None = None,
        data: Mapping[str, Any] | None = None,
        reason: str | None = None,
        outcome: str | None = None,
        retryable: bool | None = None,
        retry_after: float | None = None,
        retry_at: datetime | None = None,
        request_id: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(description)
        self.description = description
        if code is not None:
            self.code = code
        self.status = status
        self.data = data
        self.reason = reason
        if outcome is not None:
            self.outcome = outcome
        if retryable is not None:
            self.retryable = retryable
        self.retry_after = retry_after
        self.retry_at = retry_at
        self.request_id = request_id
        self.details = details

    def __str__(self) -> str:
        return f"{self.code}: {self.description}" if self.description else self.code

    @property
    def safe_message(self) -> str:
        """The sentence alone, without the code: fit for a page in development, never containing a secret."""
        return self.description or self.code

    def __reduce__(self) -> tuple[Any, ...]:
        state = dict(self.__dict__)
        return (_rebuild, (type(self), self.description, state))


def _rebuild(cls: type[PlaylyfeError], description: str, state: dict[str, Any]) -> PlaylyfeError:
    """Unpickle an error: keyword-only arguments do not survive ``Exception.__reduce__``."""
    error = cls(description)
    error.__dict__.update(state)
    return error


class TransportError(PlaylyfeError):
    """No usable answer came."""

    code = "transport_error"
    outcome = "UNKNOWN"
    retryable = True


class NotSent(TransportError):
    """Not one byte of the request left; reason: dns, refused, connect_timeout, tls, proxy."""

    code = "not_sent"
    outcome = "NOT_SENT"


class Suppressed(TransportError):
    """No request was made on purpose; reason: throttled, budget, pool_full, paused, no_token."""

    code = "suppressed"
    outcome = "NOT_SENT"


class ResponseLost(TransportError):
    """The request left, its answer did not come; reason: read_timeout, connection_lost, deadline."""

    code = "response_lost"


class BadResponse(PlaylyfeError):
    """An answer that is none; reason: not_json, wrong_shape, too_large, undecodable, redirect_refused."""

    code = "bad_response"


class APIError(PlaylyfeError):
    """The game said no."""

    code = "api_error"


class AuthenticationError(APIError):
    """The game does not know this client; reason: client_rejected, token_refused."""

    code = "invalid_access_token"


class AccessDenied(APIError):
    """The player or the client may not do this."""

    code = "access_denied"


class NotFound(APIError):
    """What was named does not exist."""

    code = "not_found"


class PlayerNotFound(NotFound):
    """No player has this id."""

    code = "player_not_found"


class ActionNotFound(NotFound):
    """The running design has no such action."""

    code = "action_not_found"


class Conflict(APIError):
    """The id or key is taken by something else."""

    code = "conflict"


class PlayerExists(Conflict):
    """A player with this id already exists."""

    code = "player_exists"


class InvalidRequest(APIError):
    """Wrong input; ``data`` holds the report where there is one."""

    code = "validation_exception"


class RateLimited(APIError):
    """Too many calls for now."""

    code = "rate_limit_exceeded"
    retryable = True


class ActionLimitReached(RateLimited):
    """The player has played this action as often as the game allows for now."""


class QuotaExceeded(APIError):
    """The plan's limit of players or calls is reached."""

    code = "plan_limit_exceeded"


class ServerError(APIError):
    """The server failed."""

    code = "internal_error"
    outcome = "UNKNOWN"
    retryable = True
