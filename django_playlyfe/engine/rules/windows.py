"""Calendar windows of FIXED rate limits, in the game's time zone (``engine.md`` §8.2)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from typing import Literal

Unit = Literal["minute", "hour", "day", "week", "month", "year"]

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY

_UNITS: dict[int, Unit] = {
    MINUTE: "minute",
    HOUR: "hour",
    DAY: "day",
    WEEK: "week",
    **dict.fromkeys(range(28 * DAY, 32 * DAY, DAY), "month"),
    365 * DAY: "year",
    366 * DAY: "year",
}


def calendar_unit(timeframe: int) -> Unit | None:
    """The unit that a timeframe of so many milliseconds names, None if it is not exactly one."""
    return _UNITS.get(timeframe)


def window_start(at: datetime, unit: Unit, zone: tzinfo) -> datetime:
    """The first instant (UTC) of the window of ``at``."""
    return _beginning(at, unit, zone).astimezone(timezone.utc)


def next_window_start(at: datetime, unit: Unit, zone: tzinfo) -> datetime:
    """The first instant (UTC) after the window of ``at``."""
    beginning = _beginning(at, unit, zone)
    following = _following(beginning, unit)
    # When clocks are put back, the hour that is lived twice is two windows: the second may come before "the next hour".
    candidates = [beginning.replace(fold=1), following, following.replace(fold=1)]
    instants = sorted(candidate.astimezone(timezone.utc) for candidate in candidates)
    start = beginning.astimezone(timezone.utc)
    return next(instant for instant in instants if instant > at and window_start(instant, unit, zone) > start)


def _beginning(at: datetime, unit: Unit, zone: tzinfo) -> datetime:
    """The window's first moment on the wall. Where clocks skip it, its instant is that of the skip."""
    local = at.astimezone(zone).replace(second=0, microsecond=0)
    if unit == "minute":
        return local
    local = local.replace(minute=0)
    if unit == "hour":
        return local
    midnight = local.replace(hour=0, fold=0)
    if unit == "week":
        return midnight - timedelta(days=midnight.isoweekday() % 7)  # Sunday is its own first day
    if unit == "month":
        return midnight.replace(day=1)
    if unit == "year":
        return midnight.replace(month=1, day=1)
    return midnight


def _following(beginning: datetime, unit: Unit) -> datetime:
    """The next window's first moment on the wall; adding to a zoned datetime moves the wall clock."""
    if unit == "year":
        return beginning.replace(year=beginning.year + 1)
    if unit == "month":
        return (beginning + timedelta(days=31)).replace(day=1)
    lengths = {"minute": MINUTE, "hour": HOUR, "day": DAY, "week": WEEK}
    return (beginning + timedelta(milliseconds=lengths[unit])).replace(fold=0)
