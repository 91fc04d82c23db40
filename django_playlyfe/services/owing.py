"""Writes to a game that is not part of the site's database: owed in the caller's transaction, sent after the commit.

The other half of the one rule for all writes (``interface.md`` §3.1): the services decide by ``backend.transactional``,
and come here if it is false. No function here calls the game, but for the results of a caller who waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from django_playlyfe import memo, wire
from django_playlyfe.backends import GameBackend
from django_playlyfe.delivery import deliver_now, rows
from django_playlyfe.delivery.answers import read_edit, read_result
from django_playlyfe.delivery.database import in_transaction
from django_playlyfe.delivery.wake import kick_after_commit
from django_playlyfe.exceptions import PlaylyfeError
from django_playlyfe.models import Delivery, PlayerLink
from django_playlyfe.players.about import About
from django_playlyfe.reading import snapshots
from django_playlyfe.types import EditResult, Play, PlayResult


def create(link: PlayerLink, about: About, backend: GameBackend, using: str) -> PlayerLink:
    """Owe the creation of the player of a new link."""
    rows.owe_creation(link, about, backend, using)
    kick_after_commit(backend, using)
    memo.forget(backend.alias, using)
    return link


def create_again(link: PlayerLink, about: About, backend: GameBackend, using: str) -> PlayerLink:
    """Owe the creation of the player of an old link, unless it is owed already."""
    if is_creation_owed(link, backend, using):
        return link
    link.state = PlayerLink.State.PENDING
    link.alias_hash = about.fingerprint
    link.save(using=using, update_fields=["state", "alias_hash", "updated_at"])
    rows.owe_creation_again(link, about, backend, using)
    kick_after_commit(backend, using)
    memo.forget(backend.alias, using)
    return link


def update(link: PlayerLink, about: About, backend: GameBackend, using: str) -> None:
    """Owe what has changed about a user."""
    rows.owe_update(link, about, backend, using)
    kick_after_commit(backend, using)


def cancel(player_id: str, backend: GameBackend, using: str) -> None:
    """Cancel what is owed for a player, and scrub what was delivered."""
    rows.drop_owed(player_id, backend, using)


def delete(player_id: str, link: PlayerLink | None, backend: GameBackend, using: str) -> bool:
    """Cancel what is owed for a player, and owe the deletion if the game may know the player.

    Returns:
        Whether a deletion is owed.
    """
    snapshots.forget(backend.alias, player_id, using)
    if not rows.drop_owed(player_id, backend, using):
        return False
    rows.owe_deletion(player_id, str(link.user_id) if link is not None else "", backend, using)
    kick_after_commit(backend, using)
    return True


MOST_AT_ONCE = 2**31 - 1
"""The largest weight of one play, as in the engine."""


@dataclass(frozen=True)
class Owed:
    """The row of a play. ``is_known``: an earlier call with the same business key wrote it."""

    row: Delivery
    is_known: bool


def play(
    wanted: Play, player_id: str, link: PlayerLink | None, backend: GameBackend, using: str, *, tell: bool = True
) -> Owed:
    """Owe a play. ``tell``: what comes of it is shown to the user.

    Raises:
        Conflict: the key was used for other content.
        InvalidRequest: no game could take the play, or it cannot be written as JSON, or is too large.
    """
    _check(wanted)
    row, is_known = rows.owe_play(
        backend,
        using,
        player_id=player_id,
        user_pk=str(link.user_id) if link is not None else "",
        action=wanted.action,
        content={
            "variables": dict(wanted.variables),
            "count": wanted.count,
            "scopes": [dict(scope) for scope in wanted.scopes],
        },
        idempotency_key=wanted.idempotency_key,
        at=wanted.at,
        is_news=tell,
    )
    memo.forget(backend.alias, using)
    return Owed(row, is_known)


def _check(wanted: Play) -> None:
    """Raises InvalidRequest for what every game would refuse, while the caller is there to hear of it."""
    problem = None
    if not isinstance(wanted.variables, Mapping):
        problem = "The variables of a play are names and their values."
    elif isinstance(wanted.count, bool) or not isinstance(wanted.count, int) or not 1 <= wanted.count <= MOST_AT_ONCE:
        problem = f"The count of a play is a whole number from 1 to {MOST_AT_ONCE}."
    elif wanted.at is not None and (not isinstance(wanted.at, datetime) or wanted.at.tzinfo is None):
        problem = "The instant of a play is a datetime that is aware of its time zone."
    if problem is not None:
        raise wire.make_error("validation_exception", problem)


def result_of(owed: Owed, backend: GameBackend, using: str, *, wait: bool) -> PlayResult:
    """What has come of a play that is written down; with ``wait`` it is sent as soon as the transaction allows.

    Returns:
        "pending", or what came of it if that is known by now.

    Raises:
        PlaylyfeError: the game says that the play can never succeed.
    """
    row = owed.row
    if row.state in (Delivery.State.PENDING, Delivery.State.SENDING):
        row = _see_off(row, backend, using, wait=wait)
    return read_result(row, replayed=owed.is_known)


def edit(
    content: Mapping[str, Any], player_id: str, link: PlayerLink | None, backend: GameBackend, using: str
) -> Delivery:
    """Owe an edit by hand, after all that is owed to its player before it. ``content``: of :func:`.edits.payload`.

    Raises:
        InvalidRequest: it cannot be written as JSON, or is too large.
    """
    row = rows.owe_edit(player_id, str(link.user_id) if link is not None else "", content, backend, using)
    memo.forget(backend.alias, using)
    return row


def result_of_edit(row: Delivery, backend: GameBackend, using: str, *, wait: bool) -> EditResult:
    """What has come of an edit that is written down; ``wait`` and errors as of :func:`result_of`."""
    return read_edit(_see_off(row, backend, using, wait=wait))


def _see_off(row: Delivery, backend: GameBackend, using: str, *, wait: bool) -> Delivery:
    """Have a row sent: soon, or as soon as the transaction allows if its caller waits. Gives the row as it is then."""
    if not wait:  # else the thread and this caller would want the same row
        kick_after_commit(backend, using)
    elif in_transaction(using):
        transaction.on_commit(partial(deliver_now, backend.alias, row.pk), using=using, robust=True)
    else:
        row = deliver_now(backend.alias, row.pk) or row
    return row


def not_written(error: Exception) -> PlaylyfeError:
    """The refusal of what could not be written down; its row was logged where that failed."""
    return PlaylyfeError(f"It could not be written down ({type(error).__name__})", code="not_written")


def mark_shown(result: PlayResult, backend: GameBackend) -> None:
    """What came of this play need not be shown as feedback: the caller gets it as an exception."""
    rows.mark_shown(result.key, backend)


def export(player_id: str, backend: GameBackend) -> list[dict[str, Any]]:
    """What the site stores of the writes about a player, JSON-able."""
    found = Delivery.objects.filter(game=backend.alias, subject=player_id).order_by("pk")
    return [
        {
            "kind": row.kind,
            "action": row.action,
            "state": row.state,
            "payload": row.payload,
            "answer": row.answer,
            "created_at": row.created_at.isoformat(),
        }
        for row in found
    ]


def is_creation_owed(link: PlayerLink, backend: GameBackend, using: str) -> bool:
    """Whether the creation of a link's player will be sent by itself."""
    owed = (Delivery.State.PENDING, Delivery.State.SENDING)
    creations = Delivery.objects.using(using).filter(game=backend.alias, subject=link.player_id, state__in=owed)
    return creations.filter(kind=Delivery.Kind.CREATE).exists()
