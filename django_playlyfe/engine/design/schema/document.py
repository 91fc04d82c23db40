"""The whole design file (``engine.md`` §2, §14.2)."""

from __future__ import annotations

from django_playlyfe.engine.design.schema.actions import ACTION, RATE, VARIABLE
from django_playlyfe.engine.design.schema.boards import LEADERBOARD
from django_playlyfe.engine.design.schema.conditions import condition_branches
from django_playlyfe.engine.design.schema.metrics import METRIC
from django_playlyfe.engine.design.schema.processes import ACTIVITY, PROCESS
from django_playlyfe.engine.design.schema.rewards import BEST, CHANCE, reward
from django_playlyfe.engine.design.schema.rules import RULE
from django_playlyfe.engine.design.schema.teams import TEAM
from django_playlyfe.engine.design.schema.words import (
    ACCESS,
    FLAG,
    ID,
    NAME,
    REFERENCE,
    TEXT,
    Schema,
    array_of,
    choice,
    closed_object,
    use,
)

_GAME = closed_object(
    "the game",
    {
        "id": ID,
        "title": NAME,
        "description": {**TEXT, "default": ""},
        "timezone": {"type": "string", "format": "timezone", "default": "UTC", "description": "an IANA time zone name"},
        "cycle_timezone": {"type": "string", "format": "timezone", "description": "an IANA time zone name"},
        "type": {"enum": ["native", "external"], "default": "native"},
        "template": {**TEXT, "default": "custom"},
        "listed": {**FLAG, "default": False},
        "access": {"enum": ACCESS, "default": "PRIVATE"},
        "image": {**TEXT, "default": "default-game"},
        "_errors": {"dropped": True},
    },
    ("id",),
    resolves="game",
)


def _given_instance(roles: Schema) -> Schema:
    return closed_object(
        "an instance of the bootstrap",
        {
            "definition": REFERENCE,
            "id": NAME,
            "name": NAME,
            "access": {"enum": ACCESS},
            "roles": {"type": "object", "additionalProperties": roles},
        },
        ("definition", "name"),
    )


_BOOTSTRAP = closed_object(
    "the bootstrap",
    {
        "scores": array_of(use("reward"), default=[]),
        "processes": array_of(_given_instance({"enum": ["player", "observer", False]}), default=[]),
        "teams": array_of(_given_instance(FLAG), default=[]),
    },
)

COMPONENTS: Schema = {
    "metrics": METRIC,
    "actions": ACTION,
    "rules": RULE,
    "teams": TEAM,
    "processes": PROCESS,
    "leaderboards": LEADERBOARD,
}
"""The component types of a design file and the schema of one component each."""

DESIGN: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **closed_object(
        "a design file",
        {
            "game": _GAME,
            **{kind: array_of(component, default=[]) for kind, component in COMPONENTS.items()},
            "bootstrap": {**_BOOTSTRAP, "default": {}},
        },
        ("game",),
    ),
    "$defs": {
        "requires": {
            "type": "object",
            "description": "a condition object, {} if there is none",
            "allOf": [{"if": {"type": "object", "minProperties": 1}, "then": use("condition")}],
        },
        "condition": choice("type", condition_branches(), "a condition"),
        "reward": reward(CHANCE),
        "action_reward": reward({**CHANCE, **BEST}),
        "certain_reward": reward(BEST),
        "activity_reward": reward(
            {**CHANCE, "recurring": {**FLAG, "default": False}, "resolution": {"type": "string"}}
        ),
        "variable": VARIABLE,
        "rate": RATE,
        "activity": ACTIVITY,
    },
}
"""The whole schema."""
