"""Team definitions (``engine.md`` §12.1)."""

from __future__ import annotations

from django_playlyfe.engine.design.integers import INFINITY
from django_playlyfe.engine.design.schema.words import (
    ACCESS,
    CONDITION,
    FLAG,
    NAME,
    UPPER,
    Schema,
    array_of,
    closed_object,
    component,
)

LIMIT: Schema = {**UPPER, "default": INFINITY}
ACCESS_OFFERED = array_of(
    {"enum": ACCESS}, minItems=1, uniqueItems=True, description=f"an array of some of {', '.join(ACCESS)}"
)

TEAM = component(
    "a team",
    {
        "permissions": {
            "type": "array",
            "minItems": 1,
            "description": "an array of at least one pair [role, {lock, peer, assign, leave}]",
            "items": {
                "type": "array",
                "minItems": 2,
                "maxItems": 2,
                "description": "a pair [role, {lock, peer, assign, leave}]",
                "prefixItems": [
                    NAME,
                    closed_object(
                        "the permissions of a role",
                        {right: {**FLAG, "default": False} for right in ("lock", "peer", "assign", "leave")},
                    ),
                ],
            },
        },
        "creator_roles": array_of({"type": "string"}, default=[], uniqueItems=True),
        "settings": closed_object(
            "the settings of a team",
            {
                "access": ACCESS_OFFERED,
                "max_global_instances": LIMIT,
                "max_player_instances": LIMIT,
                "max_players": LIMIT,
                "public": {**FLAG, "default": True},
                "requires": CONDITION,
            },
            ("access",),
        ),
        "_hues": {"type": "object", "additionalProperties": {"type": "number"}},
    },
    ("id", "name", "permissions", "settings"),
)
