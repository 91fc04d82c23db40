"""Between which values a formula stays, whatever it reads: interval arithmetic, for what is said of a design before it
is played. The bounds hold; they need not be reached."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol

from django_playlyfe.engine.rules.arithmetic import CONTEXT

_INFINITY = Decimal("Infinity")


class Span(NamedTuple):
    """All numbers from ``low`` to ``high``, both inclusive; infinite where there is no bound."""

    low: Decimal
    high: Decimal


EVERYTHING = Span(-_INFINITY, _INFINITY)


class Spans(Protocol):
    """What is known of the scores and variables that a formula reads."""

    def score(self, metric: str, item: str | None) -> Span:
        """Between which values a score stays."""

    def variable(self, name: str) -> Span:
        """Between which values a variable stays."""


def of_number(number: Decimal) -> Span:
    """One number; of an undefined one nothing is known."""
    return EVERYTHING if number.is_nan() else Span(number, number)


def negative(span: Span) -> Span:
    """Of ``-x``."""
    return Span(-span.high, -span.low)


def combine(symbol: str, left: Span, right: Span) -> Span:
    """Of two operands with ``+ - * / %`` between them."""
    context = CONTEXT
    if symbol == "+":
        return _from([context.add(left.low, right.low)], [context.add(left.high, right.high)])
    if symbol == "-":
        return combine("+", left, negative(right))
    if symbol == "%":
        return _remainder(left, right)
    if symbol == "/":
        if right.low <= 0 <= right.high:
            return EVERYTHING
        corners = [context.divide(a, b) for a in left for b in right]
    else:
        corners = [_product(a, b) for a in left for b in right]
    return _from(corners, corners)


def call(function: str, arguments: Sequence[Span]) -> Span:
    """Of ``min``, ``max``, ``round``, ``floor`` and ``ceil``."""
    if function in ("min", "max"):
        choose = min if function == "min" else max
        return Span(choose(one.low for one in arguments), choose(one.high for one in arguments))
    (one,) = arguments
    return Span(_outwards(one.low, -1), _outwards(one.high, 1))


def _outwards(bound: Decimal, step: int) -> Decimal:
    """A bound that rounding in any way does not pass."""
    if not bound.is_finite() or bound == bound.to_integral_value():
        return bound
    rounding = "ROUND_CEILING" if step > 0 else "ROUND_FLOOR"
    return bound.to_integral_value(rounding=rounding)


def _product(left: Decimal, right: Decimal) -> Decimal:
    return Decimal(0) if not left or not right else CONTEXT.multiply(left, right)


def _remainder(left: Span, right: Span) -> Span:
    """It has the sign of the dividend and is no larger than either."""
    largest = max(abs(right.low), abs(right.high))
    low = -min(abs(left.low), largest) if left.low < 0 else Decimal(0)
    high = min(left.high, largest) if left.high > 0 else Decimal(0)
    return Span(low, high)


def _from(lows: Sequence[Decimal], highs: Sequence[Decimal]) -> Span:
    """The widest of some corners; everything if one is undefined (infinity less infinity)."""
    if any(number.is_nan() for number in (*lows, *highs)):
        return EVERYTHING
    return Span(min(lows), max(highs))
