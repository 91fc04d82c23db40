"""The players of a realm in batches: what a tool that goes over all of them has in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator

from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.models import Player
from django_playlyfe.engine.realm import Realm, find_game, find_player

BATCH = 100
"""Players at a time if nothing is said."""


def batches(
    realm: Realm, *, player_id: str | None = None, after: str | None = None, size: int = BATCH
) -> Iterator[list[Player]]:
    """The players in the order of their creation, or the one.

    Args:
        realm: the game and environment.
        player_id: this one only.
        after: only those created after this one.
        size: of a batch.

    Raises:
        PlayerNotFound, InvalidRequest, ConfigurationError: at once, not with the first batch.
    """
    if player_id is not None:
        return iter([[find_player(realm, player_id)]])
    game = find_game(realm)
    start = find_player(realm, after).pk if after is not None else 0
    return _pages(game.pk, realm.environment, start, size)


def count(realm: Realm, *, player_id: str | None = None, after: str | None = None) -> int:
    """How many players :func:`batches` gives. Two queries."""
    if player_id is not None:
        return 1
    start = find_player(realm, after).pk if after is not None else 0
    return Player.objects.filter(game=find_game(realm), environment=realm.environment, pk__gt=start).count()


def _pages(game: int, environment: str, start: int, size: int) -> Iterator[list[Player]]:
    players = Player.objects.using(transactions.write_alias()).filter(game_id=game, environment=environment)
    players = players.select_related("game").defer("game__document").order_by("pk")
    while page := list(players.filter(pk__gt=start)[:size]):
        yield page
        start = page[-1].pk
