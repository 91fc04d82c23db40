"""What a settled row means for the site: the state of the link, the public signals (``interface.md`` §2)."""

from __future__ import annotations

from typing import Any

from django.dispatch import Signal

from django_playlyfe import memo, signals
from django_playlyfe.backends import GameBackend
from django_playlyfe.delivery.answers import read_error, read_player, read_result
from django_playlyfe.delivery.database import database
from django_playlyfe.delivery.rows import scrub
from django_playlyfe.models import Delivery, PlayerLink
from django_playlyfe.players.links import link_of_player
from django_playlyfe.reading import own_writes
from django_playlyfe.types import PlayResult

State, Kind = Delivery.State, Delivery.Kind

_LINK_STATES = {
    State.DELIVERED: PlayerLink.State.LINKED,
    State.DEAD: PlayerLink.State.FAILED,
    State.PENDING: PlayerLink.State.PENDING,
}
_OF_EVENTS = {"level": signals.level_changed, "achievement": signals.achievement_unlocked}


def take_effect(backend: GameBackend, row: Delivery, state: str) -> None:
    """Let the site's tables follow a row: the link says how far the creation of the player has come.

    Args:
        state: the next one of the row.
    """
    of_link = _LINK_STATES.get(State(state))
    if row.kind == Kind.CREATE and of_link is not None:
        links = PlayerLink.objects.using(database()).filter(game=backend.alias, player_id=row.subject)
        links.exclude(state=of_link).update(state=of_link)
    if row.kind == Kind.DELETE and state == State.DELIVERED:
        scrub(row.subject, backend, database())  # of what was still on its way when the player was forgotten
    memo.forget(backend.alias, database())


def announce(backend: GameBackend, row: Delivery) -> None:
    """Send the public signals about a row that has come to an end; pages follow it at once."""
    _age_what_was_read(backend, row)
    sent = [(signal, found) for signal, found in _news(row) if signal.has_listeners(type(backend))]
    if not sent:
        return
    link = link_of_player(row.subject, backend.alias)
    for signal, arguments in sent:
        signals.send_after_commit(
            signal,
            database(),
            sender=type(backend),
            user=link.user if link is not None else None,
            player_id=row.subject,
            game=backend.alias,
            **arguments,
        )


def _age_what_was_read(backend: GameBackend, row: Delivery) -> None:
    if row.state not in (State.DELIVERED, State.REFUSED):
        return
    if row.kind == Kind.PLAY and row.state == State.DELIVERED:
        own_writes.after_play(backend, row.subject, read_result(row).events)
    elif row.kind == Kind.SCORE:
        own_writes.after_edit(backend, row.subject, read_player(row))
    elif row.kind == Kind.DELETE:
        own_writes.after_deletion(backend, row.subject, database())
    else:
        own_writes.after_other_write(backend, row.subject)


def _news(row: Delivery) -> list[tuple[Signal, dict[str, Any]]]:
    if row.state == State.DEAD:
        return [(signals.delivery_failed, {"event": row})]
    if row.state == State.REFUSED:
        result = PlayResult("refused", error=read_error(row), key=str(row.key))
        return [(signals.action_refused, {"action": row.action, "result": result})]
    if row.state != State.DELIVERED:
        return []
    if row.kind == Kind.CREATE:
        return [(signals.player_created, {})]
    if row.kind == Kind.UPDATE:
        return [(signals.player_updated, {})]
    if row.kind != Kind.PLAY:
        return []
    result = read_result(row)
    events = [(_OF_EVENTS[event.type], {"event": event}) for event in result.events if event.type in _OF_EVENTS]
    return [(signals.action_played, {"result": result}), *events]
