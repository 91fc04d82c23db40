"""How long rows are kept, and what is held after a restore (``reliability.md`` §3.8, §3.9, §3.11)."""

from __future__ import annotations

from datetime import timedelta

from django_playlyfe import instants
from django_playlyfe.delivery.database import database
from django_playlyfe.delivery.rows import fingerprint
from django_playlyfe.models import Delivery

State, Kind = Delivery.State, Delivery.Kind

KEPT_FOR = timedelta(days=30)
CHUNK = 1000
_DONE = (State.DELIVERED, State.REFUSED, State.CANCELLED)


def purge(game: str) -> int:
    """Delete what was settled long ago, a thousand rows at most. Failed and uncertain rows are never deleted by
    themselves; one with a business key keeps that and the hash of its content, so that it stays known.

    Returns:
        How many rows were deleted.
    """
    old = Delivery.objects.using(database()).filter(
        game=game, state__in=_DONE, settled_at__lt=instants.now() - KEPT_FOR
    )
    for row in old.exclude(idempotency_key=None).exclude(payload__has_key="sha256")[:CHUNK]:
        old.filter(pk=row.pk).update(payload={"sha256": fingerprint(row.payload)}, answer=None)
    chunk = list(old.filter(idempotency_key=None).values_list("pk", flat=True)[:CHUNK])
    return old.filter(pk__in=chunk).delete()[0] if chunk else 0


def hold_owed_plays(game: str) -> int:
    """After a restore nobody knows which owed plays and edits were sent meanwhile: those without a key wait for a
    person."""
    owed_plays = Delivery.objects.using(database()).filter(
        game=game, kind__in=(Kind.PLAY, Kind.SCORE), state__in=(State.PENDING, State.SENDING), keyed=False
    )
    return owed_plays.update(state=State.UNCERTAIN, evidence="restored", owner="", lease_until=None)


def owed(game: str) -> int:
    """How many rows are owed."""
    owed_states = (State.PENDING, State.SENDING, State.UNCERTAIN)
    return Delivery.objects.using(database()).filter(game=game, state__in=owed_states).count()
