"""From the text of an expression to its tree, by the grammar of ``engine.md`` §7.1 and within its limits."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Literal, NamedTuple

from django_playlyfe.engine.rules.formula_tree import (
    FUNCTIONS,
    ONE_ARGUMENT,
    Call,
    Chain,
    Constant,
    Node,
    Score,
    Sign,
    Variable,
)

MAXIMUM_LENGTH = 2048
"""Characters of one expression."""

MAXIMUM_DEPTH = 50
"""Parentheses, calls and signs inside each other."""


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

_MISSPELT_ROOT = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*")
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
            root = _MISSPELT_ROOT.match(text, position)
            found = _Token("foreign", text[position], position)
            tokens.append(found if root is None else _Token("misspelt", root.group(), position))
            break
        kind = str(match.lastgroup)
        if kind != "blank":
            tokens.append(_Token(kind, match.group(), position))
        position = match.end()
    tokens.append(_Token("end", "", len(text)))
    return tokens


class Parser:
    """Recursive descent, one method per rule of the grammar. ``references``: what was read of so far."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next = 0
        self._depth = 0
        self.references: set[Reference] = set()

    def whole(self) -> Node:
        """The tree of the whole text. Raises ExpressionSyntax."""
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

    def _expression(self) -> Node:
        return self._chain("+-", self._term)

    def _term(self) -> Node:
        return self._chain("*/%", self._factor)

    def _chain(self, symbols: str, operand: Callable[[], Node]) -> Node:
        first = operand()
        rest: list[tuple[str, Node]] = []
        while self._at(symbols):
            symbol = self._take().text
            rest.append((symbol, operand()))
        return Chain(first, tuple(rest)) if rest else first

    def _factor(self) -> Node:
        if not self._at("+-"):
            return self._primary()
        self._deeper()
        node = Sign(self._take().text, self._factor())
        self._depth -= 1
        return node

    def _primary(self) -> Node:
        token = self._token
        if token.kind == "number":
            return Constant(Decimal(self._take().text))
        if token.kind == "string":
            return Constant(self._string())
        if token.kind == "root":
            return self._variable() if token.text == "$vars" else self._score()
        if token.kind == "name":
            return self._call()
        if self._at("("):
            return self._parentheses()
        raise self._unexpected("$scores or $vars" if token.kind == "misspelt" else "a value")

    def _string(self) -> str:
        return _ESCAPE.sub(r"\1", self._take().text[1:-1])

    def _variable(self) -> Node:
        self._take()
        name = self._member()
        self.references.add(VariableReference("vars", name))
        return Variable(name)

    def _score(self) -> Node:
        self._take()
        metric = self._member()
        item = self._member() if self._at(".[") else None
        self.references.add(ScoreReference("scores", metric, item))
        return Score(metric, item)

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

    def _call(self) -> Node:
        token = self._token
        if token.text not in FUNCTIONS:
            if self._tokens[self._next + 1].text != "(":
                name = token.text
                raise self._unexpected(f"a value such as $scores['{name}'], $vars['{name}'] or a text in quotes")
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
        if token.text in ONE_ARGUMENT and len(arguments) != 1:
            raise ExpressionSyntax(f"'{token.text}' takes one argument, not {len(arguments)}", token.position)
        return Call(token.text, tuple(arguments))

    def _parentheses(self) -> Node:
        self._deeper()
        self._expect("(")
        node = self._expression()
        self._expect(")")
        self._depth -= 1
        return node
