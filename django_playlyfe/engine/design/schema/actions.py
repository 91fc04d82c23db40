"""Variables, rate limits and actions (``engine.md`` §6, §8)."""

from __future__ import annotations

from django_playlyfe.engine.design.integers import INFINITY
from django_playlyfe.engine.design.schema.rewards import reward_rule
from django_playlyfe.engine.design.schema.words import (
    CONDITION,
    FLAG,
    NAME,
    PROBABILITY,
    Schema,
    array_of,
    choice,
    closed_object,
    component,
    use,
)

LONGEST_TIMEFRAME = 100 * 366 * 86_400_000
"""Milliseconds; the calendar of Python ends some thousand years from now."""

VARIABLE = choice(
    "type",
    {
        kind: closed_object(
            f"a variable of type {kind}",
            {
                "name": NAME,
                "type": {"const": kind},
                "required": {**FLAG, "default": False},
                "default": {"type": json_type, "description": words},
            },
        )
        for kind, json_type, words in (("int", "integer", "an integer"), ("string", "string", "text"))
    },
    "a variable",
    ("name",),
)

VARIABLES = array_of(use("variable"), default=[])

RATE: Schema = {
    "type": "array",
    "prefixItems": [
        {
            "type": ["integer", "string"],
            "minimum": 1,
            "format": "infinity",
            "description": f'a positive integer, or "{INFINITY}"',
        },
        {
            "type": "integer",
            "minimum": 1,
            "maximum": LONGEST_TIMEFRAME,
            "description": "a timeframe in milliseconds, at most a hundred years",
        },
        {"enum": ["ROLLING", "FIXED", "LEAKY"], "default": "ROLLING"},
    ],
    "minItems": 2,
    "maxItems": 3,
    "description": "[count, timeframe in milliseconds, ROLLING or FIXED or LEAKY]",
}

ACTION = component(
    "an action",
    {
        "probability": {**PROBABILITY, "default": 1},
        "rate": use("rate"),
        "requires": CONDITION,
        "variables": VARIABLES,
        "rules": array_of(reward_rule("a rule of an action", "action_reward"), default=[]),
    },
    ("id", "name"),
    image="default-set-action",
)
