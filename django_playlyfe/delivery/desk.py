"""What a person may decide about a row that does not move by itself (``reliability.md`` §3.3).

Each is one conditional UPDATE: a row that a drainer or somebody else has moved meanwhile is left as it is.
"""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import QuerySet

from django_playlyfe import instants
from django_playlyfe.delivery.database import database
from django_playlyfe.models import Delivery, PlayerLink

logger = logging.getLogger("django_playlyfe.delivery")

State, Kind = Delivery.State, Delivery.Kind


def send_again(rows: QuerySet[Delivery]) -> int:
    """Owe failed and uncertain rows once more: a new series of attempts under the same key.

    Exact where the game honours keys; elsewhere an uncertain play that was applied counts twice.

    Returns:
        How many rows are owed now.
    """
    now = instants.now()
    found = rows.using(database()).filter(state__in=(State.DEAD, State.UNCERTAIN))
    with transaction.atomic(using=database()):
        creations = list(found.filter(kind=Kind.CREATE).values_list("game", "subject"))
        moved = found.update(
            state=State.PENDING,
            attempts=0,
            not_before=now,
            created_at=now,  # from here the fourteen days are counted
            settled_at=None,
            error_code="",
            error_text="",
            evidence="person",
        )
        for game, player_id in creations:
            links = PlayerLink.objects.using(database()).filter(game=game, player_id=player_id)
            links.filter(state=PlayerLink.State.FAILED).update(state=PlayerLink.State.PENDING)
    logger.info("delivery.requeued rows=%d", moved, extra={"event": "delivery.settled"})
    return moved


def was_applied(rows: QuerySet[Delivery]) -> int:
    """Settle uncertain rows on a person's word that the game has done what they asked.

    Returns:
        How many rows were settled.
    """
    moved = (
        rows.using(database())
        .filter(state=State.UNCERTAIN)
        .update(state=State.DELIVERED, evidence="person", settled_at=instants.now())
    )
    logger.info("delivery.settled by a person rows=%d", moved, extra={"event": "delivery.settled"})
    return moved
