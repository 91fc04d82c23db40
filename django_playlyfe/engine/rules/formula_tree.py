"""What an expression is once it is parsed (``engine.md`` §7.2): a tree, and made of it functions of ours that call each
other as deep as the tree is, and never raise. No code is made of the text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Protocol, TypeAlias

from django_playlyfe.engine.rules import spans
from django_playlyfe.engine.rules.arithmetic import CONTEXT, NAN, as_number, defined
from django_playlyfe.engine.rules.spans import Span, Spans

Value = Decimal | str


class Scores(Protocol):
    """Whose scores a formula reads."""

    def number(self, metric: str, item: str | None) -> Decimal:
        """A stored or default score (``engine.md`` §5), NaN if there is none; ``item`` for sets only."""


Reader: TypeAlias = "Callable[[Scores, Mapping[str, object]], Value]"
"""What a part of an expression comes to, for whose scores and which variables."""
NumberReader: TypeAlias = "Callable[[Scores, Mapping[str, object]], Decimal]"


class Node(Protocol):
    """A part of an expression."""

    def reader(self) -> Reader:
        """What tells what it comes to."""

    def span(self, known: Spans) -> Span:
        """Between which values it stays."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, or text in quotes."""

    content: Value

    def reader(self) -> Reader:
        content = self.content
        return lambda _scores, _variables: content

    def span(self, known: Spans) -> Span:
        return spans.of_number(as_number(self.content))


@dataclass(frozen=True, slots=True)
class Variable:
    """``$vars['name']``; one that is missing, or neither an integer nor text, is NaN."""

    name: str

    def reader(self) -> Reader:
        name = self.name

        def read(_scores: Scores, variables: Mapping[str, object]) -> Value:
            found = variables.get(name)
            if isinstance(found, str):
                return found
            if isinstance(found, int) and not isinstance(found, bool):
                return Decimal(found)
            return NAN

        return read

    def span(self, known: Spans) -> Span:
        return known.variable(self.name)


@dataclass(frozen=True, slots=True)
class Score:
    """``$scores['metric']``, or of a set ``$scores['metric']['item']``."""

    metric: str
    item: str | None

    def reader(self) -> NumberReader:
        metric, item = self.metric, self.item
        return lambda scores, _variables: scores.number(metric, item)

    def span(self, known: Spans) -> Span:
        return known.score(self.metric, self.item)


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign before a factor."""

    symbol: str
    operand: Node

    def reader(self) -> NumberReader:
        operand, change = _number_of(self.operand), CONTEXT.minus if self.symbol == "-" else CONTEXT.plus
        return lambda scores, variables: defined(change(operand(scores, variables)))

    def span(self, known: Spans) -> Span:
        operand = self.operand.span(known)
        return spans.negative(operand) if self.symbol == "-" else operand


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators of one precedence, applied from the left."""

    first: Node
    rest: tuple[tuple[str, Node], ...]

    def reader(self) -> NumberReader:
        first = _number_of(self.first)
        rest = [(_OPERATORS[symbol], _number_of(operand)) for symbol, operand in self.rest]

        def read(scores: Scores, variables: Mapping[str, object]) -> Decimal:
            result = first(scores, variables)
            for operate, operand in rest:
                result = defined(operate(result, operand(scores, variables)))
            return result

        return read

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

    def reader(self) -> NumberReader:
        arguments, function = [_number_of(argument) for argument in self.arguments], FUNCTIONS[self.function]

        def read(scores: Scores, variables: Mapping[str, object]) -> Decimal:
            numbers = [argument(scores, variables) for argument in arguments]
            # Comparing with NaN raises in the thread's own context, so it must not come to that.
            return NAN if any(number.is_nan() for number in numbers) else function(numbers)

        return read

    def span(self, known: Spans) -> Span:
        return spans.call(self.function, [argument.span(known) for argument in self.arguments])


def _number_of(node: Node) -> NumberReader:
    """The same as an operand. A constant is read once for all."""
    if isinstance(node, Constant):
        number = as_number(node.content)
        return lambda _scores, _variables: number
    if isinstance(node, Score | Sign | Chain | Call):
        return node.reader()
    read = node.reader()
    return lambda scores, variables: as_number(read(scores, variables))


_OPERATORS: Mapping[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": CONTEXT.add,
    "-": CONTEXT.subtract,
    "*": CONTEXT.multiply,
    "/": CONTEXT.divide,
    "%": CONTEXT.remainder,  # has the sign of the dividend
}

FUNCTIONS: Mapping[str, Callable[[list[Decimal]], Decimal]] = {
    "min": min,
    "max": max,
    "round": lambda numbers: numbers[0].to_integral_value(rounding=ROUND_HALF_UP),
    "floor": lambda numbers: numbers[0].to_integral_value(rounding=ROUND_FLOOR),
    "ceil": lambda numbers: numbers[0].to_integral_value(rounding=ROUND_CEILING),
}

ONE_ARGUMENT = frozenset({"round", "floor", "ceil"})
