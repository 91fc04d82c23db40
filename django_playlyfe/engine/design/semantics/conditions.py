"""Conditions: allowed at their place, within their limits, naming what exists (``engine.md`` §5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django_playlyfe.engine.design.catalogue import objects
from django_playlyfe.engine.design.report import Path, shown
from django_playlyfe.engine.design.semantics.expressions import check_expression
from django_playlyfe.engine.design.semantics.inspection import Inspection

DEEPEST = 16
MOST_NODES = 200

_EVERYWHERE = frozenset({"metric", "action", "streak", "team", "time", "var", "and", "or"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a condition stands: ``title`` for messages, the types allowed there, the variables its expressions may
    name."""

    title: str
    allowed: frozenset[str] = _EVERYWHERE
    variables: tuple[str, ...] = ()


VISIBILITY_OF_ACTION = Place("the visibility of an action", _EVERYWHERE - {"time", "var"})
ACHIEVEMENT = Place("an achievement rule", _EVERYWHERE - {"team", "time", "var"})
OTHER = Place("this place")
"""Team and process creation, board visibility, ``requires`` of an activity: every type, no variables."""


def check_condition(inspection: Inspection, path: Path, requires: object, place: Place) -> None:
    """Check a whole ``requires``; ``{}`` is always right."""
    nodes = list(_walk(path, requires))
    inspection.expect(
        len(nodes) <= MOST_NODES,
        "ARRAY_LENGTH_LONG",
        path,
        len(nodes),
        f"This condition has {len(nodes)} nodes: split it, or test an item that another rule awards",
        f"at most {MOST_NODES} nodes",
    )
    deepest = max(nodes, key=lambda node: node.level, default=None)
    if deepest is not None:
        inspection.expect(
            deepest.level <= DEEPEST,
            "MAXIMUM",
            deepest.path,
            deepest.level,
            f"This condition is nested {deepest.level} levels deep: join equal types into one list",
            f"at most {DEEPEST} levels",
        )
    for node in nodes:
        _check_node(inspection, node, place)


@dataclass(frozen=True, slots=True)
class _Node:
    path: Path
    level: int
    condition: dict[str, Any]


def _walk(path: Path, requires: object) -> Iterator[_Node]:
    pending = [_Node(path, 1, requires)] if isinstance(requires, dict) and requires else []
    while pending:
        node = pending.pop()
        yield node
        parts = objects(node.condition.get("expression"))
        pending.extend(_Node((*node.path, "expression", index), node.level + 1, part) for index, part in parts)


def _check_node(inspection: Inspection, node: _Node, place: Place) -> None:
    kind = node.condition.get("type")
    if not isinstance(kind, str) or kind not in _EVERYWHERE:
        return
    allowed = inspection.expect(
        kind in place.allowed,
        "NOT_ALLOWED_HERE",
        (*node.path, "type"),
        kind,
        f"A condition of type {shown(kind)} is not allowed in {place.title}: remove it",
        f"one of the types {', '.join(sorted(place.allowed))}",
    )
    path = (*node.path, "context")
    context = node.condition.get("context")
    if not allowed or kind in ("and", "or") or not isinstance(context, dict) or not inspection.is_sound(path):
        return
    if kind == "metric":
        _check_metric(inspection, path, context, place)
    elif kind == "action":
        inspection.expect_component((*path, "id"), context.get("id"), "actions")
    elif kind == "streak":
        if "action" in context:
            inspection.expect_component((*path, "action"), context["action"], "actions")
    elif kind == "team":
        _check_team(inspection, path, context)
    elif kind == "var":
        check_expression(inspection, (*path, "lhs"), context.get("lhs"), place.variables)
        check_expression(inspection, (*path, "rhs"), context.get("rhs"), place.variables)


def _check_metric(inspection: Inspection, path: Path, context: dict[str, Any], place: Place) -> None:
    kind = str(context.get("type"))
    if kind != "state":
        check_expression(inspection, (*path, "value"), context.get("value"), place.variables)
    if not inspection.expect_metric((*path, "id"), context.get("id"), kind):
        return
    metric = inspection.catalogue.metrics[context["id"]]
    if kind == "set":
        what = f"item of the set {shown(metric.id)}"
        inspection.expect_known((*path, "item"), context.get("item"), metric.members, what)
    elif kind == "state":
        what = f"state of the metric {shown(metric.id)}"
        inspection.expect_known((*path, "value"), context.get("value"), metric.members, what)


def _check_team(inspection: Inspection, path: Path, context: dict[str, Any]) -> None:
    team = context.get("definition_id")
    if inspection.expect_component((*path, "definition_id"), team, "teams") and "role" in context:
        roles = inspection.catalogue.roles(str(team))
        inspection.expect_known((*path, "role"), context["role"], roles, f"role of the team {shown(team)}")
