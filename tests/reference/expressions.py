"""Expressions (``engine.md`` §7), evaluated while they are read: no tree, no compilation, one function per rule of the
grammar. Nothing of the engine is imported."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal

NAN = Decimal("NaN")
_TOKENS = re.compile(
    r"\s*(?:(\d+(?:\.\d+)?)|(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|(\$\w+)|(\w+)|([-+*/%(),.\[\]]))", re.ASCII
)

Value = Decimal | str
Lookup = Callable[..., Value]


def evaluate(text: object, score: Lookup, variable: Lookup) -> Value:
    """The value of an expression.

    Args:
        text: the expression; a JSON number stands for itself.
        score: ``score(metric)`` or ``score(metric, item)``.
        variable: ``variable(name)``.
    """
    return _Reader(str(text), score, variable).whole()


def number(value: Value) -> Decimal:
    """§7.2: "A string operand … is read as a number, NaN if it is none"."""
    if isinstance(value, str):
        return Decimal(value) if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", value) else NAN
    return value


def rounded(value: Decimal) -> int | None:
    """§7.2: round half away from zero; a result outside ±(2^63−1), or NaN, is no score."""
    if not value.is_finite():
        return None
    whole = int(value.to_integral_value(rounding=ROUND_HALF_UP))
    return whole if abs(whole) <= 2**63 - 1 else None


def arithmetic(left: Decimal, symbol: str, right: Decimal) -> Decimal:
    """§7.2: 28 digits; NaN in, NaN out; division by zero, overflow and ``%`` by zero are NaN."""
    context = Context(prec=28, Emin=-999999, Emax=999999, traps=[])
    operations = {
        "+": context.add,
        "-": context.subtract,
        "*": context.multiply,
        "/": context.divide,
        "%": context.remainder,
    }
    result = operations[symbol](left, right)
    return result if result.is_finite() else NAN


class _Reader:
    def __init__(self, text: str, score: Lookup, variable: Lookup) -> None:
        self.tokens = []
        position = 0
        text = text.rstrip()
        while position < len(text):
            match = _TOKENS.match(text, position)
            assert match, f"{text!r} at {position}"
            self.tokens.append(match.group().strip())
            position = match.end()
        self.tokens.append("")
        self.score, self.variable = score, variable

    def whole(self) -> Value:
        value = self.expression()
        assert self.tokens == [""], self.tokens
        return value

    def take(self) -> str:
        return self.tokens.pop(0)

    def expression(self) -> Value:
        value = self.term()
        while self.tokens[0] in ("+", "-"):
            value = arithmetic(number(value), self.take(), number(self.term()))
        return value

    def term(self) -> Value:
        value = self.factor()
        while self.tokens[0] in ("*", "/", "%"):
            value = arithmetic(number(value), self.take(), number(self.factor()))
        return value

    def factor(self) -> Value:
        if self.tokens[0] in ("+", "-"):
            return arithmetic(Decimal(0), self.take(), number(self.factor()))
        return self.primary()

    def primary(self) -> Value:
        token = self.take()
        if token[0].isdigit():
            return Decimal(token)
        if token[0] in "\"'":
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        if token == "(":
            value = self.expression()
            self.take()
            return value
        if token == "$vars":
            return self.variable(self.member())
        if token == "$scores":
            metric = self.member()
            return self.score(metric, self.member()) if self.tokens[0] in (".", "[") else self.score(metric)
        return self.call(token)

    def member(self) -> str:
        if self.take() == ".":
            return self.take()
        name = self.take()[1:-1]
        self.take()
        return name

    def call(self, function: str) -> Value:
        self.take()
        arguments = [number(self.expression())]
        while self.take() == ",":
            arguments.append(number(self.expression()))
        if any(argument.is_nan() for argument in arguments):
            return NAN
        if function in ("min", "max"):
            return {"min": min, "max": max}[function](arguments)
        rounding = {"round": ROUND_HALF_UP, "floor": ROUND_FLOOR, "ceil": ROUND_CEILING}[function]
        return arguments[0].to_integral_value(rounding=rounding)
