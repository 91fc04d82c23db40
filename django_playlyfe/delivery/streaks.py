"""The rule of five (``reliability.md`` §3.5): a wrong base URL must not kill ten thousand plays."""

from __future__ import annotations

from django_playlyfe import instants
from django_playlyfe.backends import GameBackend
from django_playlyfe.delivery import pauses
from django_playlyfe.delivery.database import database
from django_playlyfe.delivery.decisions import Pause
from django_playlyfe.delivery.schedule import next_attempt
from django_playlyfe.models import Delivery, PlayerLink, Queue

State, Kind = Delivery.State, Delivery.Kind

LENGTH = 5


def break_streak(backend: GameBackend, row: Delivery) -> None:
    """Pause the queue if the five rows settled last have all failed with the same error, and owe them again.

    Refusals of the game are not looked at: they are answers.
    """
    if row.evidence or not row.error_code:
        return
    settled = Delivery.objects.using(database()).filter(game=backend.alias, settled_at__isnull=False)
    last = list(settled.filter(state__in=(State.DELIVERED, State.DEAD)).order_by("-settled_at", "-pk")[:LENGTH])
    is_streak = len(last) == LENGTH and all(
        failed.state == State.DEAD and failed.error_code == row.error_code and not failed.evidence for failed in last
    )
    if not is_streak:
        return
    for failed in last:
        again = Delivery.objects.using(database()).filter(pk=failed.pk, state=State.DEAD)
        again.update(
            state=State.PENDING,
            settled_at=None,
            not_before=next_attempt(failed.attempts, instants.now()),
        )
    subjects = [failed.subject for failed in last if failed.kind == Kind.CREATE]
    links = PlayerLink.objects.using(database()).filter(game=backend.alias, player_id__in=subjects)
    links.filter(state=PlayerLink.State.FAILED).update(state=PlayerLink.State.PENDING)
    reason = f"{LENGTH} deliveries in a row failed with {row.error_code}: {row.error_text}"
    pauses.set_pause(backend, Pause(Queue.Kind.ALL, reason))
