"""The entry point of the rules: what a call does to one player (``engine.md`` §10.1).

Pure functions of the compiled design, the player, the call, its instant and its dice; no state given is changed. What
may not be is raised as :class:`~django_playlyfe.engine.rules.state.Refused`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django_playlyfe.engine.rules import rates, variables
from django_playlyfe.engine.rules.chance import Chance
from django_playlyfe.engine.rules.conditions import holds
from django_playlyfe.engine.rules.judgement import Judgement
from django_playlyfe.engine.rules.levels import level_meta
from django_playlyfe.engine.rules.once import guard_of
from django_playlyfe.engine.rules.plan import Action, Plan, Reward, RewardRule
from django_playlyfe.engine.rules.snapshot import Snapshot
from django_playlyfe.engine.rules.state import Dice, Outcome, PlayerState, PlayInput, Refused

_Due = tuple[str, Reward, int]
"""``"<rule index>.<reward index>"``, the reward, and its weight."""

__all__ = ["apply_rewards", "bootstrap", "custom_rule", "level_meta", "play", "settle", "visible_actions"]


def play(plan: Plan, state: PlayerState, request: PlayInput, dice: Dice) -> Outcome:
    """Play an action once, with weight ``request.count``.

    Raises:
        Refused: ``action_not_found``, ``access_denied`` (not visible to this player), ``validation_exception``
            (variables), ``rate_limit_exceeded``.
    """
    action = plan.actions.get(request.action)
    if action is None:
        raise Refused("action_not_found", f"The action '{request.action}' does not exist")
    view = Snapshot.take(plan, state, request.at, {})
    if not holds(action.requires, view):
        raise Refused("access_denied", f"The action '{action.id}' is not open to this player")
    effective = variables.read(action.variables, request.variables)
    usage = _usage_after(plan, action, state, request)

    judgement = Judgement(view.reading(effective))
    chance = Chance(dice)
    changes = _pay_for(action, judgement, chance, request.count)
    judgement.raise_action_count(action.id, request.count)
    judgement.running.usage.update(usage)
    reference = {"id": action.id, "name": action.name, "vars": effective}
    judgement.emit({"event": "action", "action": reference, "count": request.count, "changes": changes})
    judgement.follow(thorough=request.thorough)
    return judgement.outcome(chance.rolls)


def visible_actions(plan: Plan, state: PlayerState, at: datetime) -> list[Action]:
    """The actions whose ``requires`` holds for the player, sorted by id; exhausted ones included."""
    view = Snapshot.take(plan, state, at, {})
    return [plan.actions[action] for action in sorted(plan.actions) if holds(plan.actions[action].requires, view)]


def bootstrap(plan: Plan, state: PlayerState, at: datetime, dice: Dice) -> Outcome:
    """Give a new player what the design starts everyone with; silently, so the outcome has no events."""
    judgement = Judgement(Snapshot.take(plan, state, at, {}))
    chance = Chance(dice)
    _pay(_rolled(_keyed(plan.bootstrap, "0"), chance), judgement)
    judgement.follow(thorough=True)
    return replace(judgement.outcome(chance.rolls), events=())


def custom_rule(plan: Plan, state: PlayerState, rule_id: str, given: Mapping[str, Any], at: datetime) -> Outcome:
    """Run a custom rule for a player; there is no chance in it. Without a matching inner rule it has no own event.

    Raises:
        Refused: ``rule_not_found``, ``validation_exception`` (variables).
    """
    rule = plan.custom_rules.get(rule_id)
    if rule is None:
        raise Refused("rule_not_found", f"The rule '{rule_id}' does not exist")
    judgement = Judgement(Snapshot.take(plan, state, at, variables.read(rule.variables, given)))
    matching = list(_matching(rule.rules, judgement))
    if matching:
        changes = _pay((due for index, inner in matching for due in _keyed(inner.rewards, str(index))), judgement)
        judgement.emit({"event": "custom_rule", "rule": {"id": rule.id, "name": rule.name}, "changes": changes})
    judgement.follow(thorough=True)
    return judgement.outcome({})


def apply_rewards(plan: Plan, state: PlayerState, rewards: Sequence[Reward], at: datetime, admin: str = "") -> Outcome:
    """Apply an administrator's score patch; its probabilities play no part. ``admin`` is who did it."""
    judgement = Judgement(Snapshot.take(plan, state, at, {}))
    body: dict[str, Any] = {"event": "score", "changes": _pay(_keyed(rewards, "0"), judgement)}
    judgement.emit(body | {"admin": admin} if admin else body)
    judgement.follow(thorough=True)
    return judgement.outcome({})


def settle(plan: Plan, state: PlayerState, at: datetime) -> Outcome:
    """Compounds and levels of scores that were changed from outside; silent, so the outcome has no events."""
    judgement = Judgement(Snapshot.take(plan, state, at, {}))
    judgement.settle()
    return replace(judgement.outcome({}), events=())


def _usage_after(plan: Plan, action: Action, state: PlayerState, request: PlayInput) -> dict[str, Any]:
    """Action id -> usage of its limit once the play is counted; empty for an unlimited action."""
    if action.rate is None:
        return {}
    zone = ZoneInfo(plan.timezone)
    usage = state.usage.get(action.id, {})
    rates.check(action.id, action.rate, usage, request.count, request.at, zone)
    return {action.id: rates.consume(action.rate, usage, request.count, request.at, zone)}


def _pay_for(action: Action, judgement: Judgement, chance: Chance, count: int) -> list[dict[str, Any]]:
    """Steps 5 to 7 of a play."""
    if not chance.succeeds("action", action.probability):
        return []
    matching = list(_matching(action.rules, judgement))
    # What is paid once is paid for one, however many plays this one stands for.
    due = (
        due for index, rule in matching for due in _keyed(rule.rewards, str(index), count if rule.once is None else 1)
    )
    return _pay(_rolled(due, chance), judgement)


def _matching(rules: Sequence[RewardRule], judgement: Judgement) -> Iterator[tuple[int, RewardRule]]:
    """The rules whose condition holds in the snapshot, with their position; a once-only rule that has not paid yet
    counts as paid from then on, whatever its rewards come to."""
    view = judgement.snapshot
    for index, rule in enumerate(rules):
        guard = None if rule.once is None else guard_of(rule.once, view.variables)
        if rule.once is not None and (guard is None or guard in view.state.guards):
            continue
        if holds(rule.requires, view):
            if guard is not None:
                judgement.close(guard)
            yield index, rule


def _rolled(rewards: Iterable[_Due], chance: Chance) -> Iterator[_Due]:
    """The rewards whose own roll succeeds, rolled one by one as they are asked for."""
    for due in rewards:
        key, reward, _ = due
        if chance.succeeds(key, reward.probability):
            yield due


def _keyed(rewards: Sequence[Reward], rule: str, weight: int = 1) -> Iterator[_Due]:
    """Rewards by the key of their roll: positions of the rule and of the reward in it."""
    for index, reward in enumerate(rewards):
        yield f"{rule}.{index}", reward, weight


def _pay(rewards: Iterable[_Due], judgement: Judgement) -> list[dict[str, Any]]:
    """Apply rewards in order; the changes of one event, compounds last."""
    changes = (judgement.pay(key, reward, weight) for key, reward, weight in rewards)
    return judgement.recompute([change for change in changes if change is not None])
