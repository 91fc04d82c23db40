"""The difference of two states as events: what an undo tells a person (``engine.md`` §10.2, §10.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django_playlyfe.engine.rules.plan import Metric, Plan, PointMetric, SetMetric, StateMetric
from django_playlyfe.engine.rules.state import EventDraft, PlayerState

Change = dict[str, Any]


def difference(plan: Plan, before: PlayerState, after: PlayerState) -> list[EventDraft]:
    """A ``score`` event with the net changes, in design order, even if there are none; then a ``level`` event for
    each level that changed, in the order of the level rules."""
    levels = {rule.level_metric: rule for rule in plan.level_rules}
    moved = [change for metric in plan.metrics.values() if (change := _change(metric, before, after)) is not None]
    score = EventDraft(
        {"event": "score", "changes": [change for change in moved if change["metric"]["id"] not in levels]},
        is_global=False,
    )
    by_metric = {change["metric"]["id"]: change for change in moved}
    return [
        score,
        *(
            EventDraft({"event": "level", "changes": [by_metric[metric]], "rule": {"id": rule.id}}, is_global=True)
            for metric, rule in levels.items()
            if metric in by_metric
        ),
    ]


def _change(metric: Metric, before: PlayerState, after: PlayerState) -> Change | None:
    if isinstance(metric, SetMetric):
        delta: dict[str, Any] = _item_deltas(metric, before.items.get(metric.id, {}), after.items.get(metric.id, {}))
    else:
        old, new = _values(metric, before).get(metric.id), _values(metric, after).get(metric.id)
        if new is None and old is not None and isinstance(metric, PointMetric):
            new = metric.default  # a score that is gone counts as the default (engine.md §10.2)
        if old == new:
            return None
        delta = {"old": _shown(metric, old), "new": _shown(metric, new)}
    return {"metric": {"id": metric.id, "name": metric.name, "type": metric.type}, "delta": delta} if delta else None


def _values(metric: Metric, state: PlayerState) -> Mapping[str, int | str]:
    if isinstance(metric, StateMetric):
        return state.states
    return state.points if isinstance(metric, PointMetric) else state.compounds


def _shown(metric: Metric, value: int | str | None) -> str | None:
    if value is None:
        return None
    return metric.states[str(value)].name if isinstance(metric, StateMetric) else str(value)


def _item_deltas(metric: SetMetric, before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, Any]:
    return {
        item.name: {"old": None if item.id not in before else str(before[item.id]), "new": str(after.get(item.id, 0))}
        for item in metric.items.values()
        if before.get(item.id, 0) != after.get(item.id, 0)
    }
