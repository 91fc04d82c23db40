"""What a person decides about rows (``reliability.md`` §3.3). A row that has gone on meanwhile is left alone."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from django_playlyfe import instants
from django_playlyfe.backends import games
from django_playlyfe.delivery.database import database
from django_playlyfe.delivery.effects import take_effect
from django_playlyfe.delivery.wake import kick_after_commit
from django_playlyfe.models import Delivery, Queue

logger = logging.getLogger("django_playlyfe.delivery")

State = Delivery.State

_ANEW: Mapping[str, Any] = {
    "state": State.PENDING,
    "attempts": 0,
    "owner": "",
    "lease_until": None,
    "settled_at": None,
    "shown_at": None,
    "answer": None,
    "error_code": "",
    "error_text": "",
}
"""A new series of attempts under the same key. ``sends`` and ``keyed`` stay: with the key goes what was sent before."""


def requeue(rows: Iterable[Delivery]) -> int:
    """Try what has failed again. Returns how many rows are owed now."""
    return sum(_owe_again(row, State.DEAD, evidence="", created_at=instants.now()) for row in rows)


def send_again(rows: Iterable[Delivery]) -> int:
    """Send what may or may not have been applied once more: it may count twice where keys are not honoured."""
    return sum(_owe_again(row, State.UNCERTAIN, evidence="resent") for row in rows)


def send_delivered_again(rows: Iterable[Delivery]) -> int:
    """Send what was delivered once more, to a game that was restored from a backup. It counts twice in one that has
    not lost it, unless keys are honoured there."""
    return sum(_owe_again(row, State.DELIVERED, evidence="resent", created_at=instants.now()) for row in rows)


def confirm_applied(rows: Iterable[Delivery]) -> int:
    """A person has seen that these were applied. Returns how many rows that settled."""
    count = 0
    for row in rows:
        now = instants.now()
        uncertain = Delivery.objects.using(database()).filter(pk=row.pk, state=State.UNCERTAIN)
        count += uncertain.update(
            state=State.DELIVERED, evidence="person", owner="", lease_until=None, settled_at=now, shown_at=now
        )
    return count


def resume(queues: Iterable[Queue]) -> int:
    """End pauses before their time. Returns how many."""
    count = 0
    for queue in queues:
        if Queue.objects.using(database()).filter(pk=queue.pk).delete()[0]:
            count += 1
            logger.info(
                "queue.resumed game=%s kind=%s by a person", queue.game, queue.kind, extra={"event": "queue.resumed"}
            )
            kick_after_commit(games[queue.game], database())
    return count


def _owe_again(row: Delivery, state: str, **changes: Any) -> bool:
    """Make a row PENDING, if it is still in this state and its content is still there."""
    if row.kind != Delivery.Kind.DELETE and (not row.payload or "sha256" in row.payload):
        return False  # scrubbed: the player was forgotten, or the row is older than what is kept
    backend = games[row.game]
    now = instants.now()
    with transaction.atomic(using=database()):
        as_shown = Delivery.objects.using(database()).filter(pk=row.pk, state=state)
        if not as_shown.update(**{**_ANEW, "not_before": now, **changes}):
            return False
        take_effect(backend, row, State.PENDING)
        kick_after_commit(backend, database())
    return True
