"""Keeps secrets out of logs, exception texts and reprs (``reliability.md`` §2.8).

Two nets. Every secret and token of this process is known here and struck out wherever it appears; and what merely looks
like one (a query parameter, a header, credentials in a URL) is struck out by its shape, also in the logs of other
libraries. For those, put :class:`RedactingFilter` on their logger::

    LOGGING = {
        "filters": {"playlyfe": {"()": "django_playlyfe.client.redaction.RedactingFilter"}},
        "loggers": {"urllib3.connectionpool": {"filters": ["playlyfe"]}},
        ...
    }
"""

from __future__ import annotations

import logging
import re
from collections import deque
from urllib.parse import quote, quote_plus

STRUCK = "[redacted]"

_PARAMETERS = r"access_token|refresh_token|client_secret|jwt|play_token|password"
_SHAPES = (
    # In a query or a form: access_token=…
    (re.compile(rf"(?i)\b({_PARAMETERS})=[^&\s\"'<>]+"), rf"\1={STRUCK}"),
    # In JSON, or in the repr of a mapping: "access_token": "…"
    (re.compile(rf"(?i)([\"'](?:{_PARAMETERS})[\"']\s*:\s*)[\"'][^\"']*[\"']"), rf'\1"{STRUCK}"'),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=:-]{6,}"), rf"\1 {STRUCK}"),
    # Credentials of a proxy: http://user:password@host
    (re.compile(r"(?<=://)[^/\s@\"']+@"), f"{STRUCK}@"),
)
# A shorter one would strike out ordinary words.
_SHORTEST = 8

_secrets: frozenset[str] = frozenset()
_tokens: deque[str] = deque(maxlen=64)


def _forms(text: str) -> set[str]:
    return {text, quote(text, safe=""), quote_plus(text)} if len(text) >= _SHORTEST else set()


def remember_secret(text: str) -> None:
    """Strike out ``text`` from now on, in plain and percent-encoded form."""
    global _secrets
    _secrets |= _forms(text)


def remember_token(text: str) -> None:
    """The same for a token; old ones are forgotten when many have come since."""
    if text not in _tokens:
        _tokens.extend(_forms(text))


def redact(text: str) -> str:
    """``text`` without anything secret."""
    for secret in (*_secrets, *tuple(_tokens)):
        if secret in text:
            text = text.replace(secret, STRUCK)
    for shape, replacement in _SHAPES:
        text = shape.sub(replacement, text)
    return text


class Secret:
    """A string that shows itself to nobody who does not ask by name."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text
        remember_secret(text)

    def reveal(self) -> str:
        """The string itself."""
        return self._text

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {STRUCK}>"

    def __reduce__(self) -> str:
        raise TypeError("A secret is not pickled")


class RedactingFilter(logging.Filter):
    """Strikes secrets out of a log record: its message, its arguments and its traceback."""

    _formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = redact(record.getMessage())
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = self._formatter.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
            record.exc_info = None  # another handler would format it afresh
        return True


logger = logging.getLogger("django_playlyfe.client")
"""The one logger of the client. Filters do not pass on to child loggers, hence one for all modules."""
logger.addFilter(RedactingFilter())
