"""Changes as they travel (``engine.md`` §10.3): number strings, names of items and states, null for "none"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django_playlyfe.engine.rules.plan import CompoundMetric, Metric, PointMetric, SetMetric, StateMetric

Change = dict[str, Any]
"""``{"metric": {"id", "name", "type"}, "delta": …}``."""


def number_change(metric: PointMetric | CompoundMetric, old: int | None, new: int | None) -> Change:
    """Delta ``{"old": "4", "new": "5"}``."""
    return _change(metric, _delta(old, new))


def items_change(metric: SetMetric, counts: Mapping[str, tuple[int | None, int]]) -> Change:
    """Delta ``{"Bookmark": {"old": "1", "new": "2"}}``, from item id -> (old, new)."""
    return _change(metric, {metric.items[item].name: _delta(old, new) for item, (old, new) in counts.items()})


def state_change(metric: StateMetric, old: str | None, new: str | None) -> Change:
    """Delta ``{"old": None, "new": "Reader"}``, from state ids."""
    return _change(metric, {"old": _state_name(metric, old), "new": _state_name(metric, new)})


def _change(metric: Metric, delta: dict[str, Any]) -> Change:
    return {"metric": {"id": metric.id, "name": metric.name, "type": metric.type}, "delta": delta}


def _delta(old: int | None, new: int | None) -> dict[str, str | None]:
    return {"old": None if old is None else str(old), "new": None if new is None else str(new)}


def _state_name(metric: StateMetric, state: str | None) -> str | None:
    if state is None or state not in metric.states:  # one that an older design had keeps its id
        return state
    return metric.states[state].name
