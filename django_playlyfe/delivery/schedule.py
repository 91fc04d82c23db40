"""When an owed row is tried again, and when a pause ends (``reliability.md`` §3.5). Pure: chance is an argument."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import uniform

Chance = Callable[[float, float], float]
"""``uniform(a, b)``."""

BACK_OFF = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0, 21600.0)
"""Seconds after the first, second, … attempt; the last one from then on."""
LONGEST_RETRY_AFTER = 6 * 3600.0
HORIZON = timedelta(days=14)
"""Trouble that may pass makes a row DEAD only after this time."""
FIRST_PAUSE, LONGEST_PAUSE = 30.0, 300.0
QUOTA_PAUSE = 3600.0


def next_attempt(attempts: int, now: datetime, retry_at: datetime | None = None, chance: Chance = uniform) -> datetime:
    """The instant of the next attempt.

    Args:
        attempts: how many there were, at least 1.
        now: of the injected clock.
        retry_at: what the game asks for. It raises the wait, never lowers it.
    """
    own = BACK_OFF[min(max(attempts, 1), len(BACK_OFF)) - 1] * chance(0.5, 1.0)
    return max(now + timedelta(seconds=own), asked(now, retry_at, chance) or now)


def asked(now: datetime, retry_at: datetime | None, chance: Chance = uniform) -> datetime | None:
    """What the game asks for, at most six hours, and up to a tenth later so that not all rows come back at once."""
    if retry_at is None:
        return None
    seconds = min((retry_at - now).total_seconds(), LONGEST_RETRY_AFTER)
    return now + timedelta(seconds=max(seconds, 0.0) * chance(1.0, 1.1))


def pause_length(times: int, *, is_quota: bool) -> float:
    """Seconds of the ``times``-th pause in a row: an hour for a quota, else 30 s doubling to 5 min."""
    if is_quota:
        return QUOTA_PAUSE
    return min(FIRST_PAUSE * 2.0 ** min(max(times - 1, 0), 10), LONGEST_PAUSE)
