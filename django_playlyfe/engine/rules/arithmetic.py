"""Numbers as formulas and scores see them (``engine.md`` §7.2): decimals of 28 digits, NaN for everything undefined.

The arithmetic context is made anew for every use: the thread's own context, which a site may have changed, plays no
part, and nothing raises, as all traps are off.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

LIMIT = 2**63 - 1
"""Scores are integers within ±LIMIT."""

NAN = Decimal("NaN")

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def new_context() -> Context:
    """The context of one evaluation. Every parameter is named, so that no changed default can move a score."""
    return Context(prec=28, rounding=ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999, clamp=0, flags=[], traps=[])


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
