"""Metrics: bounds, items, states, and the formulas of compounds (``engine.md`` §3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django_playlyfe.engine.design.catalogue import mapping, objects
from django_playlyfe.engine.design.integers import bound
from django_playlyfe.engine.design.report import Path, shown
from django_playlyfe.engine.design.semantics.expressions import check_expression
from django_playlyfe.engine.design.semantics.inspection import Inspection
from django_playlyfe.engine.rules.formulas import ScoreReference

DEEPEST_COMPOUND = 16
"""How deep compounds may refer to compounds (§7.3)."""


def check_metrics(inspection: Inspection) -> None:
    """Check every metric, then the graph of compounds."""
    operands: dict[str, frozenset[str]] = {}
    places: dict[str, Path] = {}
    for at, metric in inspection.components("metrics"):
        path = (*at, "constraints")
        constraints = mapping(metric.get("constraints"))
        kind = metric.get("type")
        if kind == "point":
            _check_bounds(inspection, path, constraints)
        elif kind == "set":
            _check_members(inspection, (*path, "items"), constraints.get("items"), "item")
            _check_limits(inspection, path, constraints)
        elif kind == "state":
            _check_members(inspection, (*path, "states"), constraints.get("states"), "state")
        elif kind == "compound":
            formula = check_expression(inspection, (*path, "formula"), constraints.get("formula"))
            if formula is not None and isinstance(metric.get("id"), str):
                operands.setdefault(
                    metric["id"],
                    frozenset(
                        reference.metric for reference in formula.references if isinstance(reference, ScoreReference)
                    ),
                )
                places.setdefault(metric["id"], (*path, "formula"))
    _check_graph(inspection, operands, places)


def _check_bounds(inspection: Inspection, path: Path, constraints: Mapping[str, Any]) -> None:
    low, high, default = (
        bound(constraints[key]) if inspection.is_sound((*path, key)) and key in constraints else None
        for key in ("min", "max", "default")
    )
    if low is not None and high is not None:
        message = f"min {low} is above max {high}: exchange them"
        if not inspection.expect(low <= high, "MAXIMUM", (*path, "min"), str(low), message, f"at most {high}"):
            return
    if default is None:
        return
    where = (*path, "default")
    if low is not None:
        message = f"default {default} is below min {low}: raise it to {low} or more"
        inspection.expect(low <= default, "MINIMUM", where, str(default), message, f"at least {low}")
    if high is not None:
        message = f"default {default} is above max {high}: lower it to {high} or less"
        inspection.expect(default <= high, "MAXIMUM", where, str(default), message, f"at most {high}")


def _check_members(inspection: Inspection, path: Path, members: object, what: str) -> None:
    """Items or states: the runtime shows names, so two of one name could not be told apart."""
    entries = [((*path, index), member) for index, member in objects(members)]
    inspection.expect_unique((((*at, "id"), member.get("id")) for at, member in entries), f"The {what} id")
    inspection.expect_unique((((*at, "name"), member.get("name")) for at, member in entries), f"The {what} name")


def _check_limits(inspection: Inspection, path: Path, constraints: Mapping[str, Any]) -> None:
    limits = [((*path, "max_items"), constraints.get("max_items"))]
    items = (*path, "items")
    limits += [((*items, index, "max"), item.get("max")) for index, item in objects(constraints.get("items"))]
    for at, limit in limits:
        expect_not_negative(inspection, at, limit)


def expect_not_negative(inspection: Inspection, path: Path, limit: object) -> None:
    """Report a limit below 0; one of the wrong shape is reported already."""
    if not isinstance(limit, str) or not inspection.is_sound(path):
        return
    number = bound(limit)
    message = f"The limit {limit} is below 0: write 0 or more, or 'Infinity'"
    inspection.expect(number is None or number >= 0, "MINIMUM", path, limit, message, "0 or more, or Infinity")


def _check_graph(inspection: Inspection, operands: Mapping[str, frozenset[str]], places: Mapping[str, Path]) -> None:
    """Report compounds that refer to themselves, and chains of compounds that are too long.

    Compounds whose operands are settled are settled layer by layer; what remains runs in circles or waits for one.
    """
    depths: dict[str, int] = {}
    waiting = {name: operands[name] & operands.keys() for name in operands}
    while True:
        ready = [name for name, needs in waiting.items() if needs <= depths.keys()]
        if not ready:
            break
        depths.update({name: 1 + max((depths[need] for need in waiting[name]), default=0) for name in ready})
        for name in ready:
            del waiting[name]
    for name in operands:
        inspection.expect(
            not _refers_to_itself(name, waiting),
            "REFERENCE_CYCLE",
            places[name],
            name,
            f"The formula of {shown(name)} refers to itself through other formulas: break the circle",
            "formulas that do not refer to themselves",
        )
        depth = depths.get(name, 0)
        inspection.expect(
            depth <= DEEPEST_COMPOUND,
            "MAXIMUM",
            places[name],
            name,
            f"The formula of {shown(name)} refers to compounds {depth} deep: write part of it out",
            f"compounds that refer to compounds at most {DEEPEST_COMPOUND} deep",
        )


def _refers_to_itself(name: str, waiting: Mapping[str, frozenset[str]]) -> bool:
    pending, seen = list(waiting.get(name, ())), set()
    while pending:
        current = pending.pop()
        if current == name:
            return True
        if current not in seen:
            seen.add(current)
            pending.extend(waiting.get(current, ()))
    return False
