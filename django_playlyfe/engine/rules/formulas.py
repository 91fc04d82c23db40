"""The expression language of designs (``engine.md`` §7): parsed once at activation, walked at every play.

No host code is ever evaluated. A chain such as ``1 + 2 + 3`` is one flat node, so that the depth of the tree, and with
it the recursion of parser and evaluation, is bounded by :data:`MAXIMUM_DEPTH`, whatever the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from math import isfinite
from typing import Literal, NamedTuple, Protocol

from django_playlyfe.engine.rules import spans
from django_playlyfe.engine.rules.arithmetic import NAN, as_number, defined, new_context
from django_playlyfe.engine.rules.spans import Span, Spans

MAXIMUM_LENGTH = 2048
"""Characters of one expression."""

MAXIMUM_DEPTH = 50
"""Parentheses, calls and signs inside each other."""

Value = Decimal | str


class ExpressionSyntax(ValueError):
    """The text is no expression. ``position`` is the offset of the first character that does not fit."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} at position {position}")
        self.position = position


class ScoreReference(NamedTuple):
    """``$scores['metric']`` or ``$scores['metric']['item']``."""

    kind: Literal["scores"]
    metric: str
    item: str | None


class VariableReference(NamedTuple):
    """``$vars['name']``."""

    kind: Literal["vars"]
    name: str


Reference = ScoreReference | VariableReference


class Scores(Protocol):
    """Whose scores a formula reads."""

    def number(self, metric: str, item: str | None) -> Decimal:
        """A stored or default score (``engine.md`` §5), NaN if there is none; ``item`` for sets only."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression.

    Attributes:
        text: verbatim, blanks included.
        references: the scores and variables it reads.
    """

    text: str
    references: frozenset[Reference]
    _root: _Node = field(repr=False, compare=False)

    def evaluate(self, scores: Scores, variables: Mapping[str, object]) -> Value:
        """The value for these scores and variables: a finite decimal, NaN, or text. Never raises.

        A variable that is missing, or neither an integer nor text, is NaN.
        """
        return self._root.value(_Inputs(scores, variables, new_context()))

    def span(self, known: Spans) -> Span:
        """Between which values it stays for all scores and variables within what is known of them."""
        return self._root.span(known)


def parse(text: str | int | float) -> Expression:
    """Parse an expression; a JSON number is accepted for one (``engine.md`` §1).

    Raises:
        ExpressionSyntax: the text breaks the grammar or a limit.
    """
    if not isinstance(text, str):
        text = _number_as_text(text)
    if len(text) > MAXIMUM_LENGTH:
        raise ExpressionSyntax(f"An expression has at most {MAXIMUM_LENGTH} characters; there are more", MAXIMUM_LENGTH)
    parser = _Parser(text)
    root = parser.whole()
    return Expression(text, frozenset(parser.references), root)


def _number_as_text(number: float) -> str:
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise ExpressionSyntax("An expression is text or a number; this is neither", 0)
    if isinstance(number, float):
        if not isfinite(number):
            raise ExpressionSyntax("There is no infinite value in expressions", 0)
        return format(Decimal(repr(number)), "f")
    # The digits are counted before they are written: writing a huge integer is refused by Python itself.
    return str(number) if abs(number) < 10**MAXIMUM_LENGTH else "9" * (MAXIMUM_LENGTH + 1)


# --- tree -------------------------------------------------------------------------------------------------------------


class _Inputs(NamedTuple):
    scores: Scores
    variables: Mapping[str, object]
    context: Context


class _Node(Protocol):
    def value(self, inputs: _Inputs) -> Value: ...

    def span(self, known: Spans) -> Span: ...


@dataclass(frozen=True, slots=True)
class _Constant:
    content: Value

    def value(self, inputs: _Inputs) -> Value:
        return self.content

    def span(self, known: Spans) -> Span:
        return spans.of_number(as_number(self.content))


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str

    def value(self, inputs: _Inputs) -> Value:
        found = inputs.variables.get(self.name)
        if isinstance(found, str):
            return found
        if isinstance(found, int) and not isinstance(found, bool):
            return Decimal(found)
        return NAN

    def span(self, known: Spans) -> Span:
        return known.variable(self.name)


@dataclass(frozen=True, slots=True)
class _Score:
    metric: str
    item: str | None

    def value(self, inputs: _Inputs) -> Value:
        return inputs.scores.number(self.metric, self.item)

    def span(self, known: Spans) -> Span:
        return known.score(self.metric, self.item)


@dataclass(frozen=True, slots=True)
class _Sign:
    symbol: str
    operand: _Node

    def value(self, inputs: _Inputs) -> Value:
        operand = as_number(self.operand.value(inputs))
        return defined(inputs.context.minus(operand) if self.symbol == "-" else inputs.context.plus(operand))

    def span(self, known: Spans) -> Span:
        operand = self.operand.span(known)
        return spans.negative(operand) if self.symbol == "-" else operand


@dataclass(frozen=True, slots=True)
class _Chain:
    """Operators of one precedence, applied from the left."""

    first: _Node
    rest: tuple[tuple[str, _Node], ...]

    def value(self, inputs: _Inputs) -> Value:
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
class _Call:
    function: str
    arguments: tuple[_Node, ...]

    def value(self, inputs: _Inputs) -> Value:
        numbers = [as_number(argument.value(inputs)) for argument in self.arguments]
        # Comparing with NaN raises in the thread's own context, so it must not come to that.
        return NAN if any(number.is_nan() for number in numbers) else _FUNCTIONS[self.function](numbers)

    def span(self, known: Spans) -> Span:
        return spans.call(self.function, [argument.span(known) for argument in self.arguments])


_OPERATORS: Mapping[str, Callable[[Context, Decimal, Decimal], Decimal]] = {
    "+": Context.add,
    "-": Context.subtract,
    "*": Context.multiply,
    "/": Context.divide,
    "%": Context.remainder,  # has the sign of the dividend
}

_FUNCTIONS: Mapping[str, Callable[[list[Decimal]], Decimal]] = {
    "min": min,
    "max": max,
    "round": lambda numbers: numbers[0].to_integral_value(rounding=ROUND_HALF_UP),
    "floor": lambda numbers: numbers[0].to_integral_value(rounding=ROUND_FLOOR),
    "ceil": lambda numbers: numbers[0].to_integral_value(rounding=ROUND_CEILING),
}

_ONE_ARGUMENT = frozenset({"round", "floor", "ceil"})


# --- parser -----------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""
    (?P<blank>[ \t\r\n]+)
    | (?P<number>[0-9]+(?:\.[0-9]+)?)
    | (?P<string>"(?:[^"\\]|\\["'\\])*"|'(?:[^'\\]|\\["'\\])*')
    | (?P<root>\$(?:vars|scores)(?![A-Za-z0-9_]))
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<symbol>[-+*/%(),.\[\]])
    """,
    re.VERBOSE,
)

_ESCAPE = re.compile(r"""\\(["'\\])""")


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:  # an earlier token may be wrong already, so the parser is left to find this one
            tokens.append(_Token("foreign", text[position], position))
            break
        kind = str(match.lastgroup)
        if kind != "blank":
            tokens.append(_Token(kind, match.group(), position))
        position = match.end()
    tokens.append(_Token("end", "", len(text)))
    return tokens


class _Parser:
    """Recursive descent, one method per rule of the grammar."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next = 0
        self._depth = 0
        self.references: set[Reference] = set()

    def whole(self) -> _Node:
        root = self._expression()
        if self._token.kind != "end":
            raise self._unexpected("an operator or the end")
        return root

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._token
        self._next += 1
        return token

    def _at(self, symbols: str) -> bool:
        return self._token.kind == "symbol" and self._token.text in symbols

    def _expect(self, symbol: str) -> None:
        if not self._at(symbol):
            raise self._unexpected(f"'{symbol}'")
        self._take()

    def _unexpected(self, expected: str) -> ExpressionSyntax:
        token = self._token
        found = f"{token.text!r}" if token.text else "the end"
        return ExpressionSyntax(f"Expected {expected}, found {found}", token.position)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MAXIMUM_DEPTH:
            raise ExpressionSyntax(f"An expression is at most {MAXIMUM_DEPTH} levels deep", self._token.position)

    def _expression(self) -> _Node:
        return self._chain("+-", self._term)

    def _term(self) -> _Node:
        return self._chain("*/%", self._factor)

    def _chain(self, symbols: str, operand: Callable[[], _Node]) -> _Node:
        first = operand()
        rest: list[tuple[str, _Node]] = []
        while self._at(symbols):
            symbol = self._take().text
            rest.append((symbol, operand()))
        return _Chain(first, tuple(rest)) if rest else first

    def _factor(self) -> _Node:
        if not self._at("+-"):
            return self._primary()
        self._deeper()
        node = _Sign(self._take().text, self._factor())
        self._depth -= 1
        return node

    def _primary(self) -> _Node:
        token = self._token
        if token.kind == "number":
            return _Constant(Decimal(self._take().text))
        if token.kind == "string":
            return _Constant(self._string())
        if token.kind == "root":
            return self._variable() if token.text == "$vars" else self._score()
        if token.kind == "name":
            return self._call()
        if self._at("("):
            return self._parentheses()
        raise self._unexpected("a value")

    def _string(self) -> str:
        return _ESCAPE.sub(r"\1", self._take().text[1:-1])

    def _variable(self) -> _Node:
        self._take()
        name = self._member()
        self.references.add(VariableReference("vars", name))
        return _Variable(name)

    def _score(self) -> _Node:
        self._take()
        metric = self._member()
        item = self._member() if self._at(".[") else None
        self.references.add(ScoreReference("scores", metric, item))
        return _Score(metric, item)

    def _member(self) -> str:
        if self._at("."):
            self._take()
            if self._token.kind != "name":
                raise self._unexpected("a name")
            return self._take().text
        self._expect("[")
        if self._token.kind != "string":
            raise self._unexpected("a quoted name")
        name = self._string()
        self._expect("]")
        return name

    def _call(self) -> _Node:
        token = self._token
        if token.text not in _FUNCTIONS:
            raise ExpressionSyntax(f"There is no function '{token.text}'", token.position)
        self._deeper()
        self._take()
        self._expect("(")
        arguments = [self._expression()]
        while self._at(","):
            self._take()
            arguments.append(self._expression())
        self._expect(")")
        self._depth -= 1
        if token.text in _ONE_ARGUMENT and len(arguments) != 1:
            raise ExpressionSyntax(f"'{token.text}' takes one argument, not {len(arguments)}", token.position)
        return _Call(token.text, tuple(arguments))

    def _parentheses(self) -> _Node:
        self._deeper()
        self._expect("(")
        node = self._expression()
        self._expect(")")
        self._depth -= 1
        return node
