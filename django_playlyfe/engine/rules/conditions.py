"""Does a condition hold for a player? (``engine.md`` §5)"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal

from django_playlyfe.engine.rules.arithmetic import as_number, reads_as_number
from django_playlyfe.engine.rules.formulas import Expression, Value
from django_playlyfe.engine.rules.plan import Condition
from django_playlyfe.engine.rules.snapshot import Snapshot


def holds(condition: Condition, view: Snapshot) -> bool:
    """Whether the condition is true of ``view``; ``negate`` inverts whatever came out, undefined comparisons too."""
    return _TESTS[condition.type](condition, view) != condition.negate


def compare(left: Value, comparison: str, right: Value) -> bool:
    """Compare as numbers if both sides read as numbers, else as text.

    NaN on either side makes every comparison false, ``ne`` too; text is neither greater nor less.
    """
    if _undefined(left) or _undefined(right):
        return False
    if _numeric(left) and _numeric(right):
        return _OPERATORS[comparison](as_number(left), as_number(right))
    if comparison == "eq":
        return left == right  # a number equals no text that does not read as one
    return comparison == "ne" and left != right


def _undefined(value: Value) -> bool:
    return isinstance(value, Decimal) and value.is_nan()


def _numeric(value: Value) -> bool:
    return isinstance(value, Decimal) or reads_as_number(value)


_OPERATORS: Mapping[str, Callable[[Decimal | int, Decimal | int], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


def _always(_condition: Condition, _view: Snapshot) -> bool:
    return True


def _metric(condition: Condition, view: Snapshot) -> bool:
    if condition.metric_type == "state":
        # A player without the state has none that could be equal; an unequal one is what "ne" asks for.
        equal = view.state.states.get(condition.id) == condition.state
        return equal if condition.operator == "eq" else not equal
    left = view.number(condition.id, condition.item or None)
    return compare(left, condition.operator, _value(condition.value, view))


def _action(condition: Condition, view: Snapshot) -> bool:
    return _OPERATORS[condition.operator](view.state.counts.get(condition.id, 0), condition.number)


def _streak(condition: Condition, view: Snapshot) -> bool:
    return _OPERATORS[condition.operator](view.streak(condition.id, condition.unit), condition.number)


def _team(condition: Condition, view: Snapshot) -> bool:
    return any(definition == condition.id and condition.role in ("", role) for definition, role in view.state.teams)


def _time(condition: Condition, view: Snapshot) -> bool:
    return _OPERATORS[condition.operator](_CLOCKS[condition.func](view.now), condition.number)


def _var(condition: Condition, view: Snapshot) -> bool:
    return compare(_value(condition.lhs, view), condition.operator, _value(condition.value, view))


def _and(condition: Condition, view: Snapshot) -> bool:
    return all(holds(part, view) for part in condition.parts)


def _or(condition: Condition, view: Snapshot) -> bool:
    return any(holds(part, view) for part in condition.parts)


def _value(expression: Expression | None, view: Snapshot) -> Value:
    assert expression is not None, "the compiler gives conditions of this type their expressions"  # noqa: S101 - for mypy
    return expression.evaluate(view, view.variables)


_TESTS: Mapping[str, Callable[[Condition, Snapshot], bool]] = {
    "always": _always,
    "metric": _metric,
    "action": _action,
    "streak": _streak,
    "team": _team,
    "time": _time,
    "var": _var,
    "and": _and,
    "or": _or,
}

_CLOCKS: Mapping[str, Callable[[datetime], int]] = {
    "hour_of_day": lambda now: now.hour,
    "day_of_week": lambda now: now.isoweekday(),
    "day_of_month": lambda now: now.day,
    "day_of_year": lambda now: now.timetuple().tm_yday,
    "week_of_year": lambda now: now.isocalendar().week,
    "month_of_year": lambda now: now.month,
}
