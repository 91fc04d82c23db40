"""What people who run a game do to a player: adjust scores, take events back, begin anew.

As plays are: in the caller's transaction on a game in this database, else owed in it and sent after the commit, in the
order of the player's plays (``interface.md`` §3.1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, transaction

from django_playlyfe import memo, wire
from django_playlyfe.backends import GameBackend, games
from django_playlyfe.conf import DEFAULT_GAME
from django_playlyfe.delivery import edits
from django_playlyfe.models import PlayerLink
from django_playlyfe.players.links import check_user, database_of, link_of, player_id_of
from django_playlyfe.services import owing
from django_playlyfe.types import EditResult

if TYPE_CHECKING:
    from django_playlyfe.players.links import Who

LONGEST_REASON = 500


def adjust_scores(
    user: Who,
    rewards: Sequence[Mapping[str, Any]],
    *,
    by: str = "",
    reason: str = "",
    wait: bool = False,
    strict: bool = False,
    game: str = DEFAULT_GAME,
) -> EditResult:
    """Change scores, as a design gives rewards: ``[{"metric": {"id": "coins", "type": "point"}, "verb": "add", "value":
    "20"}]``. Levels and achievements follow.

    Args:
        user: whose scores. Over HTTP also a user whose player is still to be created: that is sent first.
        rewards: ``verb`` is "add", "remove" or "set"; ``value`` a number as text, for a set ``{item: number}``, for a
            state its id. Items and states may be named by id or by name. Compounds and levels cannot be changed.
        by: who does it; told in the event.
        reason: why, at most 500 characters; kept in the engine's log and shown by the desk. A game on a server has no
            place for ``by`` and ``reason``: it keeps the name of the client, and the site's delivery keeps them.
        wait: over HTTP, send it now instead of soon, and wait for the answer as long as ``SEND_BUDGET`` says; inside a
            transaction it is sent when that commits. The embedded engine always answers now.
        strict: raise it if the edit cannot be written down, instead of returning "refused".
        game: alias of the game.

    Returns:
        The result: "applied" with the profile as it is then, or over HTTP "pending" while it is owed.

    Raises:
        PlayerNotFound: the user is not a player.
        InvalidRequest: a reward is wrong; nothing is changed. Over HTTP this and the following are known once the game
            was asked: a caller who waits gets them, else the delivery fails (signal ``delivery_failed``).
        AccessDenied: the game cannot do it (``adjust_unavailable``), or this client may not.
        DatabaseError: with ``strict``, it could not be written down.
    """
    if not all(isinstance(reward, Mapping) for reward in rewards):
        raise wire.make_error("validation_exception", "Each reward should be an object.")
    content = edits.payload("adjust", rewards=rewards, by=by, reason=reason)
    return _edit(user, game, content, wait=wait, strict=strict)


def revert(
    user: Who,
    event_ids: Sequence[str],
    *,
    by: str = "",
    reason: str = "",
    wait: bool = False,
    strict: bool = False,
    game: str = DEFAULT_GAME,
) -> EditResult:
    """Take what these events of a player have changed back, newest first; what was taken back before is passed over.
    Levels follow. To take a play out of history as if it had never been, use :func:`undo`.

    Args:
        user: whose events.
        event_ids: ``Event.id`` of each.
        by, reason, wait, strict, game: as of :func:`adjust_scores`.

    Returns:
        As :func:`adjust_scores`.

    Raises:
        NotFound: one is no event of this player (``event_not_found``); nothing is changed.
        PlayerNotFound, InvalidRequest, AccessDenied, DatabaseError: as :func:`adjust_scores`.
    """
    content = edits.payload("revert", event_ids=event_ids, by=by, reason=reason)
    return _edit(user, game, content, wait=wait, strict=strict)


def reset_player(
    user: Who,
    *,
    by: str = "",
    reason: str = "",
    wait: bool = False,
    strict: bool = False,
    game: str = DEFAULT_GAME,
) -> EditResult:
    """Give a player what a new player gets, and nothing else; counts and limits of actions begin anew too.

    Args:
        user: who begins anew.
        by, reason, wait, strict, game: as of :func:`adjust_scores`.

    Returns:
        As :func:`adjust_scores`.

    Raises:
        PlayerNotFound, InvalidRequest, AccessDenied, DatabaseError: as :func:`adjust_scores`.
    """
    return _edit(user, game, edits.payload("reset", by=by, reason=reason), wait=wait, strict=strict)


def _edit(user: Who, game: str, content: Mapping[str, Any], *, wait: bool, strict: bool) -> EditResult:
    """One edit; ``content`` is of :func:`.edits.payload`."""
    backend = games[game]
    if not backend.transactional:
        return _owe(user, backend, content, wait=wait, strict=strict)
    using = database_of(user)
    with transaction.atomic(using=using):  # a savepoint: the caller's transaction survives an error
        player = edits.make(backend, player_id_of(user, game), content)
    memo.forget(game, using)
    return EditResult("applied", player)


def _owe(user: Who, backend: GameBackend, content: Mapping[str, Any], *, wait: bool, strict: bool) -> EditResult:
    """An edit of a game that is not part of this database: written down here, sent after the commit."""
    if len(content["reason"]) > LONGEST_REASON:
        raise wire.make_error("validation_exception", f"A reason has at most {LONGEST_REASON} characters.")
    player_id, link = _player(user, backend)
    using = database_of(user)
    try:
        with transaction.atomic(using=using):
            row = owing.edit(content, player_id, link, backend, using)
    except DatabaseError as error:  # what the caller has written stays (``reliability.md`` §3.1)
        if strict:
            raise
        return EditResult("refused", error=owing.not_written(error))
    return owing.result_of_edit(row, backend, using, wait=wait)


def _player(user: Who, backend: GameBackend) -> tuple[str, PlayerLink | None]:
    """Whose scores: also of a player whose creation is owed. Raises PlayerNotFound: a user who was never one."""
    if isinstance(user, str):
        return user, None
    check_user(user)
    link = link_of(user, backend.alias)
    if link is None:
        return player_id_of(user, backend.alias), None
    return link.player_id, link
