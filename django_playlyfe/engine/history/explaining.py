"""``explain``: which calls moved a score, by how much, and which rule paid. Read from the log alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django_playlyfe.engine.design.plans import plan_of
from django_playlyfe.engine.history.projected import calls_of
from django_playlyfe.engine.history.rejudging import dice_of, play_input
from django_playlyfe.engine.ledger.projections import Projections, RecordedWrite
from django_playlyfe.engine.models import Call, Player
from django_playlyfe.engine.realm import Realm, find_player, version_in_force
from django_playlyfe.engine.rules import compounds, judge
from django_playlyfe.engine.rules.once import moved
from django_playlyfe.engine.rules.plan import CompoundMetric, Plan, PointMetric, SetMetric, StateMetric
from django_playlyfe.engine.rules.state import PlayerState, Write
from django_playlyfe.types import Movement, MovementPart, ScoreValue
from django_playlyfe.wire import make_error

_BY_REWARD = frozenset({"action", "custom_rule"})
"""Types of events whose changes come from rewards of a rule."""


def explain(realm: Realm, player_id: str, metric: str, item: str = "") -> Iterator[Movement]:
    """The calls that moved a score, in the order of the log; undone and void ones moved nothing.

    Args:
        realm: the game and environment.
        player_id: whose score.
        metric: id of a metric of the design in force.
        item: id or name of an item, for a set.

    Raises:
        PlayerNotFound, InvalidRequest, ConfigurationError: as every selector.
        NotFound: no such metric (``metric_not_found``), or the set has no such item (``item_not_found``).
    """
    player = find_player(realm, player_id)
    plan = plan_of(version_in_force(player.game, realm))
    return _movements(player, metric, item_id(plan, metric, item))


def item_id(plan: Plan, metric: str, item: str) -> str:
    """The id of an item, or "" where there is none. Raises NotFound if the design has no such score."""
    definition = plan.metrics.get(metric)
    if definition is None:
        raise make_error("metric_not_found", f"The metric '{metric}' does not exist")
    items = definition.items if isinstance(definition, SetMetric) else {}
    if item in items or not (item or items):
        return item
    named = [known.id for known in items.values() if known.name == item]
    if not named:
        what = f"; name one of its items: {', '.join(items)}" if items else ", which is no set"
        raise make_error("item_not_found", f"There is no item '{item}' in '{metric}'{what}")
    return named[0]


def _movements(player: Player, metric: str, item: str) -> Iterator[Movement]:
    state, total = Projections(player), None
    for call in calls_of([player]):
        if call.status != Call.Status.APPLIED:
            continue
        movement = movement_of(call, metric, item, state, total)
        if movement is not None:
            total = movement.total
            yield movement
        went_on(state, call)


def went_on(state: Projections, call: Call) -> None:
    """Take along what a call has changed of what later calls were judged on."""
    if call.kind == Call.Kind.RESET:
        state.clear_counts()
    if call.kind == Call.Kind.PLAY:
        state.add_play(call.action, call.inputs["count"], call.local_date, {})
    state.guards.update(moved(call.guards))
    state.apply([Write(name, member, old, new) for name, member, old, _, new in call.writes], call.at)


def movement_of(call: Call, metric: str, item: str, before: Projections | None, total: int | None) -> Movement | None:
    """What a call did to a score; None if nothing.

    Args:
        before: what the player had then; None = nobody knows, so it is not told which reward paid.
        total: the sum of the movements so far; None = this is the first.
    """
    written = next((write for write in call.writes if write[:2] == [metric, item]), None)
    return None if written is None else _movement(call, written, before, total)


def _movement(call: Call, written: RecordedWrite, before: Projections | None, total: int | None) -> Movement:
    plan = plan_of(call.version)
    metric, item, stored, _, after = written
    parts = tuple(_parts(plan, call, metric, item, before))
    old, new = _shown(plan, metric, stored), _shown(plan, metric, after)
    start = _counted(plan, metric, stored, parts[0].old if parts else total)
    amount = _counted(plan, metric, after, start) - start
    return Movement(
        key=str(call.pk),
        at=call.at,
        kind=call.kind,
        old=old,
        new=new,
        amount=amount,
        total=(start if total is None else total) + amount,
        parts=parts or (MovementPart(call.kind, call.action, None, old, new),),
    )


def _counted(plan: Plan, metric: str, value: ScoreValue, told: ScoreValue) -> int:
    """A stored value as sums see it. None is the default of points, 0 items; of a compound what was ``told`` of it,
    else what the defaults come to. States do not add up."""
    definition = plan.metrics.get(metric)
    if isinstance(value, int):
        return value
    if isinstance(definition, PointMetric):
        return definition.default
    if isinstance(definition, CompoundMetric):
        return told if isinstance(told, int) else compounds.evaluate(plan, PlayerState()).get(metric) or 0
    return 0


# --- which rule it was ------------------------------------------------------------------------------------------------


def _parts(plan: Plan, call: Call, metric: str, item: str, before: Projections | None) -> Iterator[MovementPart]:
    """What the events of the call say of the score, in order."""
    for entry in call.events:
        body = entry["body"]
        deltas = [_delta(plan, change, metric, item) for change in body.get("changes", ())]
        if not any(deltas):
            continue
        rewards = _rewards(plan, call, before) if before is not None and body["event"] in _BY_REWARD else ()
        source = body.get("action") or body.get("rule") or {"id": ""}
        for position, delta in enumerate(deltas):
            if delta is not None:
                reward = rewards[position] if position < len(rewards) else None
                yield MovementPart(body["event"], source["id"], reward, delta["old"], delta["new"])


def _rewards(plan: Plan, call: Call, before: Projections) -> tuple[tuple[int, int], ...]:
    """The rewards behind the first changes of a call's own event: found by judging it once more, as it was judged."""
    state = before.state(plan, call.local_date)
    if call.kind == Call.Kind.RULE:
        outcome = judge.custom_rule(plan, state, call.action, call.inputs["variables"], call.at)
    elif call.kind == Call.Kind.PLAY:
        state.usage.clear()  # it was within its limit
        outcome = judge.play(plan, state, play_input(call), dice_of(call, before.player.game.secret))
    else:
        return ()
    keys = (key.partition(".") for key in outcome.paid)
    return tuple((int(rule), int(reward)) for rule, _, reward in keys)


def _delta(plan: Plan, change: Mapping[str, Any], metric: str, item: str) -> dict[str, ScoreValue] | None:
    """Before and after of the score, as numbers unless it is a state; None if the change is about another score."""
    if change["metric"]["id"] != metric:
        return None
    delta = change["delta"]
    if item:
        definition = plan.metrics.get(metric)
        items = definition.items if isinstance(definition, SetMetric) else {}
        delta = delta.get(items[item].name if item in items else item)
        if delta is None:
            return None
    if change["metric"]["type"] == "state":
        return {"old": delta["old"], "new": delta["new"]}
    return {side: None if delta[side] is None else int(delta[side]) for side in ("old", "new")}


def _shown(plan: Plan, metric: str, value: ScoreValue) -> ScoreValue:
    """A stored value with the name of a state instead of its id."""
    definition = plan.metrics.get(metric)
    if isinstance(definition, StateMetric) and isinstance(value, str) and value in definition.states:
        return definition.states[value].name
    return value
