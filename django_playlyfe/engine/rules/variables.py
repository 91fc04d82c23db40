"""Variables of plays and custom rules: checked and coerced before anything is scored (``engine.md`` §6)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django_playlyfe.engine.rules.json_values import INTEGER_DIGITS, is_integer, is_json, is_text, shown
from django_playlyfe.engine.rules.plan import Variable
from django_playlyfe.engine.rules.validation import Problem, invalid, problem

_INTEGER = re.compile(rf"[+-]?[0-9]{{1,{INTEGER_DIGITS}}}")


def read(declared: Sequence[Variable], given: Mapping[str, object]) -> dict[str, Any]:
    """The effective values: given ones coerced, defaults filled in, then undeclared ones as they came.

    An optional variable without default that was not given is absent.

    Raises:
        Refused: ``validation_exception``, with every problem in its report.
    """
    effective: dict[str, Any] = {}
    problems: list[Problem] = []
    for variable in declared:
        if variable.name in given:
            _take_declared(variable, given[variable.name], effective, problems)
        elif variable.required:
            problems.append(_missing(variable))
        elif variable.default is not None:
            effective[variable.name] = variable.default
    names = {variable.name for variable in declared}
    undeclared = [name for name in given if name not in names]
    for name in undeclared:
        _take_undeclared(name, given[name], effective, problems)
    if problems:
        checked = {name: shown(value) for name, value in given.items() if is_text(name)}
        raise invalid({"variables": checked}, problems, len(declared) + len(undeclared) - len(problems))
    return effective


def _take_declared(variable: Variable, value: object, effective: dict[str, Any], problems: list[Problem]) -> None:
    taken = _as_integer(value) if variable.type == "int" else _as_text(value)
    if taken is not None:
        effective[variable.name] = taken
        return
    kind, message = ("integer", "an integer") if variable.type == "int" else ("string", "text")
    path = ["variables", variable.name]
    problems.append(problem("INVALID_TYPE", path, shown(value), f"{variable.name} should be {message}", {"type": kind}))


def _take_undeclared(name: object, value: object, effective: dict[str, Any], problems: list[Problem]) -> None:
    key = _as_text(name)
    if key is None:
        message = "the name of a variable should be text without NUL and lone surrogates"
        problems.append(problem("INVALID_FORMAT", ["variables"], shown(name), message, {"format": "text"}))
    elif not is_json(value):
        message = f"{key} should be a JSON value"
        problems.append(problem("INVALID_TYPE", ["variables", key], shown(value), message, {"type": "any"}))
    else:
        effective[key] = value


def _missing(variable: Variable) -> Problem:
    path = ["variables", variable.name]
    message = f"{variable.name} is required"
    return problem("OBJECT_MISSING_REQUIRED_PROPERTY", path, None, message, {"required": [variable.name]})


def _as_integer(value: object) -> int | None:
    """An integer, also written as text or as a float without fraction; None if it is none."""
    if isinstance(value, str):
        return int(value) if _INTEGER.fullmatch(value) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and is_integer(value):
        return int(value)  # a member of an IntEnum becomes its number
    return None


def _as_text(value: object) -> str | None:
    """Text that can be kept; a subclass of ``str``, such as an enum's member, as the plain text it is made of."""
    return str.__str__(value) if isinstance(value, str) and is_text(value) else None
