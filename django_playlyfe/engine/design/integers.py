"""Number strings of a design: what is accepted, and the one form that is stored (``engine.md`` §1, convention 1)."""

from __future__ import annotations

import re
from decimal import Decimal

INFINITY = "Infinity"
MINUS_INFINITY = "-Infinity"
LARGEST = 2**63 - 1
"""Scores, and every other number of a design, lie within ±LARGEST: a BIGINT column."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,40}(\.0{1,20})?([eE]\+?[0-9]{1,2})?", re.ASCII)


def canonical_integer(value: object) -> str | None:
    """The stored form of an integer: no plus sign, leading zeros, point or exponent; ``-0`` is ``0``.

    Args:
        value: a number string or a JSON number.

    Returns:
        The canonical string; None if the value is no integer or lies beyond ±LARGEST.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = value if isinstance(value, str) else str(value)
    if not _INTEGER.fullmatch(text):
        return None
    number = Decimal(text)
    return str(int(number)) if abs(number) <= LARGEST else None


def canonical_expression(value: object) -> object:
    """A JSON number as expression text, which knows no exponent; text is kept verbatim, anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return canonical_integer(value) or format(Decimal(repr(value)), "f")


def bound(text: str) -> int | None:
    """A canonical number string as an int, None for either infinity."""
    return None if text in (INFINITY, MINUS_INFINITY) else int(text)
