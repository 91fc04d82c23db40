"""What people who run a game do to a player: adjust scores, take events back, begin anew. No play, so nothing here is
owed: a game on a server is asked at once, before what is still owed to it, and its errors are raised."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction

from django_playlyfe import cache
from django_playlyfe.backends import GameBackend, games
from django_playlyfe.conf import DEFAULT_GAME
from django_playlyfe.links import database_of, player_id_of
from django_playlyfe.reading import own_writes
from django_playlyfe.types import Player

if TYPE_CHECKING:
    from django_playlyfe.links import Who


def adjust_scores(
    user: Who, rewards: Sequence[Mapping[str, Any]], *, by: str = "", reason: str = "", game: str = DEFAULT_GAME
) -> Player:
    """Change scores, as a design gives rewards: ``[{"metric": {"id": "coins", "type": "point"}, "verb": "add", "value":
    "20"}]``. Levels and achievements follow. In the caller's transaction on the engine; a game on a server is asked at
    once, and a rollback of the caller's takes nothing back there.

    Args:
        user: whose scores.
        rewards: ``verb`` is "add", "remove" or "set"; ``value`` a number as text, for a set ``{item: number}``, for a
            state its id. Items and states may be named by id or by name. Compounds and levels cannot be changed.
        by: who does it; told in the event.
        reason: why, at most 500 characters; kept in the engine's log and shown by the desk. A game on a server has no
            place for ``by`` and ``reason``: it keeps the name of the client.
        game: alias of the game.

    Returns:
        The profile as it is then.

    Raises:
        PlayerNotFound: the user is not a player.
        InvalidRequest: a reward is wrong; nothing is changed.
        AccessDenied: the game cannot do it (``adjust_unavailable``), or this client may not.
    """
    return _write(user, game, lambda backend, who: backend.adjust_scores(who, rewards, by=by, reason=reason))


def revert(user: Who, event_ids: Sequence[str], *, by: str = "", reason: str = "", game: str = DEFAULT_GAME) -> Player:
    """Take what these events of a player have changed back, newest first; what was taken back before is passed over.
    Levels follow. To take a play out of history as if it had never been, use :func:`undo`.

    Args:
        user: whose events.
        event_ids: ``Event.id`` of each.
        by, reason, game: as of :func:`adjust_scores`.

    Returns:
        The profile as it is then.

    Raises:
        NotFound: one is no event of this player (``event_not_found``); nothing is changed.
        PlayerNotFound, InvalidRequest, AccessDenied: as :func:`adjust_scores`.
    """
    return _write(user, game, lambda backend, who: backend.revert_events(who, event_ids, by=by, reason=reason))


def reset_player(user: Who, *, by: str = "", reason: str = "", game: str = DEFAULT_GAME) -> Player:
    """Give a player what a new player gets, and nothing else; counts and limits of actions begin anew too.

    Args:
        user: who begins anew.
        by, reason, game: as of :func:`adjust_scores`.

    Returns:
        The profile as it is then.

    Raises:
        PlayerNotFound, InvalidRequest, AccessDenied: as :func:`adjust_scores`.
    """
    return _write(user, game, lambda backend, who: backend.reset_player(who, by=by, reason=reason))


def _write(user: Who, game: str, write: Callable[[GameBackend, str], Player]) -> Player:
    backend, player_id = games[game], player_id_of(user, game)
    if backend.transactional:
        with transaction.atomic(using=database_of(user)):  # a savepoint: the caller's transaction survives an error
            player = write(backend, player_id)
    else:
        player = write(backend, player_id)
        own_writes.after_other_write(backend, player_id)
    cache.forget(game, database_of(user))
    return player
