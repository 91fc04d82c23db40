"""Streaks: days, weeks or months with a play, one after the other (``engine.md`` §17.4).

What is remembered of an action are the days on which it was played, all of them, so that a play that arrives late may
join two runs, and one that is taken back may part them. They are one text, about ninety characters for a year: the
first day, a blank, and a bit for each day from there on in hexadecimal, the first day's the lowest. The same days have
the same text. Days are those of the player's own calendar, as the log has recorded them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Literal, NamedTuple, get_args

Unit = Literal["day", "week", "month"]
UNITS: tuple[Unit, ...] = get_args(Unit)
"""What a streak may be counted in. Weeks begin on Sunday, as those of leaderboards."""

NEVER = ""
"""The days of what was never played."""

_WEEK = 7


class Standing(NamedTuple):
    """A streak as it stands on one day.

    Attributes:
        length: how many periods one after the other had a play, to this one or the one before; 0 once a whole period
            has passed without.
        longest: the most there ever were.
        is_kept: whether this period has its play; if not, the streak ends with it.
    """

    length: int
    longest: int
    is_kept: bool


def played(days: str, day: date) -> str:
    """The days, and this one."""
    ordinal = day.toordinal()
    if not days:
        return _text(ordinal, 1)
    first, bits = _read(days)
    if ordinal < first:
        return _text(ordinal, bits << first - ordinal | 1)
    return _text(first, bits | 1 << ordinal - first)


def together(several: Iterable[str]) -> str:
    """The days on which any of several was played."""
    read = [_read(days) for days in several if days]
    if not read:
        return NEVER
    start, all_bits = min(first for first, _ in read), 0
    for first, bits in read:
        all_bits |= bits << first - start
    return _text(start, all_bits)


def dates(days: str) -> Iterator[date]:
    """The days as dates, ascending."""
    if days:
        first, bits = _read(days)
        for place in range(bits.bit_length()):
            if bits >> place & 1:
                yield date.fromordinal(first + place)


def length(days: str, unit: Unit, today: date) -> int:
    """How many periods one after the other had a play, to this one or the one before.

    A day after ``today`` is not counted: it is one to which a play that arrives late does not look ahead, or that the
    player, now further west, has not come to again.
    """
    return _length(*_until(days, unit, today))


def standing(days: str, unit: Unit, today: date) -> Standing:
    """The streak as it stands on this day."""
    ago, periods = _until(days, unit, today)
    longest = max(map(len, f"{periods:b}".split("0")))
    return Standing(_length(ago, periods), longest, bool(periods) and ago == 0)


def _length(ago: int, periods: int) -> int:
    if not periods or ago > 1:
        return 0
    digits = f"{periods:b}"
    return len(digits) - len(digits.lstrip("1"))


def _until(days: str, unit: Unit, today: date) -> tuple[int, int]:
    """The periods with a play up to this day, the earliest one's bit the lowest; and how many periods ago the last one
    was."""
    if not days:
        return 0, 0
    first, bits = _read(days)
    now = today.toordinal()
    if now < first:
        return 0, 0
    bits &= (2 << now - first) - 1
    ago = _number(now, unit) - _number(first + bits.bit_length() - 1, unit)
    return ago, bits if unit == "day" else _periods(first, bits, unit)


def _periods(first: int, bits: int, unit: Unit) -> int:
    found, place = 0, 0
    while bits:
        end = _following(first, unit)
        if bits & (1 << end - first) - 1:
            found |= 1 << place
        bits >>= end - first
        first, place = end, place + 1
    return found


def _number(ordinal: int, unit: Unit) -> int:
    """The number of a day's period; that of the next one is one more."""
    if unit == "day":
        return ordinal
    if unit == "week":
        return ordinal // _WEEK  # the first Sunday ever has the number 7
    day = date.fromordinal(ordinal)
    return day.year * 12 + day.month


def _following(ordinal: int, unit: Unit) -> int:
    """The first day of the week or month after a day's."""
    if unit == "week":
        return (ordinal // _WEEK + 1) * _WEEK
    return (date.fromordinal(ordinal).replace(day=1) + timedelta(days=31)).replace(day=1).toordinal()


def _read(days: str) -> tuple[int, int]:
    day, _, bits = days.partition(" ")
    return date.fromisoformat(day).toordinal(), int(bits, 16)


def _text(first: int, bits: int) -> str:
    return f"{date.fromordinal(first).isoformat()} {bits:x}"
