"""Secrets and tokens: how they are made, what is kept of them, and how they arrive with a request."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, QueryDict
from django.views.decorators.debug import sensitive_variables

_ALPHABET = string.ascii_letters + string.digits
"""Libraries put a token into a URL as it is."""
_BEARER = re.compile(r"bearer +(\S+)", re.IGNORECASE)
_SECRET = ("access_token", "jwt", "client_secret", "token")
_IN_A_QUERY = re.compile(rf"\b({'|'.join(_SECRET)})=[^&\s\"']*")
_WITH_A_QUERY = ("REQUEST_URI", "RAW_URI")
"""Where web servers put the whole address into the environment of a request."""


def new_client_id() -> str:
    """48 letters and digits, as long as Playlyfe's."""
    return _random_text(48)


def new_client_secret() -> str:
    """96 letters and digits, as long as Playlyfe's."""
    return _random_text(96)


def new_token() -> str:
    """48 letters and digits: 285 random bits."""
    return _random_text(48)


@sensitive_variables()
def digest(secret: str) -> str:
    """What is stored of a secret or token: SHA-256, hexadecimal.

    A slow password hash would protect words that people choose. These are random and long, so there is nothing to
    guess, and a token has to be looked up on every call.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


@sensitive_variables()
def matches(secret: str, stored: str) -> bool:
    """Whether ``stored`` is the digest of this secret, in the same time wherever they differ."""
    return hmac.compare_digest(digest(secret), stored)


@dataclass(frozen=True)
class Presented:
    """What a request brought to show who calls: the digest of an access token, or a player token, or neither."""

    digest: str | None = None
    jwt: str | None = field(default=None, repr=False)


@sensitive_variables()
def take_token(request: HttpRequest) -> Presented:
    """What came with a request. The query wins over the header, and an access token over a player token.

    The token leaves the request here: error reports, broken-link mails and the access log of a server that logs from
    the environment (gunicorn) then show none.

    Raises:
        SuspiciousOperation: the query has more fields than the site allows.
    """
    parameters = _read_query(request)
    token = next(iter(parameters.getlist("access_token")), None)  # of two, the first one counts
    jwt = next(iter(parameters.getlist("jwt")), None)
    if not token and not jwt:
        bearer = _BEARER.fullmatch(request.META.get("HTTP_AUTHORIZATION", "").strip())
        token = bearer[1] if bearer else None
    request.META.pop("HTTP_AUTHORIZATION", None)
    _replace_query(request, _without_secrets(parameters))
    return Presented(digest(token)) if token else Presented(jwt=jwt or None)


@sensitive_variables()
def forget_query(request: HttpRequest) -> None:
    """Take secrets out of the address of a request that is no place for them, as :func:`take_token` does.

    Raises:
        SuspiciousOperation: the query has more fields than the site allows.
    """
    _replace_query(request, _without_secrets(_read_query(request)))


@sensitive_variables()
def without_secrets(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body without what has no place in it: no library sends a token or secret there, and a report would repeat
    it."""
    return {name: "***" if name in _SECRET and isinstance(value, str) else value for name, value in body.items()}


def redacted(text: str) -> str:
    """A text that may hold a URL, without the secrets of its query."""
    return _IN_A_QUERY.sub(r"\1=***", text)


@sensitive_variables()
def _read_query(request: HttpRequest) -> QueryDict:
    try:
        return request.GET
    except SuspiciousOperation:
        _replace_query(request, QueryDict())
        raise


@sensitive_variables()
def _without_secrets(parameters: QueryDict) -> QueryDict:
    kept = QueryDict(mutable=True)
    for name, values in parameters.lists():
        if name not in _SECRET:
            # The PHP library appends a second "?", so that the token becomes the end of another value.
            kept.setlist(name, [redacted(value) for value in values])
    return kept


def _replace_query(request: HttpRequest, parameters: QueryDict) -> None:
    query = parameters.urlencode()
    request.GET = QueryDict(query)
    request.META["QUERY_STRING"] = query
    for name in _WITH_A_QUERY:
        if name in request.META:
            request.META[name] = f"{request.META[name].partition('?')[0]}?{query}"


def _random_text(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
