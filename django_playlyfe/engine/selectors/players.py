"""Players and what they have (``http-api.md`` §6.1 to §6.3, §7.2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django_playlyfe.engine.design.plans import plan_of
from django_playlyfe.engine.ledger import log
from django_playlyfe.engine.ledger.projections import Projections
from django_playlyfe.engine.models import Call, Player, Score
from django_playlyfe.engine.realm import Realm, find_game, find_player, version_in_force
from django_playlyfe.engine.rules import judge
from django_playlyfe.engine.rules.plan import Metric, Plan, PointMetric, SetMetric, StateMetric
from django_playlyfe.engine.rules.state import PlayerState
from django_playlyfe.engine.selectors.images import exported_image
from django_playlyfe.engine.selectors.paging import check_page, page_of
from django_playlyfe.wire import write_instant

Wire = dict[str, Any]


def profile(realm: Realm, player_id: str, *, detailed: bool = False) -> Wire:
    """A player's profile. Three queries.

    Args:
        realm: the game and environment.
        player_id: whose.
        detailed: with unearned items that are not hidden, and untouched points at their default.

    Raises:
        PlayerNotFound, InvalidRequest, ConfigurationError.
    """
    player = find_player(realm, player_id)
    plan = plan_of(version_in_force(player.game, realm))
    return _profile(plan, Projections.of(player), detailed=detailed)


def profiles(realm: Realm, player_ids: Iterable[str], *, detailed: bool = False) -> dict[str, Wire]:
    """The profiles of several players by player id. Three queries, however many there are.

    Who is not a player is left out. Raises ConfigurationError as :func:`profile`.
    """
    game = find_game(realm)
    plan = plan_of(version_in_force(game, realm))
    found = Player.objects.filter(game=game, environment=realm.environment, player_id__in=set(player_ids))
    scores: dict[int, list[Score]] = {player.pk: [] for player in found}
    for score in Score.objects.filter(player__in=list(scores)):
        scores[score.player_id].append(score)
    return {
        player.player_id: _profile(plan, Projections(player, scores[player.pk]), detailed=detailed) for player in found
    }


def players(realm: Realm, skip: int = 0, limit: int = 10) -> Wire:
    """Players in the order of their creation, ``{"data", "total"}``; ``limit`` -1 = all."""
    check_page(skip, limit)
    game = find_game(realm)
    rows = Player.objects.filter(game=game, environment=realm.environment).order_by("pk")
    page = page_of(rows, skip, limit)
    return {
        "data": [{"id": player.player_id, "alias": player.alias, "enabled": player.enabled} for player in page],
        "total": rows.count(),
    }


def export(realm: Realm, player_id: str) -> Wire:
    """All that is stored about a player, JSON-able: what a person may ask to see.

    Returns:
        The profile with ``email``, ``timezone``, ``image`` (PNG in base64, or None) and ``environment``, ``actions``
        (id and count), and ``calls`` oldest first, each with what was asked and its events.
    """
    player = find_player(realm, player_id)
    plan = plan_of(version_in_force(player.game, realm))
    calls = Call.objects.filter(player=player).order_by("pk")
    return {
        **_profile(plan, Projections.of(player), detailed=False),
        "email": player.email,
        "timezone": player.timezone,
        "image": exported_image(player),
        "environment": player.environment,
        "actions": [
            {"id": counted.action, "count": counted.count} for counted in player.action_counts.order_by("action")
        ],
        "calls": [
            {
                "id": call.pk,
                "kind": call.kind,
                "action": call.action,
                "status": call.status,
                "at": write_instant(call.at),
                "recorded_at": write_instant(call.recorded_at),
                "idempotency_key": call.idempotency_key,
                "inputs": call.inputs,
                "events": [event for _, event in log.wire_events(call, None)],
            }
            for call in calls
        ],
    }


def _profile(plan: Plan, stored: Projections, *, detailed: bool) -> Wire:
    player = stored.player
    body: Wire = {
        "id": player.player_id,
        "alias": player.alias,
        "enabled": player.enabled,
        "created": write_instant(player.created_at),
        "scores": _scores(plan, stored.state(plan), detailed=detailed),
        "teams": [],
    }
    if player.email:
        body["email"] = player.email
    return body


# --- scores -----------------------------------------------------------------------------------------------------------


def _scores(plan: Plan, state: PlayerState, *, detailed: bool) -> list[Wire]:
    entries = []
    for metric in plan.metrics.values():
        value = _value(metric, state, detailed=detailed)
        if value is None:
            continue
        entry = {"metric": {"id": metric.id, "name": metric.name, "type": metric.type}, "value": value}
        meta = judge.level_meta(plan, metric.id, state.states[metric.id]) if metric.id in state.states else None
        if meta is not None:
            entry["meta"] = meta
        entries.append(entry)
    return entries


def _value(metric: Metric, state: PlayerState, *, detailed: bool) -> Any:
    """The ``value`` of a profile's entry, None for no entry."""
    if isinstance(metric, SetMetric):
        items = _items(metric, state.items.get(metric.id, {}), detailed=detailed)
        return items if detailed or metric.id in state.items else None
    if isinstance(metric, StateMetric):
        held = state.states.get(metric.id)
        return (
            None if held is None else {"name": metric.states[held].name, "description": metric.states[held].description}
        )
    if isinstance(metric, PointMetric):
        value = state.points.get(metric.id, metric.default if detailed else None)
    else:
        value = state.compounds.get(metric.id)
    return None if value is None else str(value)


def _items(metric: SetMetric, held: dict[str, int], *, detailed: bool) -> list[Wire]:
    return [
        {"name": item.name, "description": item.description, "count": str(held.get(item.id, 0))}
        for item in metric.items.values()
        if held.get(item.id, 0) > 0 or (detailed and not item.hidden)
    ]
