"""Cycles of leaderboards: which one an instant belongs to (``engine.md`` §11.3).

A cycle is named by a key that depends on nothing but the instant and the zone, so an old cycle is just an old key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo
from types import MappingProxyType

from django_playlyfe.engine.rules.windows import Unit, next_window_start, window_start

ALLTIME = "alltime"
"""The one cycle without an end; its key is ""."""
UNITS: Mapping[str, Unit] = MappingProxyType({"daily": "day", "weekly": "week", "monthly": "month", "yearly": "year"})
"""Every shorter cycle, and its unit of the calendar. Weeks begin on Sunday."""
KEY_LENGTH = 11
_LETTERS = {"d": "daily", "w": "weekly", "m": "monthly", "y": "yearly"}


def cycle_key(cycle: str, at: datetime, zone: tzinfo) -> str:
    """The key of the cycle that contains an instant: "" for ``alltime``, else a letter and the cycle's first day, as
    in ``w2024-03-03``."""
    return "" if cycle == ALLTIME else f"{cycle[0]}{_first_day(cycle, at.astimezone(zone).date()).isoformat()}"


def first_day(key: str) -> date:
    """The first day of the cycle that a key names, which is not ``alltime``'s."""
    return date.fromisoformat(key[1:])


def cycle_of(key: str) -> str:
    """Which cycle a key is of."""
    return _LETTERS[key[0]] if key else ALLTIME


def following_day(key: str) -> date:
    """The first day after the cycle that a key names, which is not ``alltime``'s."""
    start = first_day(key)
    if key[0] == "y":
        return start.replace(year=start.year + 1)
    if key[0] == "m":
        return (start + timedelta(days=31)).replace(day=1)
    return start + timedelta(days=7 if key[0] == "w" else 1)


def key_of_day(cycle: str, day: date) -> str:
    """The key of the shorter cycle that a calendar day of the zone lies in."""
    return f"{cycle[0]}{_first_day(cycle, day).isoformat()}"


def bounds(cycle: str, at: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """First instant of a shorter cycle, and the first after it, in UTC: start <= t < end."""
    unit = UNITS[cycle]
    return window_start(at, unit, zone), next_window_start(at, unit, zone)


def _first_day(cycle: str, day: date) -> date:
    if cycle == "weekly":
        return day - timedelta(days=day.isoweekday() % 7)
    if cycle == "monthly":
        return day.replace(day=1)
    if cycle == "yearly":
        return day.replace(month=1, day=1)
    return day
