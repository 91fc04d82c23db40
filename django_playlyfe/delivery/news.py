"""What came of the plays of a remote game, each result taken once, to be shown (``reliability.md`` §3.12)."""

from __future__ import annotations

from django_playlyfe import instants, memo, wire
from django_playlyfe.backends import GameBackend
from django_playlyfe.delivery.answers import read_error
from django_playlyfe.delivery.database import database
from django_playlyfe.exceptions import PlaylyfeError
from django_playlyfe.models import Delivery
from django_playlyfe.types import Feedback, Ref, summarise

State, Kind = Delivery.State, Delivery.Kind

MOST_NEWS = 20


def take_news(player_id: str, backend: GameBackend) -> list[Feedback]:
    """Results that nobody has been shown yet, oldest first, at most 20. Of two pages that look at the same time, a
    conditional update elects the one that shows a result."""
    rows = Delivery.objects.using(database()).filter(game=backend.alias, subject=player_id, kind=Kind.PLAY)
    unshown = rows.filter(state__in=(State.DELIVERED, State.REFUSED), shown_at__isnull=True, answer__isnull=False)
    now = instants.now()
    taken = [row for row in unshown.order_by("pk")[:MOST_NEWS] if unshown.filter(pk=row.pk).update(shown_at=now)]
    return [_read(row, backend) for row in taken]


def _read(row: Delivery, backend: GameBackend) -> Feedback:
    if row.state == State.REFUSED:
        action = Ref(row.action, _action_name(row, backend))
        return Feedback("refused", action, error=read_error(row), timestamp=row.settled_at)
    events = wire.read_events(row.answer["events"])
    named = next((event.action for event in events if event.action is not None), None)
    return Feedback("applied", named or Ref(row.action, row.action), summarise(events), timestamp=row.settled_at)


def _action_name(row: Delivery, backend: GameBackend) -> str:
    """The name of a refused action: from an earlier play of the same player, else from what the player can see."""
    plays = Delivery.objects.using(database()).filter(
        game=row.game, subject=row.subject, kind=Kind.PLAY, action=row.action, state=State.DELIVERED
    )
    earlier = plays.exclude(answer__isnull=True).order_by("-pk").values_list("answer", flat=True).first()
    if earlier is not None:
        events = wire.read_events(earlier["events"])
        named = next((event.action.name for event in events if event.action is not None), "")
        if named:
            return named
    try:
        visible = memo.remember(row.game, ("actions", row.subject), lambda: backend.actions(row.subject))
    except PlaylyfeError:
        return row.action
    return next((action.name for action in visible if action.id == row.action), row.action)
