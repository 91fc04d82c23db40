"""The components of a design, made from the JSON schema that checks them: as they are written, as they are answered, in
parts, and as some keys that replace others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from django_playlyfe.engine.design.schema import COMPONENTS, DESIGN
from tools.openapi.operations import KINDS, Schema, of

Form = Literal["", "Body", "Parts"]
"""What a component looks like in an answer, in the body of a call, and in a list that shows some ``fields`` of it. Also
the end of its name."""

_ANNOTATIONS = ("aliases", "dropped", "resolves", "format", "default")
_NUMBERS = {
    "integer": r"^-?\d+$",
    "integer-or-infinity": r"^(-?\d+|Infinity)$",
    "integer-or-minus-infinity": r"^-?(\d+|Infinity)$",
}
"""Format -> how such a number is answered."""
_NOTHING: Schema = {"type": "object", "required": [], "maxProperties": 0, "additionalProperties": False}
_FOUND = "What the last activation found."
_ERRORS: dict[str, Schema] = {
    "": {"type": "array", "items": of("Problem"), "description": _FOUND},
    "Body": {"description": "Ignored."},
    "Parts": {"type": "array", "description": _FOUND},  # paths may lead to some keys of each
}


def name(kind: str, form: str) -> str:
    """The name of a schema of ``components``: ``DesignMetricBody``."""
    return "Design" + "".join(part.capitalize() for part in KINDS.get(kind, kind).split("_")) + form


def schemas() -> dict[str, Schema]:
    """All of them."""
    found: dict[str, Schema] = {}
    parts = {**DESIGN["$defs"], **COMPONENTS, "bootstrap": DESIGN["properties"]["bootstrap"]}
    for form in ("", "Body", "Parts"):
        found.update({name(kind, form): _Writer(form).schema(part) for kind, part in parts.items()})
    found.update({name(kind, "Change"): _change(part) for kind, part in COMPONENTS.items()})
    used = _used(found, {name(kind, form) for kind in COMPONENTS for form in ("", "Body", "Parts", "Change")})
    used |= {name("bootstrap", form) for form in ("", "Body")}
    return {key: schema for key, schema in found.items() if key in used | _used(found, used)}


def _used(found: dict[str, Schema], names: set[str]) -> set[str]:
    """These schemas and all that they refer to."""
    reached: set[str] = set()
    while names - reached:
        one = (names - reached).pop()
        reached.add(one)
        names = names | {ref.rsplit("/", 1)[1] for ref in _references(found.get(one, {}))}
    return reached & found.keys()


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)


class _Writer:
    """Writes the schema of the design as one of OpenAPI, for one form."""

    def __init__(self, form: Form) -> None:
        self.form = form

    def schema(self, part: Schema) -> Schema:
        if "$ref" in part:
            return of(name(part["$ref"].rsplit("/", 1)[1], self.form))
        if part.get("dropped"):
            return _ERRORS[self.form]
        if "allOf" in part and "properties" not in part:  # a condition, or none
            return {"oneOf": [_NOTHING, self.schema(part["allOf"][0]["then"])]}
        if "allOf" in part:
            # Without its required keys an object may fit several.
            word = "anyOf" if self.form == "Parts" else "oneOf"
            return {"title": part["title"], word: [self._object(branch) for branch in _branches(part)]}
        if "properties" in part:
            return self._object(part)
        if "prefixItems" in part:
            return self._tuple(part)
        if "items" in part:
            return self._array(part)
        return self._value(part)

    def _object(self, part: Schema) -> Schema:
        required = list(part["required"])
        if self.form == "":
            filled = ["id"] if part.get("resolves") == "member" else []
            filled += [key for key, value in part["properties"].items() if "default" in value]
            required += [key for key in filled if key not in required]
        return {
            "type": "object",
            "title": part["title"],
            "required": [] if self.form == "Parts" else required,
            "properties": {key: self.schema(value) for key, value in part["properties"].items()},
            "additionalProperties": False,
        }

    def _tuple(self, part: Schema) -> Schema:
        described: Schema = {"type": "array", "description": part["description"]}
        if self.form == "Parts":  # a path into such an array leaves {} where it leads nowhere
            return described
        first = [self.schema(entry) for entry in part["prefixItems"]]
        is_filled = self.form == "" and "default" in part["prefixItems"][-1]
        described["minItems"] = len(first) if is_filled else part["minItems"]
        return {**described, "prefixItems": first, "maxItems": part["maxItems"], "items": False}

    def _array(self, part: Schema) -> Schema:
        items = self.schema(part["items"])
        if self.form != "Parts":
            kept = {key: part[key] for key in ("minItems", "uniqueItems", "description") if key in part}
            return {"type": "array", **kept, "items": items}
        is_object = {"properties", "allOf", "$ref"} & part["items"].keys()
        return {"type": "array", "items": items if is_object else {"anyOf": [items, _NOTHING]}}

    def _value(self, part: Schema) -> Schema:
        form = part.get("format", "")
        value = {key: kept for key, kept in part.items() if key not in _ANNOTATIONS}
        if "pattern" in value:
            value["pattern"] = value["pattern"].removesuffix(r"(?!\n)")  # of Python alone
        if form == "infinity":
            value["pattern"] = "^Infinity$"
        if isinstance(value.get("additionalProperties"), dict):
            value["additionalProperties"] = self.schema(value["additionalProperties"])
        if self.form == "Body":
            return {**value, **({"default": part["default"]} if part.get("default") not in (None, {}, []) else {})}
        if self.form == "Parts":
            value.pop("minProperties", None)
        if form in _NUMBERS:
            return {"type": "string", "pattern": _NUMBERS[form]}
        return {**value, "type": "string"} if form == "expression" else value


def _branches(part: Schema) -> Iterator[Schema]:
    """The closed objects that a choice is between."""
    for either in part["allOf"]:
        branch = either["then"]
        told = either["if"]["properties"]
        properties = {}
        for key, value in branch["properties"].items():
            common = part["properties"].get(key, {})
            properties[key] = _both(_both(common, value), told.get(key, {}))
        required = [*part["required"], *(key for key in branch["required"] if key not in part["required"])]
        yield {**branch, "properties": properties, "required": required}


def _both(one: Schema, other: Schema) -> Schema:
    """What is said of a value in two places."""
    both = {**one, **other}
    if "properties" in one and "properties" in other:
        names = one["properties"].keys() | other["properties"].keys()
        both["properties"] = {
            key: _both(one["properties"].get(key, {}), other["properties"].get(key, {}))
            for key in sorted(names, key=list(one["properties"]).index)
        }
        both["required"] = one["required"]
    if "const" in both:
        both.pop("enum", None)
    return both


def _change(part: Schema) -> Schema:
    """The body of PATCH: any keys but the id."""
    objects = list(_branches(part)) if "allOf" in part else [part]
    known: dict[str, list[Schema]] = {}
    for one in objects:
        for key, value in one["properties"].items():
            written = _Writer("Body").schema(value)
            if key != "id" and written not in known.setdefault(key, []):
                known[key].append(written)
    return {
        "type": "object",
        "description": "Keys to be replaced, whole.",
        "required": [],
        "properties": {key: said[0] if len(said) == 1 else {"anyOf": said} for key, said in known.items()},
        "additionalProperties": False,
    }
