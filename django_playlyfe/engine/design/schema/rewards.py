"""Rewards, and the condition -> rewards pairs that hold them (``engine.md`` §4)."""

from __future__ import annotations

from django_playlyfe.engine.design.schema.words import (
    CONDITION,
    EXPRESSION,
    ID,
    NAME,
    PROBABILITY,
    REFERENCE,
    Schema,
    array_of,
    closed_object,
    use,
)

_REWARD_VALUES: Schema = {
    "point": EXPRESSION,
    "set": {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": EXPRESSION,
        "description": "an object of at least one item id and its count",
    },
    "state": {"type": "string", "description": "the id of a state"},
    "compound": {},
}


def reward(extra: Schema) -> Schema:
    """A reward with ``extra`` keys; its ``value`` depends on ``metric.type``. Verbs are checked with their meaning."""
    required = ("metric", "verb", "value")
    metric = closed_object(
        "the metric of a reward", {"id": REFERENCE, "type": {"enum": list(_REWARD_VALUES)}}, ("id", "type")
    )
    verb = {"enum": ["add", "remove", "set"]}
    return {
        "type": "object",
        "title": "a reward",
        "required": list(required),
        "properties": {"metric": metric},
        "resolves": "reward",
        "allOf": [
            {
                "if": {
                    "type": "object",
                    "required": ["metric"],
                    "properties": {
                        "metric": {"type": "object", "required": ["type"], "properties": {"type": {"const": kind}}}
                    },
                },
                "then": closed_object(
                    f"a reward on a {kind} metric", {"metric": {}, "verb": verb, "value": value, **extra}
                ),
            }
            for kind, value in _REWARD_VALUES.items()
        ],
    }


CHANCE: Schema = {"probability": {**PROBABILITY, "default": 1}}


def _paid_for(title: str, identifier: str) -> Schema:
    return closed_object(
        title,
        {"id": {**ID, "default": identifier}, "per": NAME},
        resolves="once",
        description='"player", or an object {"id", "per"}',
    )


ONCE = _paid_for("what a rule pays once for", "once")
"""Ours (§17.1): a rule that pays once for a player, or with ``per`` once for each value of a variable."""
BEST: Schema = {"best": _paid_for("whose best a reward pays by", "best")}
"""Ours (§17.2): a reward that pays only what is better than the best before."""


def reward_rule(title: str, kind: str) -> Schema:
    """A condition -> rewards pair; ``kind`` is the reward's name in ``$defs``."""
    return closed_object(title, {"requires": CONDITION, "once": ONCE, "rewards": array_of(use(kind), default=[])})
