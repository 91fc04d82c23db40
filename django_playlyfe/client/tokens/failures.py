"""A remembered failure of the token endpoint: the record ``K:neg`` (``reliability.md`` §1.3).

It is the endpoint's only throttle. Whoever finds it gets the same error without a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django_playlyfe import exceptions as errors
from django_playlyfe.client.clock import Chance
from django_playlyfe.client.errors import at
from django_playlyfe.client.waits import THROTTLE_CAP, asked, doubling, spread

# How long after its window a failure still makes the next one longer.
_MEMORY = 900.0
_REFUSED_FOR = 30.0
_FARTHEST = 1200.0

# kind: class, reason. The kind is what is stored; anything else in the cache is ignored.
_KINDS: Mapping[str, tuple[type[errors.PlaylyfeError], str | None]] = {
    "client_rejected": (errors.AuthenticationError, "client_rejected"),
    "token_refused": (errors.AuthenticationError, "token_refused"),
    "rejected": (errors.APIError, None),
    "rate": (errors.RateLimited, None),
    "server": (errors.ServerError, None),
    **{reason: (errors.NotSent, reason) for reason in ("dns", "refused", "connect_timeout", "tls", "proxy")},
    **{reason: (errors.ResponseLost, reason) for reason in ("read_timeout", "connection_lost", "deadline")},
    **{
        reason: (errors.BadResponse, reason)
        for reason in ("not_json", "wrong_shape", "too_large", "undecodable", "redirect_refused")
    },
}
_CONFIGURATION = "configuration"
# A person has to change something first; asking every second would only lock the account.
_PATIENT = frozenset({"client_rejected", "rejected", _CONFIGURATION})


@dataclass(frozen=True)
class Failure:
    """A failure to get a token.

    Attributes:
        kind: key of the table above, or ``configuration``.
        until: wall clock; nobody asks the endpoint before.
        n: how many in a row.
        message: redacted text.
        retry_at: what the server itself asked for, or None.
    """

    kind: str
    until: float
    n: int
    message: str
    retry_at: float | None = None

    def as_data(self) -> dict[str, Any]:
        """What is stored in the cache."""
        return {"kind": self.kind, "until": self.until, "n": self.n, "retry_at": self.retry_at, "msg": self.message}

    def timeout(self, now: float) -> int:
        """Whole seconds for which the cache keeps it."""
        return int(self.until - now + _MEMORY)

    def error(self, now: float) -> Exception:
        """The exception for a caller who needed the token.

        Its outcome is about the caller's own request, which was not sent; so a play that waits for a token is owed, not
        uncertain.
        """
        if self.kind == _CONFIGURATION:
            return errors.ConfigurationError(self.message)
        error, reason = _KINDS[self.kind]
        until = self.retry_at or self.until
        return error(
            self.message,
            reason=reason,
            code=_code(self.kind),
            outcome="REJECTED" if error is errors.AuthenticationError else "NOT_SENT",
            retry_after=max(until - now, 0.0),
            retry_at=at(until, 0),
            details={"no_token": self.kind},
        )


def remember(error: Exception, previous: Failure | None, now: float, chance: Chance) -> Failure:
    """The record of a failure that just happened, with a window that grows while failures go on."""
    kind = _kind_of(error)
    is_patient = kind in _PATIENT
    n = 1
    if previous is not None and now - previous.until < _MEMORY and (previous.kind in _PATIENT) == is_patient:
        n = previous.n + 1
    window = doubling(30.0, n, 900.0) if is_patient else spread(doubling(1.0, n, 30.0), chance)
    wish = getattr(error, "retry_after", None)
    window = max(window, asked(wish, THROTTLE_CAP, chance))
    return Failure(kind, now + window, n, _message(error), now + window if wish else None)


def refused(message: str, now: float) -> Failure:
    """The record of a fresh token that the API refused (§1.4)."""
    return Failure("token_refused", now + _REFUSED_FOR, 1, message)


def after_success(previous: Failure | None, now: float) -> Failure | None:
    """What is still to be remembered once a token came.

    If the last one was refused although it was fresh, this one is on probation: should the API refuse it too, nobody
    fetches another before 30 seconds are over.
    """
    if previous is None or previous.kind != "token_refused" or now - previous.until >= _MEMORY:
        return None
    return refused(previous.message, now)


def read_failure(data: Any, now: float) -> Failure | None:
    """A stored failure; None if there is none, it cannot be read, or its end is farther away than any we write."""
    if not isinstance(data, Mapping):
        return None
    kind, n, message = data.get("kind"), data.get("n"), str(data.get("msg") or "")
    until, retry_at = (_instant(data.get(name), now) for name in ("until", "retry_at"))
    if (kind not in _KINDS and kind != _CONFIGURATION) or until is None or not isinstance(n, int):
        return None
    return Failure(str(kind), until, n, message, retry_at)


def _instant(value: Any, now: float) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value <= now + _FARTHEST else None


def _kind_of(error: Exception) -> str:
    if isinstance(error, errors.ConfigurationError):
        return _CONFIGURATION
    reason = getattr(error, "reason", None)
    if reason in _KINDS:
        return str(reason)
    if isinstance(error, errors.RateLimited):
        return "rate"
    return "server" if isinstance(error, errors.ServerError) else "rejected"


def _message(error: Exception) -> str:
    return error.description if isinstance(error, errors.PlaylyfeError) else str(error)


def _code(kind: str) -> str | None:
    """The class's own code serves, but for the two refusals that share a class."""
    return "client_auth_fail" if kind == "client_rejected" else None
