"""The building blocks of the schema: kinds of objects and the values that appear everywhere."""

from __future__ import annotations

from typing import Any

from django_playlyfe.engine.design.integers import INFINITY, MINUS_INFINITY

Schema = dict[str, Any]
"""A JSON schema, or a part of one."""

ID_PATTERN = r"^[a-zA-Z_][a-zA-Z0-9_]*$(?!\n)"  # Python's $ alone would let a final line end pass
ID_LENGTH = 100
OPERATORS = ["eq", "ne", "gt", "ge", "lt", "le"]
ACCESS = ["PUBLIC", "PROTECTED", "PRIVATE"]


def closed_object(title: str, properties: Schema, required: tuple[str, ...] = (), **more: Any) -> Schema:
    """An object of these keys and no others; ``title`` says in messages what it is."""
    return {
        "type": "object",
        "title": title,
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
        **more,
    }


def array_of(items: Schema, **more: Any) -> Schema:
    """An array of one kind of entries."""
    return {"type": "array", "items": items, **more}


def use(name: str, **more: Any) -> Schema:
    """A schema of ``$defs``."""
    return {"$ref": f"#/$defs/{name}", **more}


def choice(
    key: str, branches: Schema, title: str, required: tuple[str, ...] = (), common: Schema | None = None
) -> Schema:
    """An object whose full shape depends on the text under ``key``: errors name the chosen branch alone.

    ``common`` keys are checked whatever the branch; the branches list them with an empty schema.
    """
    return {
        "type": "object",
        "title": title,
        "required": [*required, key],
        "properties": {**(common or {}), key: {"enum": list(branches)}},
        "allOf": [
            {"if": {"type": "object", "required": [key], "properties": {key: {"const": value}}}, "then": branch}
            for value, branch in branches.items()
        ],
    }


ID: Schema = {
    "type": "string",
    "pattern": ID_PATTERN,
    "maxLength": ID_LENGTH,
    "description": f"an id: letters, digits and _, not beginning with a digit, at most {ID_LENGTH} characters",
}
NAME: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "format": "one-line",
    "description": "a name: one line of 1 to 255 characters",
}
TEXT: Schema = {"type": "string", "description": "text"}
FLAG: Schema = {"type": "boolean", "description": "true or false"}
INTEGER: Schema = {
    "type": ["string", "number"],
    "format": "integer",
    "description": "an integer as a string, within ±(2^63-1)",
}
UPPER: Schema = {
    "type": ["string", "number"],
    "format": "integer-or-infinity",
    "description": f'an integer as a string, within ±(2^63-1), or "{INFINITY}"',
}
LOWER: Schema = {
    "type": ["string", "number"],
    "format": "integer-or-minus-infinity",
    "description": f'an integer as a string, within ±(2^63-1), or "{MINUS_INFINITY}"',
}
EXPRESSION: Schema = {
    "type": ["string", "number"],
    "format": "expression",
    "description": "a number string or an expression",
}
PROBABILITY: Schema = {
    "type": "number",
    "minimum": 0,
    "maximum": 1,
    "description": "a number from 0 to 1",
}
OPERATOR: Schema = {"enum": [*OPERATORS], "aliases": {"neq": "ne"}}
REFERENCE: Schema = {"type": "string", "description": "the id of a component"}
CONDITION = use("requires", default={})

COMMON: Schema = {
    "id": ID,
    "name": NAME,
    "description": TEXT,
    "image": TEXT,
    "tags": array_of(TEXT),
    "_errors": {"dropped": True},
}


def component(title: str, properties: Schema, required: tuple[str, ...] = (), image: str = "") -> Schema:
    """An object of the common keys (§1, convention 4) and its own; ``image`` is the stock image."""
    common = {**COMMON, "image": {**TEXT, "default": image}} if image else COMMON
    return closed_object(title, {**common, **properties}, required)


def branch(title: str, properties: Schema, required: tuple[str, ...] = (), image: str = "") -> Schema:
    """A component that is one of several types; its common keys are checked by the choice."""
    common: Schema = {key: {} for key in COMMON}
    if image:
        common["image"] = {"default": image}
    return closed_object(title, {**common, **properties}, required)
