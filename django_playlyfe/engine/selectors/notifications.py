"""What concerns a player without being the player's own doing (``http-api.md`` §10). While there are no teams, that is
changes of scores which somebody else made."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from django_playlyfe.engine.ledger import event_ids, log
from django_playlyfe.engine.models import Call, Player, SeenNotification
from django_playlyfe.engine.realm import Realm, find_game, find_player
from django_playlyfe.engine.selectors.feeds import in_window

Wire = dict[str, Any]

NOTIFYING = ("score",)
"""Types of events that notify."""
_NOTIFYING = Q(kind__in=[Call.Kind.UNDO, Call.Kind.SCORE, Call.Kind.REVERT], status=Call.Status.APPLIED)
"""The calls that such events come from."""
_MOST_AT_ONCE = 100


def notifications(
    realm: Realm, player_id: str, *, start: datetime | None = None, end: datetime | None = None
) -> dict[str, Any]:
    """What notified a player, oldest first, the player's own key left out.

    Args:
        realm: the game and environment.
        player_id: whose.
        start: first instant; the last 24 hours if None.
        end: first instant that is no longer shown; None = no upper bound.

    Returns:
        ``{"data", "total"}``, each an event with ``seen``.

    Raises:
        PlayerNotFound, InvalidRequest, ConfigurationError.
    """
    player = find_player(realm, player_id)
    calls = _calls(player).filter(in_window(start, end)).order_by("at", "pk")
    events = [event for call in calls for event in _events(call)]
    seen = SeenNotification.objects.filter(player=player, event_id__in=[event["id"] for event in events])
    known = {str(event_id) for event_id in seen.values_list("event_id", flat=True)}
    return {"data": [{**event, "seen": event["id"] in known} for event in events], "total": len(events)}


def notifications_of(
    realm: Realm, player_ids: Iterable[str], *, start: datetime | None = None, end: datetime | None = None
) -> dict[str, list[Wire]]:
    """What notified several players, by player id, each oldest first. Four queries, however many there are.

    Who is not a player is left out; window as in :func:`notifications`. Raises ConfigurationError.
    """
    game = find_game(realm)
    found = Player.objects.filter(game=game, environment=realm.environment, player_id__in=set(player_ids))
    told: dict[int, list[Wire]] = {player.pk: [] for player in found}
    calls = Call.objects.filter(_NOTIFYING, in_window(start, end), player__in=list(told))
    for call in calls.order_by("at", "pk"):
        if call.player_id is not None:
            told[call.player_id] += _events(call)
    seen = SeenNotification.objects.filter(player__in=[key for key, events in told.items() if events])
    known = {(one.player_id, str(one.event_id)) for one in seen}
    return {
        player.player_id: [{**event, "seen": (player.pk, event["id"]) in known} for event in told[player.pk]]
        for player in found
    }


def notifications_after(realm: Realm, player_id: str, cursor: int) -> list[tuple[int, Wire]]:
    """What notified a player since a reader looked last, in the order of arrival.

    Args:
        realm: the game and environment.
        player_id: whose.
        cursor: the number that came with the last one; ``newest_call_id`` to begin with.

    Returns:
        Pairs of such a number and an event; a hundred calls at most.
    """
    player = find_player(realm, player_id)
    calls = _calls(player).filter(pk__gt=cursor).order_by("pk")[:_MOST_AT_ONCE]
    return [(call.pk, {**event, "seen": False}) for call in calls for event in _events(call)]


def notification_ids(player: Player, asked: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those of some event ids that are notifications of this player. One query: an id tells the event's instant."""
    wanted = set(asked)
    instants = {instant for event_id in wanted if (instant := event_ids.instant_of(event_id)) is not None}
    found = {uuid.UUID(event["id"]) for call in _calls(player).filter(at__in=instants) for event in _events(call)}
    return wanted & found


def _calls(player: Player) -> QuerySet[Call]:
    return Call.objects.filter(_NOTIFYING, player=player)


def _events(call: Call) -> Iterator[Wire]:
    for _, event in log.wire_events(call, None):
        if event["event"] in NOTIFYING and event["changes"]:  # an undo may have changed nothing in the end
            yield event
