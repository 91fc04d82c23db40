"""The expression language of designs (``engine.md`` §7): parsed once for a plan, read at every play.

No host code is ever evaluated. A chain such as ``1 + 2 + 3`` is one flat node, so that the depth of the tree, and with
it the recursion of parser and evaluation, is bounded by :data:`MAXIMUM_DEPTH`, whatever the text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import isfinite

from django_playlyfe.engine.rules.formula_parser import (
    MAXIMUM_DEPTH,
    MAXIMUM_LENGTH,
    ExpressionSyntax,
    Parser,
    Reference,
    ScoreReference,
    VariableReference,
)
from django_playlyfe.engine.rules.formula_tree import Node, Reader, Scores, Value
from django_playlyfe.engine.rules.spans import Span, Spans

__all__ = [
    "MAXIMUM_DEPTH",
    "MAXIMUM_LENGTH",
    "Expression",
    "ExpressionSyntax",
    "Reference",
    "ScoreReference",
    "Scores",
    "Value",
    "VariableReference",
    "parse",
]


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression.

    Attributes:
        text: verbatim, blanks included.
        references: the scores and variables it reads.
    """

    text: str
    references: frozenset[Reference]
    _root: Node = field(repr=False, compare=False)
    _read: Reader = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_read", self._root.reader())

    def __reduce__(self) -> tuple[Callable[[str], Expression], tuple[str]]:
        return parse, (self.text,)  # functions cannot be pickled

    def evaluate(self, scores: Scores, variables: Mapping[str, object]) -> Value:
        """The value for these scores and variables: a finite decimal, NaN, or text. Never raises.

        A variable that is missing, or neither an integer nor text, is NaN.
        """
        return self._read(scores, variables)

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
    parser = Parser(text)
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
