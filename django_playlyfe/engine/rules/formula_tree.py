"""What an expression is once it is parsed (``engine.md`` §7.2): a tree that is walked, and never raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple, Protocol

from django_playlyfe.engine.rules import spans
from django_playlyfe.engine.rules.arithmetic import NAN, as_number, defined
from django_playlyfe.engine.rules.spans import Span, Spans

Value = Decimal | str


class Scores(Protocol):
    """Whose scores a formula reads."""

    def number(self, metric: str, item: str | None) -> Decimal:
        """A stored or default score (``engine.md`` §5), NaN if there is none; ``item`` for sets only."""


class Inputs(NamedTuple):
    """What one evaluation reads, and the context it calculates in."""

    scores: Scores
    variables: Mapping[str, object]
    context: Context


class Node(Protocol):
    """A part of an expression."""

    def value(self, inputs: Inputs) -> Value:
        """What it comes to."""

    def span(self, known: Spans) -> Span:
        """Between which values it stays."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, or text in quotes."""

    content: Value

    def value(self, inputs: Inputs) -> Value:
        return self.content

    def span(self, known: Spans) -> Span:
        return spans.of_number(as_number(self.content))


@dataclass(frozen=True, slots=True)
class Variable:
    """``$vars['name']``; one that is missing, or neither an integer nor text, is NaN."""

    name: str

    def value(self, inputs: Inputs) -> Value:
        found = inputs.variables.get(self.name)
        if isinstance(found, str):
            return found
        if isinstance(found, int) and not isinstance(found, bool):
            return Decimal(found)
        return NAN

    def span(self, known: Spans) -> Span:
        return known.variable(self.name)


@dataclass(frozen=True, slots=True)
class Score:
    """``$scores['metric']``, or of a set ``$scores['metric']['item']``."""

    metric: str
    item: str | None

    def value(self, inputs: Inputs) -> Value:
        return inputs.scores.number(self.metric, self.item)

    def span(self, known: Spans) -> Span:
        return known.score(self.metric, self.item)


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign before a factor."""

    symbol: str
    operand: Node

    def value(self, inputs: Inputs) -> Value:
        operand = as_number(self.operand.value(inputs))
        return defined(inputs.context.minus(operand) if self.symbol == "-" else inputs.context.plus(operand))

    def span(self, known: Spans) -> Span:
        operand = self.operand.span(known)
        return spans.negative(operand) if self.symbol == "-" else operand


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators of one precedence, applied from the left."""

    first: Node
    rest: tuple[tuple[str, Node], ...]

    def value(self, inputs: Inputs) -> Value:
        result = as_number(self.first.value(inputs))
        for symbol, operand in self.rest:
            result = defined(_OPERATORS[symbol](inputs.context, result, as_number(operand.value(inputs))))
        return result

    def span(self, known: Spans) -> Span:
        result = self.first.span(known)
        for symbol, operand in self.rest:
            result = spans.combine(symbol, result, operand.span(known))
        return result


@dataclass(frozen=True, slots=True)
class Call:
    """A function of numbers."""

    function: str
    arguments: tuple[Node, ...]

    def value(self, inputs: Inputs) -> Value:
        numbers = [as_number(argument.value(inputs)) for argument in self.arguments]
        # Comparing with NaN raises in the thread's own context, so it must not come to that.
        return NAN if any(number.is_nan() for number in numbers) else FUNCTIONS[self.function](numbers)

    def span(self, known: Spans) -> Span:
        return spans.call(self.function, [argument.span(known) for argument in self.arguments])


_OPERATORS: Mapping[str, Callable[[Context, Decimal, Decimal], Decimal]] = {
    "+": Context.add,
    "-": Context.subtract,
    "*": Context.multiply,
    "/": Context.divide,
    "%": Context.remainder,  # has the sign of the dividend
}

FUNCTIONS: Mapping[str, Callable[[list[Decimal]], Decimal]] = {
    "min": min,
    "max": max,
    "round": lambda numbers: numbers[0].to_integral_value(rounding=ROUND_HALF_UP),
    "floor": lambda numbers: numbers[0].to_integral_value(rounding=ROUND_FLOOR),
    "ceil": lambda numbers: numbers[0].to_integral_value(rounding=ROUND_CEILING),
}

ONE_ARGUMENT = frozenset({"round", "floor", "ceil"})
