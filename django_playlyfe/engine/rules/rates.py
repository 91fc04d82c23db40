"""How often an action may be played (``engine.md`` §8.2).

A limit remembers a small :data:`~django_playlyfe.engine.rules.state.Usage` per player and action; an empty one, or one
that a limit of another type left behind, counts as nothing used. Clocks of several servers differ, so for one player
time never runs backwards here: an instant before the last recorded one counts as that one.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from fractions import Fraction
from typing import NamedTuple, Protocol

from django_playlyfe.engine.rules.plan import Rate, RateType
from django_playlyfe.engine.rules.state import Refused, Usage
from django_playlyfe.engine.rules.windows import (
    DAY,
    HOUR,
    MINUTE,
    WEEK,
    Unit,
    calendar_unit,
    next_window_start,
    window_start,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND = timedelta(milliseconds=1)


def check(action: str, rate: Rate, usage: Usage, count: int, at: datetime, zone: tzinfo) -> None:
    """Let a play of weight ``count`` pass if it fits its limit as a whole.

    Args:
        action: id, for the text.
        usage: what the limit remembers; ``{}`` if nothing.
        at: the play's instant, aware.
        zone: the game's; only FIXED windows depend on it.

    Raises:
        Refused: ``rate_limit_exceeded``; its ``retry_at`` is the first millisecond at which this play would fit, None
            if it never will.
    """
    limit = _LIMITS[rate.type](rate, zone)
    moment = _milliseconds(at)
    if limit.used(usage, moment) + count <= rate.count:
        return
    fits_at = _instant(limit.fits_at(usage, moment, count)) if count <= rate.count else None
    raise Refused("rate_limit_exceeded", limit_text(action, rate), retry_at=fits_at)


def consume(rate: Rate, usage: Usage, count: int, at: datetime, zone: tzinfo) -> Usage:
    """The usage after a play of weight ``count`` at ``at``; the one given is left as it is."""
    return _LIMITS[rate.type](rate, zone).after(usage, _milliseconds(at), count)


def limit_text(action: str, rate: Rate) -> str:
    """The sentence of a refusal, such as ``The Action 'read' can only be triggered 5 times every day``."""
    return f"The Action '{action}' can only be triggered {rate.count} times every {_period(rate)}"


def _period(rate: Rate) -> str:
    named = calendar_unit(rate.timeframe)
    if named is not None:
        return named
    length, unit = next((length, unit) for length, unit in _PERIODS if rate.timeframe % length == 0)
    number = rate.timeframe // length
    return unit if number == 1 else f"{number} {unit}s"


_PERIODS = (
    (365 * DAY, "year"),
    (30 * DAY, "month"),
    (WEEK, "week"),
    (DAY, "day"),
    (HOUR, "hour"),
    (MINUTE, "minute"),
    (1000, "second"),
    (1, "millisecond"),
)


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND


def _instant(milliseconds: int) -> datetime:
    return _EPOCH + milliseconds * _MILLISECOND


class _Limit(Protocol):
    """One type of limit. Moments are Unix milliseconds."""

    def __init__(self, rate: Rate, zone: tzinfo) -> None: ...

    def used(self, usage: Usage, moment: int) -> Fraction | int:
        """What counts against the limit at ``moment``."""

    def fits_at(self, usage: Usage, moment: int, count: int) -> int:
        """When ``count``, which is within the limit but does not fit now, will fit."""

    def after(self, usage: Usage, moment: int, count: int) -> Usage:
        """The usage when ``count`` has been added at ``moment``."""


class _Window(NamedTuple):
    start: int
    used: int


class _Fixed:
    """Usage ``{"start": ms, "used": n}``: the calendar window played in last."""

    def __init__(self, rate: Rate, zone: tzinfo) -> None:
        self._unit = self._calendar_unit(rate)
        self._zone = zone

    @staticmethod
    def _calendar_unit(rate: Rate) -> Unit:
        unit = calendar_unit(rate.timeframe)
        if unit is None:  # activation refuses such a design
            raise ValueError(f"A FIXED limit covers exactly one calendar unit, not {rate.timeframe} ms")
        return unit

    def _window(self, usage: Usage, moment: int) -> _Window:
        start = _milliseconds(window_start(_instant(moment), self._unit, self._zone))
        if "start" in usage and usage["start"] >= start:
            return _Window(usage["start"], usage["used"])
        return _Window(start, 0)

    def used(self, usage: Usage, moment: int) -> int:
        return self._window(usage, moment).used

    def fits_at(self, usage: Usage, moment: int, count: int) -> int:
        latest = max(moment, self._window(usage, moment).start)
        return _milliseconds(next_window_start(_instant(latest), self._unit, self._zone))

    def after(self, usage: Usage, moment: int, count: int) -> Usage:
        window = self._window(usage, moment)
        return {"start": window.start, "used": window.used + count}


class _Rolling:
    """Usage ``{"plays": [[ms, n], …]}``: the plays inside the timeframe, oldest first."""

    def __init__(self, rate: Rate, zone: tzinfo) -> None:
        self._rate = rate

    def _plays(self, usage: Usage, moment: int) -> list[tuple[int, int]]:
        plays = [(played, number) for played, number in usage.get("plays", ())]
        oldest = self._latest(usage, moment) - self._rate.timeframe
        return [(played, number) for played, number in plays if played > oldest]

    @staticmethod
    def _latest(usage: Usage, moment: int) -> int:
        plays = usage.get("plays")
        return max(moment, plays[-1][0]) if plays else moment

    def used(self, usage: Usage, moment: int) -> int:
        return sum(number for _, number in self._plays(usage, moment))

    def fits_at(self, usage: Usage, moment: int, count: int) -> int:
        excess = self.used(usage, moment) + count - self._rate.count
        for played, number in self._plays(usage, moment):
            moment = played + self._rate.timeframe
            excess -= number
            if excess <= 0:
                break
        return moment

    def after(self, usage: Usage, moment: int, count: int) -> Usage:
        plays = [*self._plays(usage, moment), (self._latest(usage, moment), count)]
        return {"plays": [[played, number] for played, number in plays]}


class _Leaky:
    """Usage ``{"level": "<fraction>", "at": ms}``. Fractions, as a week of milliseconds divides no decimal evenly."""

    def __init__(self, rate: Rate, zone: tzinfo) -> None:
        self._rate = rate

    def used(self, usage: Usage, moment: int) -> Fraction:
        if "level" not in usage:
            return Fraction(0)
        leaked = Fraction(max(0, moment - usage["at"]) * self._rate.count, self._rate.timeframe)
        return max(Fraction(0), Fraction(usage["level"]) - leaked)

    def fits_at(self, usage: Usage, moment: int, count: int) -> int:
        latest: int = max(moment, usage["at"])
        excess = self.used(usage, moment) + count - self._rate.count
        return latest - (-excess * self._rate.timeframe // self._rate.count)  # -(-a // b) rounds up

    def after(self, usage: Usage, moment: int, count: int) -> Usage:
        return {"level": str(self.used(usage, moment) + count), "at": max(moment, usage.get("at", moment))}


_LIMITS: dict[RateType, type[_Limit]] = {"FIXED": _Fixed, "ROLLING": _Rolling, "LEAKY": _Leaky}
