"""States, items, levels and actions that no player can ever reach by playing, and rules that can never award.

Careful in one direction: what is named here is certain; something unreachable may go unnamed. Scores that an
administrator gives by hand play no part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from django_playlyfe.engine.design.findings.known import Known
from django_playlyfe.engine.design.report import pointer
from django_playlyfe.engine.rules import spans
from django_playlyfe.engine.rules.plan import (
    AchievementRule,
    Condition,
    Level,
    LevelRule,
    Plan,
    PointMetric,
    Reward,
    RewardRule,
    SetMetric,
    StateMetric,
)
from django_playlyfe.engine.rules.spans import Span

_HIGHER = frozenset({"ge", "gt", "eq"})
_LOWER = frozenset({"le", "lt", "eq"})


@dataclass(frozen=True)
class Finding:
    """Something that nobody can reach.

    Attributes:
        code: ``ACTION_UNREACHABLE``, ``ITEM_UNREACHABLE``, ``STATE_UNREACHABLE``, ``LEVEL_UNREACHABLE`` or
            ``RULE_UNREACHABLE``.
        path: where it is defined, as in a report (``/metrics/badges``).
        message: one sentence.
    """

    code: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@dataclass
class _Reached:
    """What some player may come to have; only ever grows."""

    actions: set[str] = field(default_factory=set)
    rules: set[str] = field(default_factory=set)
    items: set[tuple[str, str]] = field(default_factory=set)
    states: set[tuple[str, str]] = field(default_factory=set)
    points: dict[str, Span] = field(default_factory=dict)
    stored: set[str] = field(default_factory=set)

    def size(self) -> tuple[object, ...]:
        return (len(self.actions), len(self.rules), len(self.items), len(self.states), dict(self.points))


def unreachable(plan: Plan) -> list[Finding]:
    """Everything that can be shown to be out of reach, in design order."""
    reached = _explore(plan)
    return [
        *_metrics(plan, reached),
        *(
            Finding("ACTION_UNREACHABLE", pointer(("actions", action)), f"nobody can ever play '{action}'")
            for action in plan.actions
            if action not in reached.actions
        ),
        *_rules(plan, reached),
    ]


def _metrics(plan: Plan, reached: _Reached) -> Iterator[Finding]:
    for metric in plan.metrics.values():
        path = pointer(("metrics", metric.id))
        if isinstance(metric, SetMetric):
            for item in metric.items:
                if (metric.id, item) not in reached.items:
                    yield Finding("ITEM_UNREACHABLE", path, f"no rule or reward ever gives the item '{item}'")
        elif isinstance(metric, StateMetric):
            for state in metric.states:
                if (metric.id, state) not in reached.states:
                    yield Finding("STATE_UNREACHABLE", path, f"no rule or reward ever leads to the state '{state}'")


def _rules(plan: Plan, reached: _Reached) -> Iterator[Finding]:
    for rule in plan.level_rules:
        for level in rule.levels:
            if not _level_is_reached(rule, level, reached):
                yield Finding(
                    "LEVEL_UNREACHABLE",
                    pointer(("rules", rule.id)),
                    f"'{rule.base_metric}' never comes to the level '{level.state}'",
                )
    for achievement in plan.achievement_rules:
        if achievement.id not in reached.rules:
            yield Finding(
                "RULE_UNREACHABLE", pointer(("rules", achievement.id)), f"nobody can ever earn '{achievement.id}'"
            )


# --- the exploration --------------------------------------------------------------------------------------------------


def _explore(plan: Plan) -> _Reached:
    """Let everything happen that may, until nothing new comes of it."""
    reached = _Reached(points={m.id: _start(m) for m in plan.metrics.values() if isinstance(m, PointMetric)})
    for reward in plan.bootstrap:
        _pay(plan, reward, reached)
    before: object = None
    while before != reached.size():
        before = reached.size()
        for action in plan.actions.values():
            if _may_hold(action.requires, plan, reached):
                reached.actions.add(action.id)
                if action.probability > 0:
                    _pay_rules(plan, action.rules, reached)
        for custom in plan.custom_rules.values():
            _pay_rules(plan, custom.rules, reached)
        for level_rule in plan.level_rules:
            for level in level_rule.levels:
                if _level_is_reached(level_rule, level, reached):
                    reached.states.add((level_rule.level_metric, level.state))
        for achievement in plan.achievement_rules:
            _award(plan, achievement, reached)
    return reached


def _start(metric: PointMetric) -> Span:
    return Span(Decimal(metric.default), Decimal(metric.default))


def _award(plan: Plan, rule: AchievementRule, reached: _Reached) -> None:
    metric = plan.metrics[rule.metric]
    if isinstance(metric, SetMetric) and _may_hold(rule.requires, plan, reached) and metric.max_items != 0:
        possible = {item for item in rule.items if metric.items[item].maximum != 0}
        if possible:
            reached.rules.add(rule.id)
            reached.items |= {(rule.metric, item) for item in possible}


def _pay_rules(plan: Plan, rules: tuple[RewardRule, ...], reached: _Reached) -> None:
    for rule in rules:
        if _may_hold(rule.requires, plan, reached):
            for reward in rule.rewards:
                _pay(plan, reward, reached)


def _pay(plan: Plan, reward: Reward, reached: _Reached) -> None:
    metric = plan.metrics[reward.metric]
    if reward.probability <= 0:
        return
    if isinstance(metric, StateMetric):
        reached.states.add((metric.id, reward.state))
    elif isinstance(metric, SetMetric):
        for item, value in reward.items:
            span = value.span(Known(plan))
            gives = span.low < 0 if reward.verb == "remove" else span.high > 0
            if gives and metric.items[item].maximum != 0 and metric.max_items != 0:
                reached.items.add((metric.id, item))
    elif isinstance(metric, PointMetric) and reward.value is not None:
        reached.stored.add(metric.id)
        reached.points[metric.id] = _moved(metric, reward, reward.value.span(Known(plan)), reached.points[metric.id])


def _moved(metric: PointMetric, reward: Reward, value: Span, so_far: Span) -> Span:
    """Where a score may be once a reward was paid any number of times."""
    if reward.verb == "set":
        stored = spans.call("round", [value])
        low, high = min(so_far.low, stored.low), max(so_far.high, stored.high)
    else:
        up = value.high if reward.verb == "add" else -value.low
        down = value.low if reward.verb == "add" else -value.high
        low = Decimal("-Infinity") if down < 0 else so_far.low
        high = Decimal("Infinity") if up > 0 else so_far.high
    if metric.minimum is not None:
        low = max(low, Decimal(metric.minimum))
    if metric.maximum is not None:
        high = min(high, Decimal(metric.maximum))
    return Span(min(low, so_far.low), max(high, so_far.high))


def _level_is_reached(rule: LevelRule, level: Level, reached: _Reached) -> bool:
    if rule.base_metric not in reached.stored:  # a player without a base score has no level
        return False
    span, is_last = reached.points[rule.base_metric], level is rule.levels[-1]
    is_first = level is rule.levels[0]
    above = is_last or level.high is None or span.low <= level.high
    return above and (is_first or level.low is None or span.high >= level.low)


def _may_hold(condition: Condition, plan: Plan, reached: _Reached) -> bool:
    """Whether some player may come to meet a condition; True if that cannot be told."""
    if condition.type == "always":
        return not condition.negate
    if condition.negate:
        return True
    if condition.type == "and":
        return all(_may_hold(part, plan, reached) for part in condition.parts)
    if condition.type == "or":
        return any(_may_hold(part, plan, reached) for part in condition.parts)
    if condition.type in ("action", "streak"):
        is_played = condition.id in reached.actions if condition.id else bool(reached.actions)
        return is_played or _zero_does(condition.operator, condition.number)
    return _may_have(condition, plan, reached) if condition.type == "metric" else True


def _zero_does(operator: str, number: int) -> bool:
    """Whether a count of 0 meets a condition."""
    tests = {"eq": number == 0, "ne": number != 0, "gt": number < 0, "ge": number <= 0, "lt": number > 0}
    return tests.get(operator, number >= 0)


def _may_have(condition: Condition, plan: Plan, reached: _Reached) -> bool:
    metric = plan.metrics[condition.id]
    if isinstance(metric, StateMetric):
        return condition.operator == "ne" or (metric.id, condition.state) in reached.states
    if condition.value is None or condition.value.references:
        return True
    asked = condition.value.span(Known(plan))
    if isinstance(metric, SetMetric):
        most = metric.items[condition.item].maximum if (metric.id, condition.item) in reached.items else 0
        has = Span(Decimal(0), Decimal("Infinity") if most is None else Decimal(most))
    elif isinstance(metric, PointMetric):
        has = reached.points[metric.id]
    else:
        return True
    if condition.operator in _HIGHER and has.high < asked.low:
        return False
    if condition.operator in _LOWER and has.low > asked.high:
        return False
    touching = {"gt": has.high == asked.low, "lt": has.low == asked.high}
    return not touching.get(condition.operator, False)
