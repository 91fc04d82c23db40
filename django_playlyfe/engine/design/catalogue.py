"""What a design defines, by id, and how an item or a state is found by id or name (``engine.md`` §1, convention 6).

It is built from documents that may still be wrong, so it holds whatever is usable; the first of two equal ids counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


def objects(value: object) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects in an array, with their positions; nothing if it is no array."""
    if isinstance(value, list):
        for index, entry in enumerate(value):
            if isinstance(entry, dict):
                yield index, entry


def mapping(value: object) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def by_id(value: object, key: str = "id") -> dict[str, dict[str, Any]]:
    """The objects in an array by their id."""
    found: dict[str, dict[str, Any]] = {}
    for _, entry in objects(value):
        if isinstance(entry.get(key), str):
            found.setdefault(entry[key], entry)
    return found


def derived_id(name: str) -> str:
    """The id of an item or state that has only a name: ``Night owl`` -> ``night_owl``."""
    text = re.sub(r"[^a-zA-Z0-9_]", "_", name.lower())
    return f"_{text}" if text[:1].isdigit() else text


def find_member(members: Sequence[Mapping[str, Any]], text: str) -> str | None:
    """The id of the item or state that ``text`` names: a case-sensitive id first, then a case-sensitive name, then a
    case-insensitive name if only one member has it."""
    for key in ("id", "name"):
        for member in members:
            if member.get(key) == text and isinstance(member.get("id"), str):
                return str(member["id"])
    folded = [member for member in members if str(member.get("name", "")).casefold() == text.casefold()]
    if len(folded) == 1 and isinstance(folded[0].get("id"), str):
        return str(folded[0]["id"])
    return None


@dataclass(frozen=True, slots=True)
class MetricEntry:
    """A metric as others refer to it; ``members`` are the items of a set or the states of a state metric."""

    id: str
    type: str
    constraints: Mapping[str, Any]
    members: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The components of a canonical document by id."""

    metrics: Mapping[str, MetricEntry] = field(default_factory=dict)
    actions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    teams: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    processes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def find(self, metric_id: object, text: object) -> str | None:
        """The id of a metric's item or state by id or name; None if there is none."""
        metric = self.metrics.get(metric_id) if isinstance(metric_id, str) else None
        return find_member(list(metric.members.values()), text) if metric and isinstance(text, str) else None

    def roles(self, team_id: str) -> list[str]:
        """The roles of a team definition, lowest first."""
        permissions = self.teams[team_id].get("permissions")
        pairs = permissions if isinstance(permissions, list) else []
        return [pair[0] for pair in pairs if isinstance(pair, list) and pair and isinstance(pair[0], str)]

    def lanes(self, process_id: str) -> list[str]:
        """The lanes of a process definition."""
        return list(by_id(self.processes[process_id].get("lanes"), "name"))


def read_metrics(value: object) -> dict[str, MetricEntry]:
    """The metrics of a document by id."""
    entries = {}
    for identifier, metric in by_id(value).items():
        constraints = mapping(metric.get("constraints"))
        members = by_id(constraints.get({"set": "items", "state": "states"}.get(str(metric.get("type")), "")))
        entries[identifier] = MetricEntry(identifier, str(metric.get("type")), constraints, members)
    return entries


def read_catalogue(document: object) -> Catalogue:
    """The catalogue of a canonical document, valid or not."""
    top = mapping(document)
    return Catalogue(
        metrics=read_metrics(top.get("metrics")),
        actions=by_id(top.get("actions")),
        teams=by_id(top.get("teams")),
        processes=by_id(top.get("processes")),
    )
