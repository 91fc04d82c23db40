"""Small games, built by hand: what the rules read, without the design documents around it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from django_playlyfe.engine.rules import judge
from django_playlyfe.engine.rules.formulas import parse
from django_playlyfe.engine.rules.plan import (
    ALWAYS,
    AchievementRule,
    Action,
    CompoundMetric,
    Condition,
    Item,
    Level,
    LevelRule,
    Metric,
    Plan,
    PointMetric,
    Reward,
    RewardRule,
    SetMetric,
    State,
    StateMetric,
)
from django_playlyfe.engine.rules.state import Dice, Outcome, PlayerState, PlayInput

NOON = datetime(2024, 3, 5, 12, tzinfo=timezone.utc)
"""A Tuesday."""

XP = PointMetric("xp", "Experience")
COINS = PointMetric("coins", "Coins", maximum=9999, default=10)
BADGES = SetMetric(
    "badges",
    "Badges",
    {
        "bookworm": Item("bookworm", "Bookworm"),
        "night_owl": Item("night_owl", "Night owl", hidden=True),
        "bookmark": Item("bookmark", "Bookmark", maximum=5),
        "star": Item("star", "Star", maximum=None),
    },
)
RANK = StateMetric(
    "rank", "Rank", {name.lower(): State(name.lower(), name) for name in ("Visitor", "Reader", "Scholar")}
)
IMPACT = CompoundMetric("impact", "Impact", parse("$scores['xp'] / 10 + $scores['badges']['bookworm'] * 50"))
RANKING_UP = LevelRule(
    "ranking_up",
    "Ranking up",
    "xp",
    "rank",
    (Level("visitor", 0, 49), Level("reader", 50, 499), Level("scholar", 500, None)),
)


def game(*metrics: Metric, **parts: Any) -> Plan:
    """A plan; ``actions`` may be a list, and every achievement rule is looked at whatever was touched."""
    metrics = metrics or (XP, COINS, BADGES, RANK)
    actions = {action.id: action for action in parts.pop("actions", [])}
    rules = tuple(parts.pop("achievement_rules", ()))
    things = [(kind, metric.id) for kind in ("metric", "items") for metric in metrics] + [
        ("action", action) for action in actions
    ]
    return Plan(
        game_id="small",
        metrics={metric.id: metric for metric in metrics},
        compounds=tuple(metric.id for metric in metrics if isinstance(metric, CompoundMetric)),
        actions=actions,
        achievement_rules=rules,
        touching={thing: frozenset(rule.id for rule in rules) for thing in things},
        **parts,
    )


def action(*rewards: Reward, id: str = "read", requires: Condition = ALWAYS, **parts: Any) -> Action:  # noqa: A002 - the model's own word
    """An action with one unconditional rule of these rewards."""
    return Action(id, id.capitalize(), requires=requires, rules=(RewardRule(ALWAYS, rewards),), **parts)


def points(value: str | int, metric: str = "xp", verb: Any = "add", **parts: Any) -> Reward:
    """A reward of points."""
    return Reward(metric, "point", verb, value=parse(value), **parts)


def items(counts: Mapping[str, str | int], verb: Any = "add", **parts: Any) -> Reward:
    """A reward of badges."""
    return Reward("badges", "set", verb, items=tuple((item, parse(count)) for item, count in counts.items()), **parts)


def rank(state: str) -> Reward:
    """A reward that sets the rank."""
    return Reward("rank", "state", "set", state=state)


def metric_is(metric: str, operator: str, value: str | int, **parts: Any) -> Condition:
    """A condition on a score that is a number."""
    return Condition("metric", id=metric, metric_type="point", operator=operator, value=parse(value), **parts)


def achievement(id: str, items: Mapping[str, int], requires: Condition = ALWAYS) -> AchievementRule:  # noqa: A002 - as above
    """A rule that gives badges."""
    return AchievementRule(id, id, "badges", items, requires)


def certain(key: str) -> float:
    """Dice for games without chance."""
    raise AssertionError(f"Nothing should be rolled, not even {key}")


def play(
    plan: Plan,
    state: PlayerState | None = None,
    name: str = "read",
    variables: Mapping[str, Any] | None = None,
    *,
    count: int = 1,
    at: datetime = NOON,
    dice: Dice = certain,
    thorough: bool = True,
) -> Outcome:
    """Play an action."""
    request = PlayInput(name, variables or {}, count, at, thorough)
    return judge.play(plan, state or PlayerState(), request, dice)


def deltas(outcome: Outcome, event: int = 0) -> list[tuple[str, Any]]:
    """(metric id, delta) of each change of one event."""
    return [(change["metric"]["id"], change["delta"]) for change in outcome.events[event].body["changes"]]


def delta(old: str | None, new: str | None) -> dict[str, str | None]:
    """``{"old": …, "new": …}``."""
    return {"old": old, "new": new}
