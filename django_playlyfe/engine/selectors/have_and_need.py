"""How far a player is: have, need and fraction of each achievement and level (``engine.md`` §17.5).

Pure functions of a compiled design and a player's state. A fraction is 1.0 exactly where the rules say that the
condition holds; short of that it is below 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from django_playlyfe.engine.rules import levels
from django_playlyfe.engine.rules.arithmetic import as_number
from django_playlyfe.engine.rules.conditions import holds
from django_playlyfe.engine.rules.plan import (
    AchievementRule,
    Condition,
    LevelRule,
    Plan,
    PointMetric,
    SetMetric,
    StateMetric,
)
from django_playlyfe.engine.rules.snapshot import Snapshot
from django_playlyfe.engine.rules.state import PlayerState
from django_playlyfe.types import MetricRef, Progress, ProgressCondition, Ref

_NEARLY = 0.99
"""The most of something that is not reached."""


def progress_of(plan: Plan, state: PlayerState, at: datetime) -> Iterator[Progress]:
    """Each level and achievement in design order, levels first; achievements with hidden items only once earned."""
    view = Snapshot.take(plan, state, at, {})
    for level_rule in plan.level_rules:
        yield _level(level_rule, view)
    for rule in plan.achievement_rules:
        if _is_earned(rule, state) or not _is_hidden(plan, rule.metric, rule.items, state):
            yield _achievement(rule, view)


def _level(rule: LevelRule, view: Snapshot) -> Progress:
    """The way from the level that the base metric's value has to the next one."""
    base, metric = view.plan.metrics[rule.base_metric], view.plan.metrics[rule.level_metric]
    value = int(view.number(rule.base_metric, None))
    level = levels.level_of(rule, value)
    following = rule.levels[rule.levels.index(level) + 1 :][:1]
    shown = (following or (level,))[0].state
    assert isinstance(metric, StateMetric)  # noqa: S101 - activation refuses another one
    conditions: tuple[ProgressCondition, ...] = ()
    if following and level.high is not None:
        need = level.high + 1
        low = min(level.low if level.low is not None else value, value)
        fraction = min(max((value - low) / (need - low), 0.0), _NEARLY) if need > low else 0.0
        conditions = (ProgressCondition("metric", Ref(base.id, base.name), "", "ge", value, need, fraction, False),)
    return Progress(
        kind="level",
        rule=Ref(rule.id, rule.name),
        metric=MetricRef(metric.id, metric.name, metric.type),
        names=(metric.states[shown].name,),
        description=metric.states[shown].description,
        is_earned=not following,
        fraction=conditions[0].fraction if conditions else 1.0,
        conditions=conditions,
    )


def _achievement(rule: AchievementRule, view: Snapshot) -> Progress:
    metric = view.plan.metrics[rule.metric]
    assert isinstance(metric, SetMetric)  # noqa: S101 - activation refuses another one
    items = [metric.items[item] for item in rule.items]
    is_earned = _is_earned(rule, view.state)
    return Progress(
        kind="achievement",
        rule=Ref(rule.id, rule.name),
        metric=MetricRef(metric.id, metric.name, metric.type),
        names=tuple(item.name for item in items),
        description=items[0].description if len(items) == 1 else "",
        is_earned=is_earned,
        fraction=1.0 if is_earned else _fraction(rule.requires, view),
        conditions=tuple(_leaves(rule.requires, view)),
    )


def _is_earned(rule: AchievementRule, state: PlayerState) -> bool:
    held = state.items.get(rule.metric, {})
    return all(held.get(item, 0) >= count for item, count in rule.items.items())


def _is_hidden(plan: Plan, metric_id: str, items: Iterable[str], state: PlayerState) -> bool:
    """Whether one of these items is a secret that the player does not hold."""
    metric, held = plan.metrics.get(metric_id), state.items.get(metric_id, {})
    return isinstance(metric, SetMetric) and any(
        metric.items[item].hidden and not held.get(item) for item in items if item in metric.items
    )


# --- conditions -------------------------------------------------------------------------------------------------------


def _leaves(condition: Condition, view: Snapshot, negate: bool = False) -> Iterator[ProgressCondition]:
    """The single conditions, in design order. One that names a secret item is left out."""
    turned = negate != condition.negate
    if condition.type in ("and", "or"):
        for part in condition.parts:
            yield from _leaves(part, view, turned)
    elif condition.type != "always" and not _names_a_secret(condition, view):
        yield _leaf(condition, view, turned)


def _leaf(condition: Condition, view: Snapshot, negate: bool) -> ProgressCondition:
    have, need = _sides(condition, view)
    is_met = (holds(condition, view) != condition.negate) != negate
    return ProgressCondition(
        kind=condition.type,
        unit=condition.unit if condition.type == "streak" else "",
        subject=_subject(condition, view.plan),
        item=_item_name(condition, view.plan),
        operator=condition.operator,
        have=have,
        need=need,
        fraction=1.0 if is_met else 0.0 if negate else _share(condition, view),
        is_met=is_met,
        is_negated=negate,
    )


def _names_a_secret(condition: Condition, view: Snapshot) -> bool:
    return bool(condition.item) and _is_hidden(view.plan, condition.id, [condition.item], view.state)


def _subject(condition: Condition, plan: Plan) -> Ref:
    if condition.type == "metric":
        return Ref(condition.id, plan.metrics[condition.id].name)
    if condition.type in ("action", "streak") and condition.id in plan.actions:
        return Ref(condition.id, plan.actions[condition.id].name)
    return Ref(condition.id or condition.func)


def _item_name(condition: Condition, plan: Plan) -> str:
    metric = plan.metrics.get(condition.id)
    return metric.items[condition.item].name if isinstance(metric, SetMetric) and condition.item else ""


def _sides(condition: Condition, view: Snapshot) -> tuple[int | str | None, int | str | None]:
    """What the player has and what is asked for, as far as that can be said."""
    if condition.type == "action":
        return view.state.counts.get(condition.id, 0), condition.number
    if condition.type == "streak":
        return view.streak(condition.id, condition.unit), condition.number
    if condition.type != "metric":
        return None, None
    metric = view.plan.metrics[condition.id]
    if isinstance(metric, StateMetric):
        held = view.state.states.get(condition.id)
        return (metric.states[held].name if held else None), metric.states[condition.state].name
    have = view.number(condition.id, condition.item or None)
    need = as_number(condition.value.evaluate(view, {})) if condition.value is not None else Decimal("NaN")
    return _whole(have), _whole(need)


def _whole(number: Decimal) -> int | str | None:
    if not number.is_finite():
        return None
    return int(number) if number == number.to_integral_value() else str(number)


def _fraction(condition: Condition, view: Snapshot) -> float:
    """How much of a condition is behind the player: of ``and`` the mean, of ``or`` the best of its parts."""
    if holds(condition, view):
        return 1.0
    if condition.negate or condition.type not in ("and", "or"):
        return 0.0 if condition.negate else _share(condition, view)
    parts = [_fraction(part, view) for part in condition.parts]
    if not parts:
        return 0.0
    return min(max(parts) if condition.type == "or" else sum(parts) / len(parts), _NEARLY)


def _share(condition: Condition, view: Snapshot) -> float:
    """How much of a single condition that does not hold is there: have over need, both from where a new player is."""
    have, need = _sides(condition, view)
    if condition.operator not in ("ge", "gt", "eq") or not isinstance(have, int) or not isinstance(need, int):
        return 0.0
    if condition.operator == "gt":
        need += 1
    start = _start(condition, view.plan)
    if need <= start or have > need:
        return 0.0
    return min(max((have - start) / (need - start), 0.0), _NEARLY)


def _start(condition: Condition, plan: Plan) -> int:
    metric = plan.metrics.get(condition.id) if condition.type == "metric" else None
    return metric.default if isinstance(metric, PointMetric) else 0
