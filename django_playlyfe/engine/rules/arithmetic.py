"""Numbers as formulas and scores see them (``engine.md`` §7.2): decimals of 28 digits, NaN for everything undefined.

The thread's own context, which a site may have changed, plays no part in the arithmetic, and nothing raises, as all
traps are off.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

LIMIT = 2**63 - 1
"""Scores are integers within ±LIMIT."""

NAN = Decimal("NaN")

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


CONTEXT = Context(prec=28, rounding=ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999, clamp=0, flags=[], traps=[])
"""What every evaluation calculates in. Every parameter is named, so that no changed default can move a score; of a use
it keeps nothing but flags, which nobody reads, so threads may share it."""


def defined(number: Decimal) -> Decimal:
    """``number``, or NaN where it is infinite: division by zero and overflow are undefined."""
    return number if number.is_finite() else NAN


def reads_as_number(text: str) -> bool:
    """Whether ``text`` is wholly a number: digits with an optional sign and fraction, neither blanks nor exponent."""
    return _NUMBER.fullmatch(text) is not None


def as_number(value: Decimal | str) -> Decimal:
    """A value as an operand: text is read as a number, NaN if it is none."""
    if isinstance(value, str):
        return Decimal(value) if reads_as_number(value) else NAN
    return value


def as_score(number: Decimal) -> int | None:
    """``number`` as it is stored: rounded half away from zero; None if undefined or beyond ±(2^63−1)."""
    if not number.is_finite():
        return None
    integral = number.to_integral_value(rounding=ROUND_HALF_UP)
    return int(integral) if -LIMIT <= integral <= LIMIT else None
