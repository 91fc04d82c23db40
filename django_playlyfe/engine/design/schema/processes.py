"""Process definitions (``engine.md`` §13.1)."""

from __future__ import annotations

from django_playlyfe.engine.design.schema.teams import ACCESS_OFFERED, LIMIT
from django_playlyfe.engine.design.schema.words import (
    CONDITION,
    FLAG,
    ID,
    NAME,
    PROBABILITY,
    REFERENCE,
    TEXT,
    UPPER,
    Schema,
    array_of,
    choice,
    closed_object,
    component,
    use,
)

TARGETS = ["self", "team_mates", "process_members", "all"]

_FLOW = closed_object(
    "a sequence flow",
    {
        "src": REFERENCE,
        "tgt": REFERENCE,
        "retry": {**FLAG, "default": False},
        "lane": REFERENCE,
    },
    ("src", "tgt"),
    aliases={"target": "tgt"},
)
_GATEWAY = closed_object(
    "a gateway",
    {"id": ID, "name": NAME, "type": {"enum": ["parallel", "exclusive"]}, "lane": REFERENCE},
    ("id", "type"),
)
_GRAPH: Schema = {
    "activities": array_of(use("activity"), default=[]),
    "gateways": array_of(_GATEWAY, default=[]),
    "sequence_flows": array_of(_FLOW, default=[]),
}
_ACTIVITY_KEYS: Schema = {
    "id": ID,
    "name": NAME,
    "lane": REFERENCE,
    "loop": {**UPPER, "default": "0"},
    "requires": CONDITION,
    "probability": {**PROBABILITY, "default": 1},
    "rate": use("rate"),
    "rewards": array_of(use("activity_reward"), default=[]),
    "notify": closed_object(
        "a notification",
        {
            "message": TEXT,
            "targets": array_of(
                {"enum": TARGETS}, minItems=1, uniqueItems=True, description=f"an array of some of {', '.join(TARGETS)}"
            ),
        },
        ("message", "targets"),
    ),
}
ACTIVITY = choice(
    "type",
    {
        "task": closed_object("a task", {**_ACTIVITY_KEYS, "type": {"const": "task"}}),
        "sub_process": closed_object(
            "a sub-process", {**_ACTIVITY_KEYS, "type": {"const": "sub_process"}, "key": NAME, **_GRAPH}, ("key",)
        ),
    },
    "an activity",
    ("id", "name", "lane"),
)
PROCESS = component(
    "a process",
    {
        "lanes": array_of(
            closed_object("a lane", {"name": NAME, "default": {**FLAG, "default": False}}, ("name",)),
            minItems=1,
            description="an array of at least one lane",
        ),
        **_GRAPH,
        "settings": closed_object(
            "the settings of a process",
            {
                "access": ACCESS_OFFERED,
                "max_global_instances": LIMIT,
                "max_active_global_instances": LIMIT,
                "max_player_instances": LIMIT,
                "max_active_player_instances": LIMIT,
                "requires": CONDITION,
            },
            ("access",),
        ),
        "conditions": {"type": "array", "default": []},
    },
    ("id", "name", "lanes", "settings"),
)
