"""How a game's queue is doing, for monitoring (``reliability.md`` §3.10). Only what is not settled is counted, and of
what is settled the newest rows, so that a table of millions is no burden."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, Max, Min, OuterRef

from django_playlyfe import instants
from django_playlyfe.delivery.database import database
from django_playlyfe.models import Delivery, Queue

State, Kind = Delivery.State, Delivery.Kind

STUCK_AFTER = timedelta(seconds=300)
"""A row that has been due for longer is not being delivered by anybody."""
UNSETTLED = (State.PENDING, State.SENDING, State.UNCERTAIN, State.DEAD)
_NEWEST = 10_000


def measure(game: str) -> dict[str, Any]:
    """The facts, JSON-able.

    Returns:
        ``rows`` per state (not settled ones), ``oldest_seconds`` of what waits to be sent (None if nothing does),
        ``overdue_seconds`` for which the most patient row has been due, ``sends_per_minute``, ``uncertain`` (``held``
        for a person, ``resent`` before), ``blocked_players`` whose creation has failed, ``paused`` queues (kind, why,
        until), ``last_success``.
    """
    now = instants.now()
    rows = Delivery.objects.using(database()).filter(game=game)
    counts = rows.filter(state__in=UNSETTLED).order_by().values_list("state").annotate(Count("pk"))
    waiting = rows.filter(state__in=(State.PENDING, State.SENDING))
    newest = rows.filter(pk__gt=(rows.aggregate(last=Max("pk"))["last"] or 0) - _NEWEST)
    unsettled = {str(state): 0 for state in UNSETTLED} | {str(state): count for state, count in counts}
    return {
        "rows": unsettled,
        "oldest_seconds": _seconds_since(waiting.aggregate(first=Min("created_at"))["first"], now),
        "overdue_seconds": overdue(game),
        "sends_per_minute": newest.filter(sent_at__gt=now - timedelta(minutes=1)).count(),
        "uncertain": {
            "held": unsettled[State.UNCERTAIN],
            "resent": newest.filter(evidence="resent").count(),
        },
        "blocked_players": blocked(game),
        "paused": [
            {"kind": pause.kind, "why": pause.reason, "until": pause.paused_until.isoformat(timespec="seconds")}
            for pause in Queue.objects.using(database()).filter(game=game, paused_until__gt=now)
        ],
        "last_success": _text(newest.filter(state=State.DELIVERED).aggregate(last=Max("settled_at"))["last"]),
    }


def overdue(game: str) -> int:
    """For how many seconds the most patient row has been due; 0 if nothing is due."""
    due = Delivery.objects.using(database()).filter(game=game, state=State.PENDING, not_before__lte=instants.now())
    return _seconds_since(due.aggregate(first=Min("not_before"))["first"], instants.now()) or 0


def blocked(game: str) -> int:
    """Players whose creation has failed while other rows of theirs wait for it."""
    rows = Delivery.objects.using(database()).filter(game=game)
    later = Delivery.objects.filter(
        game=OuterRef("game"), subject=OuterRef("subject"), pk__gt=OuterRef("pk"), state=State.PENDING
    ).exclude(kind=Kind.DELETE)
    failed = rows.filter(state=State.DEAD, kind=Kind.CREATE)
    return failed.filter(Exists(later)).values("subject").distinct().count()


def _seconds_since(moment: datetime | None, now: datetime) -> int | None:
    return None if moment is None else max(int((now - moment).total_seconds()), 0)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
