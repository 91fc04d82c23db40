"""Taking recorded changes back (``engine.md`` §10.2): the inverse deltas, clamped; levels follow, achievements stay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django_playlyfe.engine.rules.arithmetic import LIMIT
from django_playlyfe.engine.rules.changes import Change, number_change, state_change
from django_playlyfe.engine.rules.judgement import Judgement
from django_playlyfe.engine.rules.plan import Plan, PointMetric, SetMetric, StateMetric
from django_playlyfe.engine.rules.rewards import hold_items
from django_playlyfe.engine.rules.snapshot import Snapshot
from django_playlyfe.engine.rules.state import Outcome, PlayerState


def revert(plan: Plan, state: PlayerState, changes: Iterable[Mapping[str, Any]], at: datetime, admin: str) -> Outcome:
    """Take changes back.

    Args:
        changes: of recorded events, newest first, as they travel. What the design no longer knows is skipped, and so
            are compounds, which are computed anew.
        at: when.
        admin: who did it, "" if nobody says.
    """
    judgement = Judgement(Snapshot.take(plan, state, at, {}))
    made = [inverse for change in changes if (inverse := _inverse(plan, judgement, change)) is not None]
    body: dict[str, Any] = {"event": "score", "changes": judgement.recompute(made)}
    judgement.emit(body | {"admin": admin} if admin else body)
    judgement.follow_levels(thorough=True)
    return judgement.outcome({})


def _inverse(plan: Plan, judgement: Judgement, change: Mapping[str, Any]) -> Change | None:
    metric, delta, running = plan.metrics.get(change["metric"]["id"]), change["delta"], judgement.running
    if metric is None or metric.type != change["metric"]["type"]:
        return None
    if isinstance(metric, PointMetric):
        return _points(metric, delta, running)
    if isinstance(metric, SetMetric):
        return _items(metric, delta, running)
    if isinstance(metric, StateMetric):
        return _state(metric, delta, running)
    return None


def _points(metric: PointMetric, delta: Mapping[str, Any], running: PlayerState) -> Change | None:
    gained = int(delta["new"]) - (metric.default if delta["old"] is None else int(delta["old"]))
    old = running.points.get(metric.id)
    new = (metric.default if old is None else old) - gained
    if metric.minimum is not None:
        new = max(new, metric.minimum)
    if metric.maximum is not None:
        new = min(new, metric.maximum)
    if new == old or abs(new) > LIMIT:
        return None
    running.points[metric.id] = new
    return number_change(metric, old, new)


def _items(metric: SetMetric, delta: Mapping[str, Any], running: PlayerState) -> Change | None:
    ids = {item.name: item.id for item in metric.items.values()}
    held = running.items.get(metric.id, {})
    counts = {
        ids[name]: held.get(ids[name], 0) - (int(moved["new"]) - int(moved["old"] or 0))
        for name, moved in delta.items()
        if name in ids
    }
    return hold_items(metric, counts, running)


def _state(metric: StateMetric, delta: Mapping[str, Any], running: PlayerState) -> Change | None:
    """Back to ``old``, whatever the state is by now; to none if there was none."""
    old = running.states.get(metric.id)
    state = next((state.id for state in metric.states.values() if state.name == delta["old"]), None)
    if state == old or (state is None and delta["old"] is not None):
        return None
    if state is None:
        del running.states[metric.id]
    else:
        running.states[metric.id] = state
    return state_change(metric, old, state)
