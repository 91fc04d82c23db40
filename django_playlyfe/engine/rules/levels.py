"""Level rules: a state that follows a point metric in both directions (``engine.md`` §9.2)."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

from django_playlyfe.engine.rules.changes import Change
from django_playlyfe.engine.rules.plan import Level, LevelRule, Plan, StateMetric
from django_playlyfe.engine.rules.rewards import enter_state
from django_playlyfe.engine.rules.state import PlayerState


def judge(plan: Plan, rule: LevelRule, running: PlayerState) -> Change | None:
    """Put the player on the level of their base metric; None if they are there, or have no score to judge by."""
    value = running.points.get(rule.base_metric)
    metric = plan.metrics[rule.level_metric]
    if value is None or not isinstance(metric, StateMetric):
        return None
    return enter_state(metric, level_of(rule, value).state, running)


def level_of(rule: LevelRule, value: int) -> Level:
    """The level of a base metric's value; the first takes all that is lower, the last all that is higher."""
    below_last = rule.levels[:-1]
    return rule.levels[bisect_left(below_last, value, key=_upper_bound)]


def _upper_bound(level: Level) -> int:
    if level.high is None:  # activation refuses such a design
        raise ValueError(f"Only the last level may be without a threshold, not '{level.state}'")
    return level.high


def level_meta(plan: Plan, metric_id: str, state_id: str) -> dict[str, Any] | None:
    """The ``meta`` of a state score on the wire, None for a state that no level rule gives.

    ``high`` of the top level is ``"Infinity"``, even if it has a threshold: values above it keep that level.
    """
    for rule in plan.level_rules:
        if rule.level_metric == metric_id:
            return _meta(plan, rule, state_id)
    return None


def _meta(plan: Plan, rule: LevelRule, state_id: str) -> dict[str, Any] | None:
    position = next((index for index, level in enumerate(rule.levels) if level.state == state_id), None)
    if position is None:
        return None
    level, following = rule.levels[position], rule.levels[position + 1 : position + 2]
    meta: dict[str, Any] = {
        "low": "-Infinity" if level.low is None else str(level.low),
        "high": str(level.high) if following else "Infinity",
    }
    metric = plan.metrics[rule.level_metric]
    if following and isinstance(metric, StateMetric):
        meta["next"] = metric.states[following[0].state].name
    meta["base_metric"] = {"id": rule.base_metric, "name": plan.metrics[rule.base_metric].name}
    return meta
