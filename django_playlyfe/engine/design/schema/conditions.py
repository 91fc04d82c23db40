"""Conditions (``engine.md`` §5)."""

from __future__ import annotations

from django_playlyfe.engine.design.schema.words import (
    EXPRESSION,
    FLAG,
    INTEGER,
    OPERATOR,
    REFERENCE,
    Schema,
    array_of,
    choice,
    closed_object,
    use,
)

STREAK_UNITS = ["day", "week", "month"]
TIME_FUNCTIONS = ["hour_of_day", "day_of_week", "day_of_month", "day_of_year", "week_of_year", "month_of_year"]


def _compare(kind: str, more: Schema, required: tuple[str, ...]) -> Schema:
    return closed_object(
        f"the context of a condition on a {kind} metric",
        {"id": REFERENCE, "type": {"const": kind}, "operator": OPERATOR, **more},
        ("id", "operator", *required),
    )


_METRIC_CONTEXT = choice(
    "type",
    {
        "point": _compare("point", {"value": EXPRESSION}, ("value",)),
        "set": _compare("set", {"item": REFERENCE, "value": EXPRESSION}, ("item", "value")),
        "state": _compare(
            "state",
            {"operator": {**OPERATOR, "enum": ["eq", "ne"]}, "value": {"type": "string"}},
            ("value",),
        ),
        "compound": _compare("compound", {"value": EXPRESSION}, ("value",)),
    },
    "the context of a metric condition",
)
_CONTEXTS: Schema = {
    "metric": {**_METRIC_CONTEXT, "resolves": "metric_context"},
    "action": closed_object(
        "the context of an action condition",
        {"id": REFERENCE, "operator": OPERATOR, "value": INTEGER},
        ("id", "operator", "value"),
    ),
    "streak": closed_object(
        "the context of a streak condition",
        {"action": REFERENCE, "unit": {"enum": STREAK_UNITS, "default": "day"}, "operator": OPERATOR, "value": INTEGER},
        ("operator", "value"),
    ),
    "team": closed_object(
        "the context of a team condition",
        {"definition_id": REFERENCE, "role": {"type": "string"}},
        ("definition_id",),
        aliases={"definition": "definition_id"},
    ),
    "time": closed_object(
        "the context of a time condition",
        {"func": {"enum": TIME_FUNCTIONS}, "operator": OPERATOR, "value": INTEGER},
        ("func", "operator", "value"),
    ),
    "var": closed_object(
        "the context of a var condition",
        {"lhs": EXPRESSION, "operator": OPERATOR, "rhs": EXPRESSION},
        ("lhs", "operator", "rhs"),
    ),
}


def condition_branches() -> Schema:
    """Every type of condition and its shape."""
    common: Schema = {"not": {**FLAG, "default": False}}
    branches: Schema = {
        kind: closed_object(
            f"a condition of type {kind}", {"type": {"const": kind}, **common, "context": context}, ("context",)
        )
        for kind, context in _CONTEXTS.items()
    }
    for kind in ("and", "or"):
        parts = array_of(use("condition"))
        branches[kind] = closed_object(
            f"a condition of type {kind}", {"type": {"const": kind}, **common, "expression": parts}, ("expression",)
        )
    return branches
