"""One SHA-256 for all that is stored of a realm: the same on every database, for every batch size and every order in
which players came to it (``engine-internals.md`` §1)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from django.db.models import F, Sum
from django.db.models import Max as Latest
from django.db.models.functions import Collate

from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.database.canonical import canonical
from django_playlyfe.engine.history import projected
from django_playlyfe.engine.history.players import BATCH
from django_playlyfe.engine.history.projected import Projected
from django_playlyfe.engine.models import BoardRow, Call, Player
from django_playlyfe.engine.realm import Realm, find_game

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_BY_CODE_POINT = {"sqlite": "BINARY", "postgresql": "C", "mysql": "utf8mb4_bin"}
"""Collation under which ids are in the same order everywhere."""


def state_hash(realm: Realm, *, batch_size: int = BATCH) -> str:
    """SHA-256 of scores, counts, feed and leaderboard rows as the tables hold them, hexadecimal.

    Players are named by their id; names, addresses, dice and ids of events play no part. Read it while nobody plays.
    """
    digest = hashlib.sha256()
    for line in state_lines(realm, batch_size=batch_size):
        digest.update(line.encode())
        digest.update(b"\n")
    return digest.hexdigest()


def state_lines(realm: Realm, *, batch_size: int = BATCH) -> Iterator[str]:
    """What is hashed: a canonical JSON text per player, ordered by the code points of the id."""
    batch: list[Player] = []
    for player in _players(realm):
        batch.append(player)
        if len(batch) >= batch_size:
            yield from _lines(batch)
            batch = []
    if batch:
        yield from _lines(batch)


def _players(realm: Realm) -> Iterator[Player]:
    vendor = transactions.write_connection().vendor
    players = Player.objects.using(transactions.write_alias())
    players = players.filter(game=find_game(realm), environment=realm.environment)
    order = Collate(F("player_id"), _BY_CODE_POINT[vendor]) if vendor in _BY_CODE_POINT else F("player_id")
    return players.order_by(order).iterator(chunk_size=1000)


def _lines(players: list[Player]) -> Iterator[str]:
    stored, left = projected.from_tables(players), _left_by_erased(players)
    bodies = _feed_bodies(stored)
    names = {player.pk: player.player_id for player in players} | _names(stored)
    for player in players:
        found = stored[player.pk]
        yield canonical(
            {
                "player": player.player_id,
                "scores": sorted([*key, score.value, _ms(score.reached_at)] for key, score in _scores(found)),
                "counts": sorted([action, n.count, canonical(n.usage), n.days] for action, n in _counts(found)),
                "once": sorted([*guard, value] for guard, value in found.projections.guards.items()),
                "feed": sorted([_ms(at), key[1], canonical(bodies[key])] for key, at in found.feed.items()),
                "boards": sorted(
                    [key.board, key.cycle, key.scope, names.get(key.entity, ""), row.value, _ms(row.reached_at)]
                    for key, row in found.rows.items()
                ),
                "left": left.get(player.pk, []),
            }
        )


def _scores(found: Projected) -> Any:
    return found.projections.scores.items()


def _counts(found: Projected) -> Any:
    return found.projections.counts.items()


def _feed_bodies(stored: dict[int, Projected]) -> dict[tuple[int, int], Any]:
    """What the events of the feed say, by call and tick."""
    wanted = {key for found in stored.values() for key in found.feed}
    calls = Call.objects.using(transactions.write_alias()).filter(pk__in={call for call, _ in wanted}).only("events")
    events = {call.pk: call.events for call in calls} if wanted else {}
    return {(call, tick): events[call][tick]["body"] for call, tick in wanted}


def _names(stored: dict[int, Projected]) -> dict[int, str]:
    """Ids of the players that calls of these players have credited."""
    others = {key.entity for found in stored.values() for key in found.rows} - stored.keys()
    if not others:
        return {}
    players = Player.objects.using(transactions.write_alias())
    return dict(players.filter(pk__in=others).values_list("pk", "player_id"))


def _left_by_erased(players: list[Player]) -> dict[int, list[list[Any]]]:
    """Per player what erased ones have credited: board, cycle, scope, value, instant."""
    rows = BoardRow.objects.using(transactions.write_alias()).filter(entity__in=players, player__isnull=True)
    sums = rows.values("entity", "board", "cycle", "scope").annotate(
        value_sum=Sum("value"), latest=Latest("reached_at")
    )
    found: dict[int, list[list[Any]]] = {}
    for row in sums.order_by():
        line = [row["board"], row["cycle"], row["scope"], int(row["value_sum"]), _ms(row["latest"])]
        found.setdefault(row["entity"], []).append(line)
    return {entity: sorted(lines) for entity, lines in found.items()}


def _ms(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)
