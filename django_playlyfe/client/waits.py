"""How long to wait: ``Retry-After``, back-off and jitter (``reliability.md`` §2.3, §2.4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from django_playlyfe.client.clock import Chance

THROTTLE_CAP = 300.0
DELIVERY_CAP = 6 * 3600.0
_LONGEST = 366 * 86400.0
_SECONDS = re.compile(r"-?[0-9]+")


def http_date(text: str | None) -> datetime | None:
    """The instant of a header such as ``Date``; None if there is none, or it cannot be read."""
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the answer asks to wait; 0 for a moment that has passed; None if absent or unreadable.

    A date counts from the answer's own ``Date``, so a wrong clock here does not matter.

    Args:
        headers: case-insensitive.
    """
    text = (headers.get("Retry-After") or "").strip()
    if _SECONDS.fullmatch(text):
        return min(max(float(text), 0.0), _LONGEST)
    until, since = http_date(text), http_date(headers.get("Date"))
    if until is None or since is None:
        return None
    return min(max((until - since).total_seconds(), 0.0), _LONGEST)


def asked(seconds: float | None, cap: float, chance: Chance) -> float:
    """A server's ``Retry-After`` as we keep it: capped, and up to 10 % longer so that not all come back at once."""
    return min(seconds or 0.0, cap) * chance.uniform(1.0, 1.1)


def doubling(first: float, times: int, cap: float) -> float:
    """``first`` seconds, doubled for each of ``times`` after the first, at most ``cap``."""
    return min(first * 2.0 ** min(max(times - 1, 0), 30), cap)


def spread(seconds: float, chance: Chance) -> float:
    """``seconds`` ± 20 %."""
    return seconds * chance.uniform(0.8, 1.2)


def before_repeat(attempt: int, chance: Chance) -> float:
    """The pause after the ``attempt``-th attempt: full jitter, U(0, min(5 s, 0.2 s · 2ⁿ))."""
    return chance.uniform(0.0, min(5.0, 0.2 * 2.0**attempt))
