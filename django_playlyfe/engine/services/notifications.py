"""Marking notifications as seen (``http-api.md`` §10)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.models import SeenNotification
from django_playlyfe.engine.realm import Realm, find_player
from django_playlyfe.engine.refusals import invalid
from django_playlyfe.engine.selectors.notifications import notification_ids

_MOST_AT_ONCE = 1_000


def mark_seen(realm: Realm, player_id: str, ids: Sequence[str]) -> None:
    """Mark some of a player's notifications as seen. Ids of anything else have no effect.

    Raises:
        InvalidRequest: an id is no UUID, or there are more than a thousand.
        PlayerNotFound, ConfigurationError: as ``find_player``.
    """
    asked = read_event_ids(ids)
    player = find_player(realm, player_id)
    with transactions.atomic():
        SeenNotification.objects.using(transactions.write_alias()).bulk_create(
            [SeenNotification(player=player, event_id=event_id) for event_id in notification_ids(player, asked)],
            ignore_conflicts=True,
        )


def read_event_ids(ids: object) -> list[uuid.UUID]:
    """An array of event ids. Raises InvalidRequest."""
    if not isinstance(ids, list | tuple):
        raise invalid("/ids", "should be an array of event ids", code="INVALID_TYPE", found=ids)
    if len(ids) > _MOST_AT_ONCE:
        raise invalid("/ids", f"should have at most {_MOST_AT_ONCE} entries", code="ARRAY_LENGTH_LONG")
    read = []
    for index, event_id in enumerate(ids):
        try:
            read.append(uuid.UUID(event_id))
        except (ValueError, AttributeError, TypeError):
            raise invalid(f"/ids/{index}", "should be the id of an event", found=event_id) from None
    return read
