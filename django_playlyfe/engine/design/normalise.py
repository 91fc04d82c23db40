"""The canonical form of a design: defaults filled in, other spellings replaced, numbers as canonical strings, ids
derived and items and states named by id (``engine.md`` §1).

It follows the schema, so a key has its default and its canonical form where it has its type. It is total: what does
not fit the schema is left as it is, for the check to report.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from django_playlyfe.engine.design.catalogue import Catalogue, derived_id, mapping, read_metrics
from django_playlyfe.engine.design.integers import INFINITY, MINUS_INFINITY, canonical_expression, canonical_integer
from django_playlyfe.engine.design.plain import is_plain
from django_playlyfe.engine.design.report import Findings
from django_playlyfe.engine.design.schema import DESIGN, Schema
from django_playlyfe.engine.exceptions import DesignInvalid

Step = Callable[[dict[str, Any]], dict[str, Any]]


def normalise(document: object) -> Any:
    """The canonical form of a document.

    Args:
        document: a design file as JSON, valid or not. It is not changed.

    Returns:
        A new document. Normalising it again changes nothing.

    Raises:
        DesignInvalid: the document is not plain JSON at all (``plain``).
    """
    findings = Findings()
    if not is_plain(document, findings):
        raise DesignInvalid(report=findings.report(None))
    return canonical_form(document)


def canonical_form(document: object) -> Any:
    """:func:`normalise` of a document that is known to be plain JSON."""
    return _Normaliser().value(DESIGN, document)


class _Normaliser:
    """One pass over one document, guided by the schema.

    ``metrics`` come before everything that names items and states in the schema, hence in the pass.
    """

    def __init__(self) -> None:
        self.catalogue = Catalogue()
        # Steps by their name under "resolves" in the schema: those before see what the author wrote, those after the
        # canonical form.
        self._before: dict[str, Step] = {"game": _title, "member": _member_id, "rule": _wrap_achievement}
        self._after: dict[str, Step] = {
            "rule": self._ranks,
            "achievement": self._achievement_items,
            "reward": self._reward_value,
            "metric_context": self._compared_member,
        }

    def value(self, schema: Schema, value: Any) -> Any:
        schema = _resolve(schema)
        step = schema.get("resolves", "")
        if step == "once" and value == "player":
            value = {}
        if step in self._before and isinstance(value, dict):
            value = self._before[step](value)
        value = _replace_spelling(schema, value)
        if isinstance(value, dict):
            value = self._object(schema, value)
        elif isinstance(value, list):
            value = self._array(schema, value)
        else:
            value = _canonical_scalar(schema, value)
        for branch in schema.get("allOf", ()):
            if _applies(branch["if"], value):
                value = self.value(branch["then"], value)
        return self._after[step](value) if step in self._after and isinstance(value, dict) else value

    def _object(self, schema: Schema, value: dict[str, Any]) -> dict[str, Any]:
        """Known keys in the schema's order, then the others."""
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        canonical: dict[str, Any] = {}
        for key, expected in properties.items():
            if key in value:
                if not expected.get("dropped"):
                    canonical[key] = self.value(expected, value[key])
            elif "default" in expected:
                canonical[key] = self.value(expected, copy.deepcopy(expected["default"]))
            if schema is DESIGN and key == "metrics":
                self.catalogue = Catalogue(metrics=read_metrics(canonical[key]))
        for key in value:
            if key not in properties:
                canonical[key] = self.value(others, value[key]) if isinstance(others, dict) else value[key]
        return canonical

    def _array(self, schema: Schema, value: list[Any]) -> list[Any]:
        first = schema.get("prefixItems", [])
        missing = [expected["default"] for expected in first[len(value) :] if "default" in expected]
        if missing and len(value) >= schema["minItems"]:
            value = [*value, *missing]
        rest = schema.get("items", {})
        return [self.value(first[index] if index < len(first) else rest, entry) for index, entry in enumerate(value)]

    def _ranks(self, rule: dict[str, Any]) -> dict[str, Any]:
        """Ranks become ids; a last threshold of infinity is the same as none (§9.2)."""
        if rule.get("type") != "level" or not isinstance(rule.get("levels"), list):
            return rule
        levels = self._all_with_members(rule["levels"], "rank", rule.get("level_metric"))
        if levels and isinstance(levels[-1], dict) and levels[-1].get("threshold") == INFINITY:
            del levels[-1]["threshold"]
        return {**rule, "levels": levels}

    def _achievement_items(self, achievement: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(achievement.get("items"), list):
            return achievement
        metric_id = mapping(achievement.get("metric")).get("id")
        return {**achievement, "items": self._all_with_members(achievement["items"], "key", metric_id)}

    def _reward_value(self, reward: dict[str, Any]) -> dict[str, Any]:
        metric, value = mapping(reward.get("metric")), reward.get("value")
        if metric.get("type") == "state":
            return self._with_member(reward, "value", metric.get("id"))
        if metric.get("type") != "set" or not isinstance(value, dict):
            return reward
        items = {self._member(metric.get("id"), name): count for name, count in value.items()}
        # One item named twice would lose a count: it stays as it is, for the check to report.
        return {**reward, "value": items} if len(items) == len(value) else reward

    def _compared_member(self, context: dict[str, Any]) -> dict[str, Any]:
        key = {"set": "item", "state": "value"}.get(str(context.get("type")), "")
        return self._with_member(context, key, context.get("id"))

    def _all_with_members(self, holders: list[Any], key: str, metric_id: object) -> list[Any]:
        return [self._with_member(holder, key, metric_id) if isinstance(holder, dict) else holder for holder in holders]

    def _with_member(self, holder: dict[str, Any], key: str, metric_id: object) -> dict[str, Any]:
        """An object whose ``key`` names an item or a state, with its id instead."""
        return {**holder, key: self._member(metric_id, holder[key])} if key in holder else holder

    def _member(self, metric_id: object, text: Any) -> Any:
        """An item or state by its id; what names nothing stays, for the check to report."""
        found = self.catalogue.find(metric_id, text)
        return text if found is None else found


def _title(game: dict[str, Any]) -> dict[str, Any]:
    return game if "title" in game or "id" not in game else {**game, "title": game["id"]}


def _member_id(member: dict[str, Any]) -> dict[str, Any]:
    if "id" in member or not isinstance(member.get("name"), str):
        return member
    return {"id": derived_id(member["name"]), **member}


def _wrap_achievement(rule: dict[str, Any]) -> dict[str, Any]:
    """``metric`` and ``items`` directly on an achievement rule are stored wrapped (§9.1)."""
    bare = {key: rule[key] for key in ("metric", "items") if key in rule}
    if rule.get("type") != "achievement" or "achievement" in rule or not bare:
        return rule
    return {**{key: rule[key] for key in rule if key not in bare}, "achievement": bare}


_RESOLVED: dict[int, Schema] = {}


def _resolve(schema: Schema) -> Schema:
    """Follow ``$ref``; keywords beside it are kept."""
    if "$ref" not in schema:
        return schema
    found = _RESOLVED.get(id(schema))
    if found is None:  # of a part of DESIGN, which lives as long as we do and so keeps its identity
        target = DESIGN["$defs"][schema["$ref"].rsplit("/", 1)[1]]
        found = _RESOLVED[id(schema)] = {**target, **schema}
    return found


def _applies(schema: Schema, value: Any) -> bool:
    """Whether an ``if`` of the schema holds; it consists of these keywords alone."""
    if "const" in schema:
        return bool(value == schema["const"])
    if not isinstance(value, dict) or len(value) < schema.get("minProperties", 0):
        return False
    properties = schema.get("properties", {})
    return all(key in value for key in schema.get("required", ())) and all(
        _applies(expected, value[key]) for key, expected in properties.items()
    )


def _replace_spelling(schema: Schema, value: Any) -> Any:
    aliases = schema.get("aliases", {})
    if isinstance(value, str):
        return aliases.get(value, value)
    if isinstance(value, dict) and any(key in value and aliases[key] not in value for key in aliases):
        return {aliases.get(key, key) if aliases.get(key) not in value else key: value[key] for key in value}
    return value


def _canonical_scalar(schema: Schema, value: Any) -> Any:
    form = schema.get("format", "")
    if form == "expression":
        return canonical_expression(value)
    if form.startswith("integer") and value not in (INFINITY, MINUS_INFINITY):
        return canonical_integer(value) or value
    if "integer" in schema.get("type", ()) and isinstance(value, float) and value.is_integer():
        return int(value)
    return value
