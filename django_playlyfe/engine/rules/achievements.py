"""Achievement rules: items for whoever meets a condition, never taken back (``engine.md`` §9.1)."""

from __future__ import annotations

from django_playlyfe.engine.rules.changes import Change
from django_playlyfe.engine.rules.conditions import holds
from django_playlyfe.engine.rules.plan import AchievementRule, SetMetric
from django_playlyfe.engine.rules.rewards import hold_items
from django_playlyfe.engine.rules.snapshot import Snapshot


def award(rule: AchievementRule, live: Snapshot) -> Change | None:
    """Add the missing items to ``live.state`` if the rule's condition holds; None if nothing is missing or changed."""
    metric = live.plan.metrics[rule.metric]
    if not isinstance(metric, SetMetric):
        return None
    held = live.state.items.get(metric.id, {})
    missing = {item: count for item, count in rule.items.items() if held.get(item, 0) < count}
    if not missing or not holds(rule.requires, live):
        return None
    return hold_items(metric, missing, live.state)
