"""A token and its times: when to renew it, when to stop using it (``reliability.md`` §1.2).

::

    issued_at                         advisory_at        expires_at - margin    expires_at
       |  used                             |  renewed early       |  renewed now     |  never sent
       |                                   |  by one caller       |  others wait     |
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django_playlyfe.client.redaction import Secret, remember_token
from django_playlyfe.exceptions import BadResponse, ConfigurationError

FORMAT = 1
UNKNOWN_LIFE = 600.0
LONGEST_LIFE = 7 * 86400.0
SINGLE_USE = 10.0
_CLOCK_TOLERANCE = 300.0
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")


@dataclass(frozen=True)
class Token:
    """A token as processes share it. Instants are wall clock, seconds since the epoch.

    Attributes:
        secret: the token itself.
        fingerprint: names it without giving it away.
        issued_at: before the request for it was sent.
        expires_at: not sent from then on.
        advisory_at: renewed early from then on, before the shift of each process.
    """

    secret: Secret = field(repr=False)
    fingerprint: str
    issued_at: float
    expires_at: float
    advisory_at: float

    @property
    def life(self) -> float:
        """Seconds from issue to expiry."""
        return self.expires_at - self.issued_at

    @property
    def is_single_use(self) -> bool:
        """Too short-lived to be worth storing."""
        return self.life <= SINGLE_USE

    @property
    def must_renew_at(self) -> float:
        """Before it, the token is used rather than waiting for a newer one."""
        return self.expires_at - _margin(self.life)

    def renews_at(self, shift: float) -> float:
        """The advisory start of a process whose shift is between -0.1 and 0.1, so that workers do not line up."""
        window = (self.expires_at - self.advisory_at) * (1 + shift)
        return self.expires_at - min(window, self.life - 1)

    def as_data(self) -> dict[str, Any]:
        """The record that is sealed and stored."""
        return {
            "v": FORMAT,
            "token": self.secret.reveal(),
            "fp": self.fingerprint,
            "iat": self.issued_at,
            "exp": self.expires_at,
            "adv": self.advisory_at,
        }


def life_of(expires_in: Any) -> float:
    """Seconds a token lives, from what servers write there: numbers, numeric text, nothing, nonsense."""
    if isinstance(expires_in, bool) or not isinstance(expires_in, int | float | str):
        return UNKNOWN_LIFE
    try:
        life = float(expires_in)
    except (ValueError, OverflowError):
        return UNKNOWN_LIFE
    if not math.isfinite(life) or life < 0:
        return UNKNOWN_LIFE
    return min(math.floor(life), LONGEST_LIFE)


def issue(text: str, life: float, issued_at: float) -> Token:
    """A token fresh from the server."""
    remember_token(text)
    window = max(2 * _margin(life), min(900.0, 0.1 * life))
    expires_at = issued_at + life
    return Token(Secret(text), fingerprint(text), issued_at, expires_at, expires_at - window)


def read_answer(body: Mapping[str, Any], issued_at: float) -> Token:
    """The token of an answer (RFC 6749 §5.1).

    Raises:
        BadResponse: there is none, or one that would not fit in a header.
        ConfigurationError: a type of token that this client cannot use.
    """
    kind = body.get("token_type")
    if kind is not None and str(kind).lower() != "bearer":
        raise ConfigurationError(
            "The token endpoint gives tokens of a type other than Bearer: AUTH_URL does not name a Playlyfe server"
        )
    text = body.get("access_token")
    if not isinstance(text, str) or not _TOKEN.fullmatch(text):
        raise BadResponse("The token endpoint's answer holds no usable token", reason="wrong_shape")
    return issue(text, life_of(body.get("expires_in")), issued_at)


def read_record(data: Any, now: float) -> Token | None:
    """The token of a stored record; None if it is damaged, of another format, or from the future."""
    if not isinstance(data, Mapping) or data.get("v") != FORMAT:
        return None
    text, times = data.get("token"), [data.get(name) for name in ("iat", "exp", "adv")]
    if not isinstance(text, str) or not _TOKEN.fullmatch(text) or data.get("fp") != fingerprint(text):
        return None
    if not all(isinstance(time, int | float) and math.isfinite(time) for time in times):
        return None
    issued_at, expires_at, advisory_at = (float(time) for time in times if time is not None)
    if issued_at > now + _CLOCK_TOLERANCE or not issued_at < expires_at <= issued_at + LONGEST_LIFE:
        return None
    remember_token(text)
    return Token(Secret(text), fingerprint(text), issued_at, expires_at, advisory_at)


def fingerprint(text: str) -> str:
    """The name of a token."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _margin(life: float) -> float:
    return max(min(60.0, 0.1 * life), 5.0)
