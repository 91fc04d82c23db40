"""What the fix of an issue does to one player (``engine.md`` §14.3): the first time, and again after an undo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django_playlyfe.engine.ledger.projections import Projections, RecordedWrite, StoredScore
from django_playlyfe.engine.rules import judge
from django_playlyfe.engine.rules.plan import Plan, SetMetric
from django_playlyfe.engine.rules.state import Write

Scores = Mapping[tuple[str, str], StoredScore]


def fix(projections: Projections, plan: Plan, given: Mapping[str, Any], at: datetime) -> list[RecordedWrite]:
    """Change a player's scores in memory; compounds and levels follow.

    Args:
        projections: of the player; changed.
        plan: the design that the issue stands in the way of.
        given: the ``inputs`` of the call: ``{"issue", "apply", "metric", "member", "limit", "to"}``.
        at: when.

    Returns:
        What the log keeps of it, one entry per score; empty if the player is not affected.
    """
    fixed = Projections(projections.player)
    fixed.scores = dict(projections.scores)
    writes = list(_writes(projections.scores, plan, given))
    if not writes:
        return []
    fixed.apply(writes, at)
    fixed.apply(judge.settle(plan, fixed.state(plan), at).writes, at)
    return projections.apply(_differences(projections.scores, fixed.scores), at)


def _writes(scores: Scores, plan: Plan, given: Mapping[str, Any]) -> Iterator[Write]:
    apply, metric, member = given["apply"], given["metric"], given["member"]
    for (name, item), stored in scores.items():
        if name != metric:
            continue
        if apply in ("METRIC_DESTROY", "METRIC_TYPE_SET"):
            yield Write(name, item, stored.value, None)
        elif apply.endswith("_LIMIT_SET") and item == member and isinstance(stored.value, int):
            within = max if apply == "METRIC_POINT_MIN_LIMIT_SET" else min
            if within(stored.value, given["limit"]) != stored.value:
                yield Write(name, item, stored.value, given["limit"])
        elif apply.startswith("METRIC_SET_ITEM_") and item == member and not apply.endswith("_LIMIT_SET"):
            yield Write(name, item, stored.value, None)
            if apply == "METRIC_SET_ITEM_RENAME":
                yield _moved(scores, plan, given, stored)
        elif apply.startswith("METRIC_STATE_") and stored.value == member:
            yield Write(name, item, stored.value, given["to"] or None)


def _moved(scores: Scores, plan: Plan, given: Mapping[str, Any], stored: StoredScore) -> Write:
    """The count of an item, added to that of another, within what may be held of it."""
    metric, to = plan.metrics.get(given["metric"]), given["to"]
    held = scores.get((given["metric"], to))
    before = held.value if held is not None and isinstance(held.value, int) else 0
    count = before + (stored.value if isinstance(stored.value, int) else 0)
    most = metric.items[to].maximum if isinstance(metric, SetMetric) and to in metric.items else None
    return Write(
        given["metric"], to, held.value if held is not None else None, count if most is None else min(count, most)
    )


def _differences(before: Scores, after: Scores) -> Iterator[Write]:
    for key in list({**before, **after}):
        old, new = before.get(key), after.get(key)
        old_value, new_value = old.value if old is not None else None, new.value if new is not None else None
        if old_value != new_value:
            yield Write(*key, old_value, new_value)
