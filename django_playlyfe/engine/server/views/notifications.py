"""Notifications of a player (``http-api.md`` §10)."""

from __future__ import annotations

from functools import partial
from typing import Any

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.server import stream
from django_playlyfe.engine.server.call import ApiCall, Logic


def listing(call: ApiCall) -> Logic:
    """What notified the player."""
    query = call.query
    return partial(
        selectors.notifications, call.realm, call.player_id, start=query.instant("start"), end=query.instant("end")
    )


def mark_seen(call: ApiCall) -> Logic:
    """Some of it has been seen."""
    ids = [str(event_id) for event_id in services.read_event_ids(call.body.get("ids"))]

    def mark() -> dict[str, Any]:
        services.mark_seen(call.realm, call.player_id, ids)
        return {"message": "The notifications are marked as seen"}

    return mark


def token(call: ApiCall) -> Logic:
    """What the stream of notifications opens with."""
    return lambda: {"token": stream.new_token(call.access)}
