"""Activity feeds, and what has happened since a reader looked last (``http-api.md`` §9.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, TypeVar

from django.db.models import F, Max, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from django_playlyfe import instants
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.design.plans import plan_of
from django_playlyfe.engine.ledger import log
from django_playlyfe.engine.models import Call, FeedEntry, Player
from django_playlyfe.engine.realm import Realm, find_game, find_player, version_in_force
from django_playlyfe.wire import write_instant

Wire = dict[str, Any]
_Row = TypeVar("_Row", Call, FeedEntry)

PART = 1_000
"""Calls, or events of the game's feed, of one part: a few megabytes."""

_WINDOW = timedelta(hours=24)
"""What a feed shows if no start is given."""
_SHOWN = Q(
    kind__in=[Call.Kind.PLAY, Call.Kind.RULE, Call.Kind.SCORE, Call.Kind.REVERT, Call.Kind.AWARD],
    status=Call.Status.APPLIED,
)
_REPORTED = Q(kind__in=[Call.Kind.PLAY, Call.Kind.UNDO, Call.Kind.RULE], status=Call.Status.APPLIED)


def activity(realm: Realm, player_id: str, *, start: datetime | None = None, end: datetime | None = None) -> list[Wire]:
    """A player's own feed, oldest first, ``actor`` left out.

    Args:
        realm: the game and environment.
        player_id: whose.
        start: first instant; the last 24 hours if None.
        end: first instant that is no longer shown; None = no upper bound.

    Raises:
        PlayerNotFound, InvalidRequest, ConfigurationError.
    """
    return list(chain.from_iterable(activity_in_parts(realm, player_id, start=start, end=end)))


def activity_in_parts(
    realm: Realm, player_id: str, *, start: datetime | None = None, end: datetime | None = None
) -> Iterator[list[Wire]]:
    """:func:`activity`, read part by part; of a short feed there is one, and one query. The first raises."""
    player = find_player(realm, player_id)
    calls = Call.objects.filter(_SHOWN, in_window(start, end), player=player).order_by("at", "pk")
    for part in _in_parts(calls, lambda last: Q(at__gt=last.at) | Q(at=last.at, pk__gt=last.pk)):
        yield [event for call in part for _, event in log.wire_events(call, None)]


def game_activity(realm: Realm, *, start: datetime | None = None, end: datetime | None = None) -> list[Wire]:
    """The game's feed: levels and achievements of all players, oldest first. Window as in :func:`activity`."""
    return list(chain.from_iterable(game_activity_in_parts(realm, start=start, end=end)))


def game_activity_in_parts(
    realm: Realm, *, start: datetime | None = None, end: datetime | None = None
) -> Iterator[list[Wire]]:
    """:func:`game_activity`, read part by part as :func:`activity_in_parts`."""
    entries = _game_feed(realm).filter(in_window(start, end)).order_by("at", "call_id", "tick")
    for part in _in_parts(entries, _behind_entry):
        yield [_entry_event(entry) for entry in part]


def latest_activity(realm: Realm, player_id: str | None, limit: int = 20) -> list[Wire]:
    """The newest ``limit`` events of a player's feed, or of the game's for None; newest first."""
    if player_id is None:
        newest = _game_feed(realm).order_by("-at", "-call_id", "-tick")[:limit]
        return [_entry_event(entry) for entry in newest]
    player = find_player(realm, player_id)
    # A call has at least one event, so as many calls are enough.
    calls = Call.objects.filter(_SHOWN, player=player).order_by("-at", "-pk")[:limit]
    events = [event for call in calls for _, event in reversed(list(log.wire_events(call, None)))]
    return events[:limit]


def latest_activities(realm: Realm, player_ids: Iterable[str], limit: int = 20) -> dict[str, list[Wire]]:
    """:func:`latest_activity` of several players by player id. Three queries, however many there are.

    Who is not a player is left out. Raises ConfigurationError.
    """
    game = find_game(realm)
    found = Player.objects.filter(game=game, environment=realm.environment, player_id__in=set(player_ids))
    feeds: dict[int, list[Wire]] = {player.pk: [] for player in found}
    newest_first = Window(RowNumber(), partition_by=F("player"), order_by=[F("at").desc(), F("pk").desc()])
    calls = Call.objects.filter(_SHOWN, player__in=list(feeds)).annotate(age=newest_first).filter(age__lte=limit)
    for call in calls.order_by("-at", "-pk"):
        if call.player_id is not None:
            feeds[call.player_id] += [event for _, event in reversed(list(log.wire_events(call, None)))]
    return {player.player_id: feeds[player.pk][:limit] for player in found}


def results_after(realm: Realm, player_id: str, cursor: int, limit: int = 20) -> list[Wire]:
    """What came of a player's plays and undos since a reader looked last, oldest first.

    Args:
        realm: the game and environment.
        player_id: whose.
        cursor: ``call_id`` of the last result seen, 0 for none.
        limit: most results.

    Returns:
        Per call ``{"call_id", "kind", "action": {"id", "name"}, "events": {"local", "global"}, "at"}``. Plays that
        were undone or became void are left out.
    """
    player = find_player(realm, player_id)
    plan = plan_of(version_in_force(player.game, realm))
    calls = Call.objects.filter(_REPORTED, player=player, pk__gt=cursor).order_by("pk")[:limit]
    return [
        {
            "call_id": call.pk,
            "kind": call.kind,
            "action": {
                "id": call.action,
                "name": plan.actions[call.action].name if call.action in plan.actions else call.action,
            },
            "events": log.answer(call, player),
            "at": write_instant(call.at),
        }
        for call in calls
    ]


def newest_results(realm: Realm, player_ids: Iterable[str], without: Iterable[int] = ()) -> dict[str, int]:
    """``call_id`` of the newest of :func:`results_after` of several players, by player id; some calls left out.

    Who has none is left out. One query and that for the game. Raises ConfigurationError.
    """
    calls = Call.objects.using(transactions.write_alias()).filter(
        _REPORTED,
        player__game=find_game(realm),
        player__environment=realm.environment,
        player__player_id__in=set(player_ids),
    )
    newest = calls.exclude(pk__in=list(without)).order_by().values("player__player_id").annotate(Max("pk"))
    return dict(newest.values_list("player__player_id", "pk__max"))


def newest_call_id(realm: Realm, player_id: str) -> int:
    """The cursor behind everything recorded of a player so far, 0 if there is nothing."""
    player = find_player(realm, player_id)
    return Call.objects.filter(player=player).order_by("-pk").values_list("pk", flat=True).first() or 0


def in_window(start: datetime | None, end: datetime | None) -> Q:
    """What a feed shows: from ``start``, or of the last 24 hours, until before ``end``, if there is one."""
    window = Q(at__gte=instants.now() - _WINDOW if start is None else start)
    return window if end is None else window & Q(at__lt=end)


def _behind_entry(last: FeedEntry) -> Q:
    of_one_call = Q(call_id=last.call_id, tick__gt=last.tick)
    return Q(at__gt=last.at) | Q(Q(call_id__gt=last.call_id) | of_one_call, at=last.at)


def _in_parts(rows: QuerySet[_Row], behind: Callable[[_Row], Q]) -> Iterator[list[_Row]]:
    """Rows in the order of ``at`` and a key; ``behind`` tells those after a row."""
    part = list(rows[:PART])
    yield part
    while len(part) == PART:
        # The bound by itself lets a database begin in its index where the last part ended.
        part = list(rows.filter(behind(part[-1]), at__gte=part[-1].at)[:PART])
        yield part


def _game_feed(realm: Realm) -> QuerySet[FeedEntry]:
    entries = FeedEntry.objects.filter(game=find_game(realm), environment=realm.environment)
    return entries.select_related("call", "player")


def _entry_event(entry: FeedEntry) -> Wire:
    return log.wire_event(entry.call, entry.tick, entry.player)
