"""Metrics (``engine.md`` §3)."""

from __future__ import annotations

from django_playlyfe.engine.design.integers import INFINITY
from django_playlyfe.engine.design.schema.words import (
    COMMON,
    EXPRESSION,
    FLAG,
    ID,
    INTEGER,
    LOWER,
    NAME,
    TEXT,
    UPPER,
    Schema,
    array_of,
    branch,
    choice,
    closed_object,
)

_MEMBER: Schema = {"id": ID, "name": NAME, "description": {**TEXT, "default": ""}}

_ITEM = closed_object(
    "an item of a set",
    {
        **_MEMBER,
        "image": {**TEXT, "default": "default-item"},
        "max": {**UPPER, "default": "1"},
        "hidden": {**FLAG, "default": False},
    },
    ("name",),
    resolves="member",
)
_STATE = closed_object("a state", {**_MEMBER, "image": TEXT}, ("name",), resolves="member")


def _metric(kind: str, constraints: Schema, *, required: bool, image: str = "") -> Schema:
    if not required:
        constraints = {**constraints, "default": {}}
    properties: Schema = {"type": {"const": kind}, "constraints": constraints}
    return branch(f"a {kind} metric", properties, ("constraints",) if required else (), image)


METRIC = choice(
    "type",
    {
        "point": _metric(
            "point",
            closed_object(
                "the constraints of a point metric",
                {
                    "min": {**LOWER, "default": "0"},
                    "max": {**UPPER, "default": INFINITY},
                    "default": {**INTEGER, "default": "0"},
                },
            ),
            required=False,
            image="default-point-metric",
        ),
        "set": _metric(
            "set",
            closed_object(
                "the constraints of a set metric",
                {"max_items": {**UPPER, "default": INFINITY}, "items": array_of(_ITEM)},
                ("items",),
            ),
            required=True,
            image="default-set-metric",
        ),
        "state": _metric(
            "state",
            closed_object(
                "the constraints of a state metric",
                {"states": array_of(_STATE, minItems=1, description="an array of at least one state")},
                ("states",),
            ),
            required=True,
            image="default-state-metric",
        ),
        "compound": _metric(
            "compound",
            closed_object("the constraints of a compound metric", {"formula": EXPRESSION}, ("formula",)),
            required=True,
        ),
    },
    "a metric",
    ("id", "name"),
    COMMON,
)
