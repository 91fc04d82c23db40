"""Achievement rules: items for whoever meets a condition, never taken back (``engine.md`` §9.1)."""

from __future__ import annotations

from django_playlyfe.engine.rules.changes import Change
from django_playlyfe.engine.rules.conditions import holds
from django_playlyfe.engine.rules.plan import AchievementRule, SetMetric
from django_playlyfe.engine.rules.rewards import hold_items
from django_playlyfe.engine.rules.snapshot import Snapshot


def award(rule: AchievementRule, live: Snapshot) -> Change | None:
    """Add the missing items to ``live.state`` if the rule's condition holds; None if nothing is missing or changed."""
    return give(rule, live) if _missing(rule, live) and holds(rule.requires, live) else None


def give(rule: AchievementRule, live: Snapshot) -> Change | None:
    """Add the missing items to ``live.state``, whatever the condition says; None if nothing is missing or changed."""
    metric, missing = live.plan.metrics[rule.metric], _missing(rule, live)
    return hold_items(metric, missing, live.state) if isinstance(metric, SetMetric) and missing else None


def _missing(rule: AchievementRule, live: Snapshot) -> dict[str, int]:
    held = live.state.items.get(rule.metric, {})
    return {item: count for item, count in rule.items.items() if held.get(item, 0) < count}
