"""What an answer or a failure means (``reliability.md`` §2.3 and the names of §2.10). Pure: no I/O, no clock.

The Playlyfe error name decides before the status: servers send the business limit with 503 and ``access_denied`` with
401. Where no answer came, what happened on the socket decides, not the type of some library's exception.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from django_playlyfe import exceptions as errors
from django_playlyfe.client.bodies import NotJSON, Trouble, parse_json
from django_playlyfe.client.streams import OpenBody
from django_playlyfe.client.waits import retry_after
from django_playlyfe.wire import ERRORS, error_class

Kind = Literal["read", "write", "play"]
"""Only a ``read`` is repeated within its call. A limit that a ``play`` meets is the player's, not the client's."""
Outcome = Literal["NOT_SENT", "REJECTED", "APPLIED", "UNKNOWN"]
Strain = Literal["", "rate", "unavailable", "quota", "failure", "misrouted"]
"""What an answer says about the host rather than about the call; empty: it is alive (§2.5)."""

FailureReason = Literal[
    "dns", "refused", "connect_timeout", "tls", "proxy", "read_timeout", "connection_lost", "deadline", "unreadable"
]


@dataclass(frozen=True)
class Failed:
    """No answer came. ``sent``: at least one byte of the request was handed to the socket."""

    reason: FailureReason
    sent: bool
    cause: str = ""


@dataclass(frozen=True)
class Arrived:
    """A status line and headers came; ``body`` is whole unless ``trouble`` says otherwise.

    Of a body that is read piece by piece ``body`` is the first piece, and ``stream`` all of it, if more is to come.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    trouble: Trouble = ""
    stream: OpenBody | None = None


@dataclass(frozen=True)
class Verdict:
    """The meaning of one attempt.

    Attributes:
        outcome: what happened to the request.
        error: the exception class to raise; None for a success.
        reason: finer cause inside that class.
        code: the name on the wire, or one of ours.
        value: the parsed body of a success.
        description, data: the server's own words, not yet redacted.
        retry_after: seconds the server asks for.
        strain: what it means for the host.
        refuses_token: the token was not accepted, so nothing was executed (§1.4).
        cause: type of the library's exception, for debugging.
    """

    outcome: Outcome
    error: type[errors.PlaylyfeError] | None = None
    reason: str | None = None
    code: str | None = None
    status: int | None = None
    value: Any = field(default=None, repr=False)
    description: str = ""
    data: Mapping[str, Any] | None = None
    retry_after: float | None = None
    strain: Strain = ""
    refuses_token: bool = False
    cause: str = ""


_REFUSED_TOKEN = frozenset({"invalid_access_token", "access_token_invalid"})
_OF_THE_SERVER = frozenset({"internal_error", "service_unavailable"})
_OF_THE_CLIENT_AT_THE_TOKEN_URL = frozenset(
    {
        "client_auth_fail",
        "invalid_client",
        "unauthorized_client",
        "invalid_request",
        "invalid_grant",
        "unsupported_grant_type",
    }
)
_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_UNSENT_REASONS = frozenset({"dns", "refused", "connect_timeout", "tls", "proxy"})


def judge_failure(failed: Failed) -> Verdict:
    """What it means that no answer came."""
    if not failed.sent:
        reason = failed.reason if failed.reason in _UNSENT_REASONS else "connect_timeout"
        return Verdict("NOT_SENT", errors.NotSent, reason, strain="failure", cause=failed.cause)
    if failed.reason == "unreadable":  # 200 header lines, a line of 70 KB, no HTTP at all
        return Verdict("UNKNOWN", errors.BadResponse, "undecodable", strain="failure", cause=failed.cause)
    reason = failed.reason if failed.reason in {"read_timeout", "deadline"} else "connection_lost"
    return Verdict("UNKNOWN", errors.ResponseLost, reason, strain="failure", cause=failed.cause)


def judge_answer(arrived: Arrived, kind: Kind) -> Verdict:
    """What an answer of the API means."""
    status = arrived.status
    if 300 <= status < 400:
        return _redirected(status)
    if status < 200:  # 101: from here on the server speaks something else, and what it did nobody knows
        return Verdict("UNKNOWN", errors.BadResponse, "undecodable", status=status, strain="failure")
    if status == 407:  # the proxy's own answer: the request went no further
        return Verdict("NOT_SENT", errors.NotSent, "proxy", status=status, strain="failure")
    value, trouble = _parse(arrived)
    envelope = _envelope(value, status)
    if status < 400 and envelope is None:
        return _applied(status, value, trouble)
    return _refused(arrived, envelope or {}, kind)


def judge_token_answer(arrived: Arrived) -> Verdict:
    """What an answer of the token endpoint means; a success's value is its JSON object."""
    status = arrived.status
    verdict = judge_answer(arrived, "read")
    is_of_client = verdict.code in _OF_THE_CLIENT_AT_THE_TOKEN_URL or (status == 401 and verdict.refuses_token)
    if is_of_client:
        return Verdict(
            "REJECTED",
            errors.AuthenticationError,
            "client_rejected",
            verdict.code or "client_auth_fail",
            status,
            description=verdict.description,
            retry_after=verdict.retry_after,
        )
    if verdict.error is None and not isinstance(verdict.value, Mapping):
        return Verdict("APPLIED", errors.BadResponse, "wrong_shape", status=status, strain="failure")
    return verdict


def _parse(arrived: Arrived) -> tuple[Any, str]:
    if arrived.trouble:
        return None, arrived.trouble
    try:
        return parse_json(arrived.body), ""
    except NotJSON:
        return None, "not_json"


def _envelope(value: Any, status: int) -> Mapping[str, Any] | None:
    """The error envelope of ``http-api.md`` §4.5, also when it travels in a 2xx: there it has to look like one, by its
    description or by a name that is known."""
    if not isinstance(value, Mapping) or not isinstance(value.get("error"), str):
        return None
    return value if status >= 400 or "error_description" in value or value["error"] in ERRORS else None


def _redirected(status: int) -> Verdict:
    return Verdict("REJECTED", errors.BadResponse, "redirect_refused", status=status, strain="misrouted")


def _applied(status: int, value: Any, trouble: str) -> Verdict:
    """A 2xx: the request was carried out, whether or not we can read what came of it."""
    if trouble == "timeout":
        return Verdict("UNKNOWN", errors.ResponseLost, "read_timeout", status=status, strain="failure")
    if trouble:
        reason = "undecodable" if trouble == "truncated" else trouble
        return Verdict("APPLIED", errors.BadResponse, reason, status=status, strain="failure")
    return Verdict("APPLIED", status=status, value=value)


def _name(envelope: Mapping[str, Any]) -> str:
    """The error's name; what does not look like one is a text, and no code should show it."""
    name = str(envelope.get("error") or "")
    return name if _NAME.fullmatch(name) else ""


def _is_deciding(name: str, status: int) -> bool:
    """Whether a name alone says what happened, whatever the status (§2.3)."""
    if name in ERRORS:
        return name not in _OF_THE_SERVER
    if name.endswith(("_not_found", "_exists")):
        return True
    # Other servers say "invalid_token" with 401 (RFC 6750); that is about the token and not about the input.
    return name.startswith("invalid_") and status != 401


def _refused(arrived: Arrived, envelope: Mapping[str, Any], kind: Kind) -> Verdict:
    status, name = arrived.status, _name(envelope)
    data = envelope.get("data")
    found: dict[str, Any] = {
        "code": name or None,
        "status": status,
        "description": str(envelope.get("error_description") or ""),
        "data": data if isinstance(data, Mapping) else None,
        "retry_after": retry_after(arrived.headers),
    }
    decides = _is_deciding(name, status)
    if name in _REFUSED_TOKEN or (status == 401 and not decides):
        return Verdict("REJECTED", errors.AuthenticationError, "token_refused", refuses_token=True, **found)
    if decides:
        return _named(name, status, kind, found)
    if status == 429:
        return Verdict("REJECTED", errors.RateLimited, strain="rate", **found)
    if status == 408 or status >= 500:
        strain: Strain = "unavailable" if status == 503 else "failure"
        return Verdict("UNKNOWN", errors.ServerError, strain=strain, **found)
    if status < 400:  # an envelope in a 2xx is a refusal without a status of its own
        return Verdict("REJECTED", errors.APIError, **found)
    return Verdict("REJECTED", error_class(name, status), **found)


def _named(name: str, status: int, kind: Kind, found: Mapping[str, Any]) -> Verdict:
    if name == "rate_limit_exceeded":
        if kind == "play":  # the player's limit, not the client's
            return Verdict("REJECTED", errors.ActionLimitReached, **found)
        return Verdict("REJECTED", errors.RateLimited, strain="rate", **found)
    if name == "plan_limit_exceeded":
        return Verdict("REJECTED", errors.QuotaExceeded, strain="quota", **found)
    error = error_class(name, status)
    reason = "client_rejected" if error is errors.AuthenticationError else None
    return Verdict("REJECTED", error, reason, **found)


def may_repeat(verdict: Verdict) -> bool:
    """Whether a read may be sent once more within its call (§2.3).

    TLS trouble does not go away by itself, and after a 503 the host is left alone.
    """
    has_failed = verdict.outcome in {"NOT_SENT", "UNKNOWN"} and verdict.strain == "failure"
    return has_failed and verdict.reason != "tls"


def lacked_token(error: errors.PlaylyfeError) -> bool:
    """Whether a call was not made because no token was to be had: the token endpoint's trouble and not the call's."""
    return "no_token" in (error.details or {})


def is_of_the_host(error: errors.PlaylyfeError) -> bool:
    """Whether a systemic error is about the API's host, which should be left alone then. The token endpoint has its own
    record, a spent quota has set the host's already, and a limit of players stops nobody else."""
    is_about_others = isinstance(error, errors.AuthenticationError | errors.QuotaExceeded) or lacked_token(error)
    return is_systemic(error) and not is_about_others


def is_systemic(error: Exception) -> bool:
    """Whether an error concerns every call rather than this one, so that a queue should pause (§2.10, §3.5)."""
    if isinstance(error, errors.ConfigurationError | errors.AuthenticationError):
        return True
    if isinstance(error, errors.QuotaExceeded):
        return True
    if isinstance(error, errors.PlaylyfeError):
        if error.code == "route_not_found" or error.reason in {"redirect_refused", "tls"}:
            return True
        return error.code == "access_denied" and "api route" in error.description
    return False
