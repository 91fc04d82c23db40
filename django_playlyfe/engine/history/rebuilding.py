"""``repair`` and ``replay``: store again what the log says (``engine-internals.md`` §1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django_playlyfe.engine.boards import crediting, histograms
from django_playlyfe.engine.database import storing, transactions
from django_playlyfe.engine.history import comparing, projected, tombstones
from django_playlyfe.engine.history.checking import Checked, compared, of_histograms
from django_playlyfe.engine.history.players import BATCH, batches
from django_playlyfe.engine.history.projected import Projected
from django_playlyfe.engine.ledger import guards, log
from django_playlyfe.engine.ledger.projections import count_rows, score_rows
from django_playlyfe.engine.models import ActionCount, BoardRow, FeedEntry, Player, Score
from django_playlyfe.engine.realm import Realm, find_game


@dataclass(frozen=True)
class Replayed:
    """A batch of players whose projections were made anew: their ids; () for what belongs to nobody."""

    player_ids: tuple[str, ...]


def repair(
    realm: Realm, *, player_id: str | None = None, after: str | None = None, batch_size: int = BATCH
) -> Iterator[Checked]:
    """As :func:`~django_playlyfe.engine.history.checking.check`, and what differs is rewritten, each player in a
    transaction of its own with the row locked. Breaks of the log itself stay."""
    for batch in batches(realm, player_id=player_id, after=after, size=batch_size):
        for player, found in compared(batch).items():
            yield Checked(player.player_id, _repair(player) if found else ())
    if player_id is None:
        yield Checked("", (*tombstones.rewrite(realm), *_discard_wrong_histograms(realm)))


def replay(
    realm: Realm, *, player_id: str | None = None, after: str | None = None, batch_size: int = BATCH
) -> Iterator[Replayed]:
    """Throw the projections away and make them anew from the log, batch by batch, each in a transaction of its own
    with its players locked. Interrupted, everything is whole, and ``after`` goes on.

    Args and errors: as :func:`~django_playlyfe.engine.history.checking.check`.
    """
    for batch in batches(realm, player_id=player_id, after=after, size=batch_size):
        with transactions.atomic():
            players = _lock(batch)
            _rewrite(players, projected.from_log(players))
        yield Replayed(tuple(player.player_id for player in batch))
    if player_id is None:
        tombstones.rewrite(realm)
        histograms.discard(find_game(realm).pk, realm.environment)
        yield Replayed(())


def _repair(player: Player) -> tuple[comparing.Difference, ...]:
    with transactions.atomic():
        players = _lock([player])
        if not players:
            return ()
        expected, stored = projected.from_log(players), projected.from_tables(players)
        found = tuple(comparing.differences(stored[player.pk], expected[player.pk]))
        if any(difference.kind != "log" for difference in found):
            _rewrite(players, expected)
        return found


def _discard_wrong_histograms(realm: Realm) -> tuple[comparing.Difference, ...]:
    found = tuple(of_histograms(realm))
    if found:
        histograms.discard(find_game(realm).pk, realm.environment)
    return found


def _lock(players: Sequence[Player]) -> list[Player]:
    """The same players with their rows locked, in the order of their keys; who was erased meanwhile is left out."""
    keys = [player.pk for player in players]
    return list(transactions.locked(Player.objects.filter(pk__in=keys).order_by("pk")))


def _rewrite(players: Sequence[Player], expected: dict[int, Projected]) -> None:
    for game, environment in {(player.game_id, player.environment) for player in players}:
        histograms.discard(game, environment)  # they are told nothing of this; readers begin them anew
    database, keys = transactions.write_alias(), [player.pk for player in players]
    # Which version judged this state last is no longer known: the next play looks at every rule.
    Player.objects.using(database).filter(pk__in=keys).update(judged_version=None)
    for model in (Score, ActionCount, FeedEntry, BoardRow):
        model._default_manager.using(database).filter(player__in=keys).delete()
    guards.forget(players)
    scores, counts, entries = list[storing.Row](), list[storing.Row](), list[storing.Row]()
    for player in players:
        made = expected[player.pk]
        scores += score_rows(made.projections)
        counts += count_rows(made.projections)
        entries += _feed(player, made)
        guards.add(player, made.projections.guards)
        crediting.store(player.game_id, player.environment, made.rows)
    for model, rows in ((Score, scores), (ActionCount, counts), (FeedEntry, entries)):
        storing.add(database, model, rows)
    for game, environment in {(player.game_id, player.environment) for player in players}:
        histograms.discard(game, environment)  # rows came and went past it


def _feed(player: Player, made: Projected) -> list[storing.Row]:
    game, environment = player.game_id, player.environment
    return [
        log.FeedValues(game_id=game, environment=environment, player_id=player.pk, call_id=call, tick=tick, at=at)
        for (call, tick), at in made.feed.items()
    ]
