"""From a checked design to the plan that the rules judge with (``engine-internals.md`` §2)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from django_playlyfe.engine.design.integers import INFINITY, bound
from django_playlyfe.engine.rules import plan
from django_playlyfe.engine.rules.formulas import Expression, ScoreReference, parse

Metrics = Mapping[str, plan.Metric]
_INTEGER = re.compile(r"-?[0-9]{1,18}")


def compile_design(document: Mapping[str, Any]) -> plan.Plan:
    """Compile a design.

    Args:
        document: a canonical document (``normalise``) that its check found valid.

    Returns:
        The plan. Teams and processes are not part of it; conditions on teams are, and are false while there are none.
    """
    game = document["game"]
    metrics = {metric["id"]: _METRICS[metric["type"]](metric) for metric in document["metrics"]}
    operands = _operands(metrics)
    rules = document["rules"]
    actions = {action["id"]: _action(action, metrics) for action in document["actions"]}
    custom = {rule["id"]: _custom_rule(rule, metrics) for rule in rules if rule["type"] == "custom"}
    achievements = tuple(_achievement_rule(rule) for rule in rules if rule["type"] == "achievement")
    return plan.Plan(
        game_id=game["id"],
        timezone=game["timezone"],
        cycle_timezone=game.get("cycle_timezone", "UTC"),
        metrics=metrics,
        compounds=_in_dependency_order(operands),
        actions=actions,
        level_rules=tuple(_level_rule(rule, metrics) for rule in rules if rule["type"] == "level"),
        achievement_rules=achievements,
        custom_rules=custom,
        boards={board["id"]: _board(board) for board in document["leaderboards"]},
        bootstrap=_rewards(document["bootstrap"]["scores"], metrics),
        touching=_touching(achievements, operands, actions),
        reaching=_reaching(achievements),
        pays_once=any(
            "once" in rule or any("best" in reward for reward in rule["rewards"])
            for holder in (*document["actions"], *rules)
            for rule in holder.get("rules", ())
        ),
        asks_for_streaks=any(
            _has_streak(rule.requires)
            for rules_of in (*(one.rules for one in actions.values()), *(one.rules for one in custom.values()))
            for rule in rules_of
        ),
    )


# --- metrics ----------------------------------------------------------------------------------------------------------


def _point(metric: Mapping[str, Any]) -> plan.PointMetric:
    constraints = metric["constraints"]
    return plan.PointMetric(
        id=metric["id"],
        name=metric["name"],
        description=metric.get("description", ""),
        minimum=bound(constraints["min"]),
        maximum=bound(constraints["max"]),
        default=int(constraints["default"]),
    )


def _set(metric: Mapping[str, Any]) -> plan.SetMetric:
    constraints = metric["constraints"]
    items = {
        item["id"]: plan.Item(
            id=item["id"],
            name=item["name"],
            description=item["description"],
            maximum=bound(item["max"]),
            hidden=item["hidden"],
            image=item["image"],
        )
        for item in constraints["items"]
    }
    return plan.SetMetric(
        id=metric["id"],
        name=metric["name"],
        items=items,
        description=metric.get("description", ""),
        max_items=bound(constraints["max_items"]),
    )


def _state(metric: Mapping[str, Any]) -> plan.StateMetric:
    states = {
        state["id"]: plan.State(id=state["id"], name=state["name"], description=state["description"])
        for state in metric["constraints"]["states"]
    }
    return plan.StateMetric(
        id=metric["id"], name=metric["name"], states=states, description=metric.get("description", "")
    )


def _compound(metric: Mapping[str, Any]) -> plan.CompoundMetric:
    return plan.CompoundMetric(
        id=metric["id"],
        name=metric["name"],
        formula=parse(metric["constraints"]["formula"]),
        description=metric.get("description", ""),
    )


_METRICS: Mapping[str, Callable[[Mapping[str, Any]], plan.Metric]] = {
    "point": _point,
    "set": _set,
    "state": _state,
    "compound": _compound,
}


def _operands(metrics: Metrics) -> dict[str, frozenset[str]]:
    """Compound id -> the metrics that its formula names."""
    return {
        metric.id: frozenset(_metrics_of(metric.formula))
        for metric in metrics.values()
        if isinstance(metric, plan.CompoundMetric)
    }


def _in_dependency_order(operands: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Compounds of plain metrics first, then compounds of those; design order among equals (§3.4)."""
    depths: dict[str, int] = {}

    def depth(name: str) -> int:  # the check has refused circles and more than 16 levels
        if name not in depths:
            depths[name] = 1 + max((depth(operand) for operand in operands[name] if operand in operands), default=0)
        return depths[name]

    return tuple(sorted(operands, key=depth))


# --- conditions and rewards -------------------------------------------------------------------------------------------


def _condition(requires: Mapping[str, Any]) -> plan.Condition:
    if not requires:
        return plan.ALWAYS
    kind, negate, context = requires["type"], requires["not"], requires.get("context", {})
    if kind in ("and", "or"):
        return plan.Condition(type=kind, negate=negate, parts=tuple(map(_condition, requires["expression"])))
    if kind == "metric":
        return _metric_condition(context, negate)
    if kind == "team":
        return plan.Condition(type="team", negate=negate, id=context["definition_id"], role=context.get("role", ""))
    if kind == "var":
        lhs, rhs = parse(context["lhs"]), parse(context["rhs"])
        return plan.Condition(type="var", negate=negate, lhs=lhs, operator=context["operator"], value=rhs)
    return plan.Condition(
        type=kind,
        negate=negate,
        id=context.get("action" if kind == "streak" else "id", ""),
        func=context.get("func", ""),
        unit=context.get("unit", "day"),
        operator=context["operator"],
        number=int(context["value"]),
    )


def _metric_condition(context: Mapping[str, Any], negate: bool) -> plan.Condition:
    is_state = context["type"] == "state"
    return plan.Condition(
        type="metric",
        negate=negate,
        id=context["id"],
        metric_type=context["type"],
        item=context.get("item", ""),
        operator=context["operator"],
        state=context["value"] if is_state else "",
        value=None if is_state else parse(context["value"]),
    )


def compile_rewards(rewards: Iterable[Mapping[str, Any]], design: plan.Plan) -> tuple[plan.Reward, ...]:
    """Compile canonical rewards that are no part of the design itself."""
    return _rewards(rewards, design.metrics)


def _rewards(rewards: Iterable[Mapping[str, Any]], metrics: Metrics, place: str = "") -> tuple[plan.Reward, ...]:
    return tuple(_reward(reward, metrics[reward["metric"]["id"]], place) for reward in rewards)


def _reward(reward: Mapping[str, Any], target: plan.Metric, place: str) -> plan.Reward:
    metric, value = reward["metric"], reward["value"]
    kind = metric["type"]
    return plan.Reward(
        metric=metric["id"],
        metric_type=kind,
        verb=reward["verb"],
        value=parse(value) if kind == "point" else None,
        # In design order: databases do not keep the order of keys, and it decides which items fit into max_items.
        items=tuple((item, parse(value[item])) for item in target.items if item in value)
        if isinstance(target, plan.SetMetric)
        else (),
        state=value if kind == "state" else "",
        probability=float(reward.get("probability", 1)),
        best=_once(reward.get("best"), f"best.{place}"),
    )


def _reward_rules(rules: Iterable[Mapping[str, Any]], metrics: Metrics, place: str) -> tuple[plan.RewardRule, ...]:
    """``place`` names the action or custom rule, for guards."""
    return tuple(
        plan.RewardRule(
            _condition(rule["requires"]), _rewards(rule["rewards"], metrics, place), _once(rule.get("once"), place)
        )
        for rule in rules
    )


def _once(once: Mapping[str, Any] | None, place: str) -> plan.Once | None:
    return None if once is None else plan.Once(f"{place}.{once['id']}", once.get("per", ""))


def _variables(variables: Iterable[Mapping[str, Any]]) -> tuple[plan.Variable, ...]:
    return tuple(
        plan.Variable(variable["name"], variable["type"], variable["required"], variable.get("default"))
        for variable in variables
    )


# --- actions, rules, boards -------------------------------------------------------------------------------------------


def _action(action: Mapping[str, Any], metrics: Metrics) -> plan.Action:
    return plan.Action(
        id=action["id"],
        name=action["name"],
        description=action.get("description", ""),
        probability=float(action["probability"]),
        rate=_rate(action.get("rate")),
        requires=_condition(action["requires"]),
        rules=_reward_rules(action["rules"], metrics, f"action.{action['id']}"),
        variables=_variables(action["variables"]),
    )


def _rate(rate: list[Any] | None) -> plan.Rate | None:
    return None if rate is None or rate[0] == INFINITY else plan.Rate(*rate)


def _level_rule(rule: Mapping[str, Any], metrics: Metrics) -> plan.LevelRule:
    """A level begins one above the threshold of the one before, the first at the base metric's minimum (§9.2)."""
    base = metrics[rule["base_metric"]]
    low = base.minimum if isinstance(base, plan.PointMetric) else None
    levels = []
    for level in rule["levels"]:
        high = int(level["threshold"]) if "threshold" in level else None
        levels.append(plan.Level(level["rank"], low, high))
        low = None if high is None else high + 1
    return plan.LevelRule(rule["id"], rule["name"], rule["base_metric"], rule["level_metric"], tuple(levels))


def _achievement_rule(rule: Mapping[str, Any]) -> plan.AchievementRule:
    achievement = rule["achievement"]
    return plan.AchievementRule(
        id=rule["id"],
        name=rule["name"],
        metric=achievement["metric"]["id"],
        items={item["key"]: int(item["value"]) for item in achievement["items"]},
        requires=_condition(rule["requires"]),
    )


def _custom_rule(rule: Mapping[str, Any], metrics: Metrics) -> plan.CustomRule:
    rules = _reward_rules(rule["rules"], metrics, f"rule.{rule['id']}")
    return plan.CustomRule(rule["id"], rule["name"], _variables(rule["variables"]), rules)


def _board(board: Mapping[str, Any]) -> plan.Board:
    return plan.Board(
        id=board["id"],
        name=board["name"],
        entity_type=board["entity_type"],
        metric=board["metric"]["id"],
        scope_type=board["scope"]["type"],
        scope_id=board["scope"].get("id", ""),
        cycles=tuple(board["cycles"]),
        requires=_condition(board["requires"]),
        description=board.get("description", ""),
        ties=board.get("ties", "competition"),
    )


# --- the index of achievement rules -----------------------------------------------------------------------------------


def _touching(
    rules: Iterable[plan.AchievementRule], operands: Mapping[str, frozenset[str]], actions: Iterable[str]
) -> dict[tuple[str, str], frozenset[str]]:
    """What makes a rule change its mind: items of its set that may be lost, or make room, and whatever its condition
    reads. A compound is read through its operands too: a player without a score for it compares as the
    value computed from them. A streak changes with the day, so any play may be the first to find that it did."""
    touching: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for rule in rules:
        touching["items", rule.metric].add(rule.id)
        if _reached(rule.requires) is None:
            for key in _reads(rule.requires, operands):
                touching[key].add(rule.id)
            if _has_streak(rule.requires):
                for action in actions:
                    touching["action", action].add(rule.id)
    return {key: frozenset(ids) for key, ids in touching.items()}


def _reaching(rules: Iterable[plan.AchievementRule]) -> dict[tuple[str, str], tuple[tuple[int, str], ...]]:
    """The rules that ask for one number to be reached, by what is counted and in the order of the numbers."""
    reaching: defaultdict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for rule in rules:
        reached = _reached(rule.requires)
        if reached is not None:
            reaching[reached[0]].append((reached[1], rule.id))
    return {key: tuple(sorted(found)) for key, found in reaching.items()}


def _reached(condition: plan.Condition) -> tuple[tuple[str, str], int] | None:
    """What a condition counts and the least number that meets it, if it is one of "at least" or "more than" a number
    of plays or points, and nothing else."""
    if condition.negate or condition.operator not in ("ge", "gt"):
        return None
    if condition.type == "action":
        return ("action", condition.id), condition.number + (condition.operator == "gt")
    is_number = condition.value is not None and _INTEGER.fullmatch(condition.value.text)
    if condition.type == "metric" and condition.metric_type == "point" and is_number and condition.value is not None:
        return ("metric", condition.id), int(condition.value.text) + (condition.operator == "gt")
    return None


def _has_streak(condition: plan.Condition) -> bool:
    return condition.type == "streak" or any(map(_has_streak, condition.parts))


def _reads(condition: plan.Condition, operands: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, str]]:
    for part in condition.parts:
        yield from _reads(part, operands)
    if condition.type == "action":
        yield "action", condition.id
    elif condition.type == "metric":
        named = {condition.id} | (set(_metrics_of(condition.value)) if condition.value else set())
        pending = list(named)
        while pending:
            new = operands.get(pending.pop(), frozenset()) - named
            named |= new
            pending.extend(new)
        yield from (("metric", metric) for metric in sorted(named))


def _metrics_of(expression: Expression) -> Iterator[str]:
    for reference in expression.references:
        if isinstance(reference, ScoreReference):
            yield reference.metric
