"""One component of a design on its own: its check when it is written, and its parts for a list (``engine.md`` §15.1,
§15.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django_playlyfe.engine.design.catalogue import mapping, read_catalogue
from django_playlyfe.engine.design.normalise import normalise
from django_playlyfe.engine.design.report import Findings, Path, Problem, Report
from django_playlyfe.engine.design.semantics.actions import check_actions
from django_playlyfe.engine.design.semantics.boards import check_boards
from django_playlyfe.engine.design.semantics.bootstrap import check_bootstrap
from django_playlyfe.engine.design.semantics.inspection import Inspection
from django_playlyfe.engine.design.semantics.metrics import check_metrics
from django_playlyfe.engine.design.semantics.processes import check_processes
from django_playlyfe.engine.design.semantics.rules import check_rules
from django_playlyfe.engine.design.semantics.teams import check_teams
from django_playlyfe.engine.design.shapes import check_shape

SINGULAR: Mapping[str, str] = {
    "metrics": "metric",
    "actions": "action",
    "rules": "rule",
    "teams": "team",
    "processes": "process",
    "leaderboards": "leaderboard",
}
"""The component types, and what one of each is called."""

_CHECKS = {
    "metrics": check_metrics,
    "actions": check_actions,
    "rules": check_rules,
    "teams": check_teams,
    "processes": check_processes,
    "leaderboards": check_boards,
}


def check_component(document: Mapping[str, Any], kind: str, component: object, index: int) -> tuple[Report, Any]:
    """Check a component as before it is stored: its shape, its expressions, and of a compound that the metrics of its
    formula exist. Other references are judged at the activation.

    Args:
        document: the design that it belongs to.
        kind: one of :data:`SINGULAR`.
        component: as it was written.
        index: its place among the others; of metrics only, which are looked at together.

    Returns:
        The report, whose ``data`` is the component, and the canonical component with its defaults.

    Raises:
        DesignInvalid: the component is not plain JSON.
    """
    metrics = list(document.get("metrics", ()))
    if kind == "metrics":
        metrics[index : index + 1] = [component]
        probe, path = {"metrics": metrics}, (kind, index)
    else:
        probe, path = {"metrics": metrics, kind: [component]}, (kind, 0)
    canonical = normalise({"game": document["game"], **probe})
    findings = Findings()
    check_shape(canonical, findings)
    _CHECKS[kind](Inspection(mapping(canonical), read_catalogue(canonical), findings))
    return _report(findings, canonical, path, component), canonical[path[0]][path[1]]


def check_bootstrap_alone(document: Mapping[str, Any], bootstrap: object) -> tuple[Report, Any]:
    """The same for the bootstrap, with the expressions of its rewards."""
    probe = {"game": document["game"], "metrics": document.get("metrics", []), "bootstrap": bootstrap}
    canonical = normalise(probe)
    findings = Findings()
    check_shape(canonical, findings)
    check_bootstrap(Inspection(mapping(canonical), read_catalogue(canonical), findings))
    return _report(findings, canonical, ("bootstrap",), bootstrap), canonical["bootstrap"]


def check_game_shape(game: object) -> tuple[Report, Any]:
    """The same for the settings of the game."""
    canonical = normalise({"game": game})
    findings = Findings()
    check_shape(canonical, findings)
    return _report(findings, canonical, ("game",), game), canonical["game"]


def project(component: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    """The parts of a component that dotted paths name (``constraints.items.name``); a path goes into each entry of an
    array. What is not there is left out."""
    parts: dict[str, Any] = {}
    for field in fields:
        found = _part(component, field.split("."))
        if found is not None:
            _merge(parts, found)
    return parts


def _report(findings: Findings, canonical: Any, path: Path, written: object) -> Report:
    """What of the findings is about the component, and is judged when it is written."""
    findings.problems = [
        (place, problem)
        for place, problem in findings.problems
        if place[: len(path)] == path and _is_judged_at_once(place[len(path) :], problem)
    ]
    return replace(findings.report(canonical), data=written)


def _is_judged_at_once(place: Path, problem: Problem) -> bool:
    if problem.absolute_schema_path or problem.code == "EXPRESSION_SYNTAX":  # of the JSON schema, or of an expression
        return True
    if place[:2] == ("constraints", "formula"):
        is_of_a_metric = problem.code == "REFERENCE_NOT_FOUND" and problem.expected == "a metric"  # §15.2
        return is_of_a_metric or problem.code == "MAXIMUM"  # compounds that are too deep (§7.3)
    return problem.code == "ARRAY_UNIQUE" and place[:1] == ("constraints",)


def _part(value: Any, path: list[str]) -> Any:
    """The value with nothing but one path in it; None if the path leads nowhere."""
    if not path:
        return value
    if isinstance(value, list):
        entries = [_part(entry, path) for entry in value]
        return [{} if entry is None else entry for entry in entries]
    if not isinstance(value, Mapping) or path[0] not in value:
        return None
    found = _part(value[path[0]], path[1:])
    return None if found is None else {path[0]: found}


def _merge(parts: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        known = parts.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            _merge(known, value)
        elif isinstance(known, list) and isinstance(value, list) and _are_objects(known) and _are_objects(value):
            for entry, extra in zip(known, value, strict=True):
                _merge(entry, extra)
        else:
            parts[key] = value


def _are_objects(entries: list[Any]) -> bool:
    return all(isinstance(entry, dict) for entry in entries)
