"""What a player can do (``http-api.md`` §6.4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django_playlyfe import instants
from django_playlyfe.engine.design.plans import plan_of
from django_playlyfe.engine.ledger.projections import Projections
from django_playlyfe.engine.models import ActionCount, Player, Score
from django_playlyfe.engine.realm import Realm, find_game, find_player, version_in_force
from django_playlyfe.engine.rules import judge
from django_playlyfe.engine.rules.plan import Action, Plan, Reward, SetMetric, StateMetric, Variable

Wire = dict[str, Any]


def actions(realm: Realm, player_id: str) -> list[Wire]:
    """The actions that the player can see, sorted by id. Three queries."""
    player = find_player(realm, player_id)
    return actions_with(realm, Projections.of(player))


def actions_with(realm: Realm, standing: Projections) -> list[Wire]:
    """The actions that a player who has this can see. No query: the player's game is read already."""
    return _visible(plan_of(version_in_force(standing.player.game, realm)), standing)


def actions_of(realm: Realm, player_ids: Iterable[str]) -> dict[str, list[Wire]]:
    """The actions that each of several players can see, by player id. Four queries, however many there are.

    Who is not a player is left out. Raises ConfigurationError.
    """
    game = find_game(realm)
    plan = plan_of(version_in_force(game, realm))
    found = Player.objects.filter(game=game, environment=realm.environment, player_id__in=set(player_ids))
    scores: dict[int, list[Score]] = {player.pk: [] for player in found}
    counts: dict[int, list[ActionCount]] = {player.pk: [] for player in found}
    for score in Score.objects.filter(player__in=list(scores)):
        scores[score.player_id].append(score)
    for count in ActionCount.objects.filter(player__in=list(counts)):
        counts[count.player_id].append(count)
    return {
        player.player_id: _visible(plan, Projections(player, scores[player.pk], counts[player.pk])) for player in found
    }


def _visible(plan: Plan, stored: Projections) -> list[Wire]:
    state = stored.state(plan)
    visible = judge.visible_actions(plan, state, instants.now())
    return [_action(plan, action, state.counts.get(action.id, 0)) for action in visible]


def _action(plan: Plan, action: Action, count: int) -> Wire:
    body: Wire = {"id": action.id, "name": action.name}
    if action.description:
        body["description"] = action.description
    rewards = [_reward(plan, reward) for rule in action.rules for reward in rule.rewards]
    body["variables"] = [_variable(variable) for variable in action.variables]
    body["rewards"] = [reward for reward in rewards if reward is not None]
    body["count"] = count
    return body


def _variable(variable: Variable) -> Wire:
    body: Wire = {"name": variable.name, "type": variable.type, "required": variable.required}
    if variable.default is not None:
        body["default"] = variable.default
    return body


def _reward(plan: Plan, reward: Reward) -> Wire | None:
    """A reward as the player may see it; None if all it gives are hidden items."""
    metric = plan.metrics[reward.metric]
    value: Any
    if isinstance(metric, SetMetric):
        shown = [(metric.items[item], count) for item, count in reward.items if not metric.items[item].hidden]
        if not shown:
            return None
        value = {item.name: count.text for item, count in shown}
    elif isinstance(metric, StateMetric):
        value = metric.states[reward.state].name
    else:
        value = reward.value.text if reward.value is not None else "0"
    return {
        "metric": {"id": metric.id, "type": metric.type, "name": metric.name},
        "verb": reward.verb,
        "value": value,
        "probability": 1 if reward.probability == 1 else reward.probability,  # "1", as the wire has it, not "1.0"
    }
