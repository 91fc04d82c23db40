"""Values as they travel: instants, numbers, texts, arrays and objects."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

from django_playlyfe import exceptions as errors

_MOST_DIGITS = 1000
"""Of a number. One written as "1e999999999" would take hours to become an int, and no page could show it."""


def wrong_shape(what: str) -> errors.BadResponse:
    """The error for an answer that cannot be read; ``what`` names the expectation."""
    return errors.BadResponse(f"The game's answer has the wrong shape: {what}", reason="wrong_shape")


def as_object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise wrong_shape(f"{what} should be an object")
    return value


def as_array(value: Any, what: str) -> list[Any]:
    if value is None:  # other servers send null for an empty feed
        return []
    if not isinstance(value, list):
        raise wrong_shape(f"{what} should be an array")
    return value


def as_text(value: Any) -> str:
    return "" if value is None else str(value)


def read_instant(value: Any) -> datetime:
    """An ISO timestamp as an aware datetime in UTC."""
    try:
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
        return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError):  # the first hours of year 1 east of Greenwich are in no year
        raise wrong_shape("a timestamp should be ISO 8601") from None


def write_instant(moment: datetime) -> str:
    """ISO 8601 in UTC with three millisecond digits and ``Z`` (``http-api.md`` §4.3)."""
    moment = moment if moment.tzinfo is timezone.utc else moment.astimezone(timezone.utc)
    return f"{moment.isoformat(timespec='milliseconds')[:23]}Z"


def read_number(value: Any) -> int | None:
    """A score as it travels (text or number) as an int, rounded half away from zero; infinities and null are None.

    Scores pass 2^53, so no float is ever made from text.
    """
    if value is None:
        return None
    if isinstance(value, bool):
        raise wrong_shape("a score should be a number")
    if isinstance(value, int) and value.bit_length() <= _MOST_DIGITS * 3:
        return value
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise wrong_shape("a score should be a number") from None
    if not number.is_finite():
        return None
    if number.adjusted() >= _MOST_DIGITS:
        raise wrong_shape(f"a score should have at most {_MOST_DIGITS} digits")
    return int(number.to_integral_value(rounding="ROUND_HALF_UP"))


def read_chance(value: Any) -> float:
    """A probability, as a number or as text."""
    try:
        chance = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else None
    except ValueError:
        chance = None
    if chance is None or not 0 <= chance <= 1:
        raise wrong_shape("a probability should be a number from 0 to 1")
    return chance
