"""Level, achievement and custom rules (``engine.md`` §9)."""

from __future__ import annotations

from django_playlyfe.engine.design.schema.actions import VARIABLES
from django_playlyfe.engine.design.schema.rewards import reward_rule
from django_playlyfe.engine.design.schema.words import (
    COMMON,
    CONDITION,
    INTEGER,
    REFERENCE,
    UPPER,
    array_of,
    branch,
    choice,
    closed_object,
)

_LEVEL = closed_object("a level", {"rank": REFERENCE, "threshold": UPPER}, ("rank",))
_ACHIEVEMENT = closed_object(
    "an achievement",
    {
        "metric": closed_object("the metric of an achievement", {"id": REFERENCE, "type": {"const": "set"}}, ("id",)),
        "items": array_of(
            closed_object("an item of an achievement", {"key": REFERENCE, "value": INTEGER}, ("key", "value")),
            minItems=1,
            description="an array of at least one item",
        ),
    },
    ("metric", "items"),
    resolves="achievement",
)
RULE = {
    **choice(
        "type",
        {
            "level": branch(
                "a level rule",
                {
                    "type": {"const": "level"},
                    "base_metric": REFERENCE,
                    "level_metric": REFERENCE,
                    "levels": array_of(_LEVEL, minItems=1, description="an array of at least one level"),
                },
                ("base_metric", "level_metric", "levels"),
            ),
            "achievement": branch(
                "an achievement rule",
                {"type": {"const": "achievement"}, "achievement": _ACHIEVEMENT, "requires": CONDITION},
                ("achievement",),
            ),
            "custom": branch(
                "a custom rule",
                {
                    "type": {"const": "custom"},
                    "variables": VARIABLES,
                    "rules": array_of(reward_rule("a rule of a custom rule", "certain_reward"), default=[]),
                },
            ),
        },
        "a rule",
        ("id", "name"),
        COMMON,
    ),
    "resolves": "rule",
}
