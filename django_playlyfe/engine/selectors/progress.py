"""How far a player is, and how rare what can be earned is (``engine.md`` §17.5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from typing import cast

from django.core.cache import cache
from django.db.models import Count, QuerySet

from django_playlyfe import instants
from django_playlyfe.engine.design.plans import plan_of
from django_playlyfe.engine.ledger.projections import Projections
from django_playlyfe.engine.models import Game, Player, Score
from django_playlyfe.engine.realm import Realm, find_game, find_player, version_in_force
from django_playlyfe.engine.rules.plan import Plan, SetMetric
from django_playlyfe.engine.selectors.have_and_need import progress_of
from django_playlyfe.types import MetricRef, Progress, Rarity

_COUNTED_FOR = 300
"""Seconds that the counts of holders are kept: they cost more, the more players there are."""

Held = tuple[str, str]
"""Ids of a set and of an item of it."""
Holders = dict[Held, int]


def progress(realm: Realm, player_id: str) -> list[Progress]:
    """The way to each level and achievement, in design order, levels first. Three queries.

    Raises:
        PlayerNotFound, InvalidRequest, ConfigurationError.
    """
    player = find_player(realm, player_id)
    plan = plan_of(version_in_force(player.game, realm))
    return list(progress_of(plan, Projections.of(player).state(plan), instants.now()))


def progress_of_each(realm: Realm, player_ids: Iterable[str]) -> dict[str, list[Progress]]:
    """:func:`progress` of several players by player id. Four queries, however many there are.

    Who is not a player is left out. Raises ConfigurationError.
    """
    game = find_game(realm)
    plan, at = plan_of(version_in_force(game, realm)), instants.now()
    found = list(_players(game, realm).filter(player_id__in=set(player_ids)))
    stored = Projections.load_all(found) if found else {}
    return {player.player_id: list(progress_of(plan, stored[player.pk].state(plan), at)) for player in found}


def rarity(realm: Realm, player_id: str | None = None) -> list[Rarity]:
    """How many of all players hold each item, in design order; at most five minutes old.

    Three queries, one or two while the counts are in the cache.

    Args:
        realm: the game and environment.
        player_id: whose eyes see it: a secret item is listed only if this player holds it.

    Raises:
        PlayerNotFound, InvalidRequest, ConfigurationError.
    """
    if player_id is None:
        game, held = find_game(realm), set()
    else:
        player = find_player(realm, player_id)
        game, held = player.game, _held_by([player]).get(player.pk, set())
    return _shares(plan_of(version_in_force(game, realm)), _counts(game, realm), held)


def rarity_of_each(realm: Realm, player_ids: Iterable[str]) -> dict[str, list[Rarity]]:
    """:func:`rarity` through the eyes of several players, by player id. At most five queries, however many there are.

    Who is not a player is left out. Raises ConfigurationError.
    """
    game = find_game(realm)
    plan, counts = plan_of(version_in_force(game, realm)), _counts(game, realm)
    found = list(_players(game, realm).filter(player_id__in=set(player_ids)))
    held = _held_by(found)
    return {player.player_id: _shares(plan, counts, held.get(player.pk, set())) for player in found}


def _players(game: Game, realm: Realm) -> QuerySet[Player]:
    return Player.objects.filter(game=game, environment=realm.environment)


def _held_by(players: Sequence[Player]) -> dict[int, set[Held]]:
    """What each holds, by primary key."""
    held: dict[int, set[Held]] = {}
    scores = Score.objects.filter(player__in=players, value__gt=0).exclude(item="")
    for score in scores.only("player_id", "metric", "item"):
        held.setdefault(score.player_id, set()).add((score.metric, score.item))
    return held


def _shares(plan: Plan, counts: tuple[int, Holders], held: Set[Held]) -> list[Rarity]:
    """All items that are no secret to who holds these."""
    players, holders = counts
    return [
        Rarity(MetricRef(metric.id, metric.name, metric.type), item.name, number, number / players if players else 0.0)
        for metric in plan.metrics.values()
        if isinstance(metric, SetMetric)
        for item in metric.items.values()
        if not item.hidden or (metric.id, item.id) in held
        for number in [holders.get((metric.id, item.id), 0)]
    ]


def _counts(game: Game, realm: Realm) -> tuple[int, Holders]:
    """All players, and per item those who hold it."""
    key = f"django_playlyfe_engine:rarity:{game.pk}:{realm.environment}"
    kept = cache.get(key)
    if kept is None:
        scores = Score.objects.filter(game=game, environment=realm.environment, value__gt=0).exclude(item="")
        counted = scores.values_list("metric", "item").annotate(Count("pk")).order_by()
        holders = {(metric, item): number for metric, item, number in counted}
        players = _players(game, realm).count()
        kept = (players, holders)
        cache.set(key, kept, _COUNTED_FOR)
    return cast("tuple[int, Holders]", kept)
