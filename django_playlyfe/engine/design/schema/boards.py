"""Leaderboards (``engine.md`` §11.1)."""

from __future__ import annotations

from django_playlyfe.engine.design.schema.words import CONDITION, REFERENCE, array_of, choice, closed_object, component

CYCLES = ["alltime", "yearly", "monthly", "weekly", "daily"]
TIES = ["competition", "dense", "first"]
"""Ours: which rank equal scores get; left out, ``competition`` (``engine-internals.md`` §4)."""

_SCOPE = choice(
    "type",
    {
        "game": closed_object("the scope of a board", {"type": {"const": "game"}}),
        "custom": closed_object("the scope of a board", {"type": {"const": "custom"}}),
        "team_definition": closed_object(
            "the scope of a board", {"type": {"const": "team_definition"}, "id": REFERENCE}, ("id",)
        ),
        "team_instance": closed_object(
            "the scope of a board", {"type": {"const": "team_instance"}, "id": REFERENCE}, ("id",)
        ),
    },
    "the scope of a board",
)
LEADERBOARD = component(
    "a leaderboard",
    {
        "type": {"enum": ["regular"], "default": "regular"},
        "entity_type": {"enum": ["players", "teams"]},
        "metric": closed_object(
            "the metric of a board",
            {"id": REFERENCE, "type": {"enum": ["point", "set", "state", "compound"]}},
            ("id", "type"),
        ),
        "scope": _SCOPE,
        "cycles": array_of(
            {"enum": CYCLES},
            default=["alltime"],
            minItems=1,
            uniqueItems=True,
            description=f"an array of some of {', '.join(CYCLES)}",
        ),
        "requires": CONDITION,
        "ties": {"enum": TIES},
    },
    ("id", "name", "entity_type", "metric", "scope"),
)
