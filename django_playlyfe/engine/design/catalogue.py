"""What a design defines, by id, and how an item or a state is found by id or name (``engine.md`` §1, convention 6).

It is built from documents that may still be wrong, so it holds whatever is usable; the first of two equal ids counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
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


@dataclass(frozen=True)
class MetricEntry:
    """A metric as others refer to it; ``members`` are the items of a set or the states of a state metric, by id."""

    id: str
    type: str
    constraints: Mapping[str, Any]
    members: Mapping[str, Mapping[str, Any]]

    def find(self, text: str) -> str | None:
        """The id of the item or state that ``text`` names: a case-sensitive id first, then a case-sensitive name, then
        a case-insensitive name if only one member has it."""
        if text in self.members:
            return text
        exact, folded = self._by_name
        return exact[text] if text in exact else folded.get(text.casefold())

    @cached_property
    def _by_name(self) -> tuple[dict[str, str], dict[str, str | None]]:
        """Name -> id, the first of two equal ones; and the same for names without case, None for two equal ones."""
        exact: dict[str, str] = {}
        folded: dict[str, str | None] = {}
        for identifier, member in self.members.items():
            if isinstance(member.get("name"), str):
                exact.setdefault(member["name"], identifier)
            without_case = str(member.get("name", "")).casefold()
            folded[without_case] = None if without_case in folded else identifier
        return exact, folded


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
        return metric.find(text) if metric and isinstance(text, str) else None

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
