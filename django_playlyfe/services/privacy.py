"""Hiding: a player whom others do not see by name. It is the site that hides, so it works with any game.

Boards keep the row, with rank and score, so that nobody else's place changes; name, id and user of it are left out. A
game server that others can reach as well still tells them the name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django_playlyfe import memo
from django_playlyfe.conf import DEFAULT_GAME
from django_playlyfe.models import PlayerLink
from django_playlyfe.players.links import database_of, link_of, link_of_player, player_id_of, player_id_or_none
from django_playlyfe.types import Event, LeaderboardRow, PlayerRef

if TYPE_CHECKING:
    from django_playlyfe.players.links import Who


def hide_player(user: Who, *, hidden: bool = True, game: str = DEFAULT_GAME) -> None:
    """Let others no longer see the player's name, or see it again with ``hidden=False``.

    Raises:
        PlayerNotFound: the user is not a player.
    """
    player_id = player_id_of(user, game)
    using = database_of(user)
    PlayerLink.objects.using(using).filter(game=game, player_id=player_id).update(is_hidden=hidden)
    memo.forget(game, using)


def is_hidden(user: Who, viewer: Any = None, game: str = DEFAULT_GAME) -> bool:
    """Whether a player hides; from ``viewer``, if one is given: nobody hides from themselves."""
    link = _link(user, game)
    if link is None or not link.is_hidden:
        return False
    return viewer is None or player_id_or_none(viewer, game) != link.player_id


def is_player(user: Who, game: str = DEFAULT_GAME) -> bool:
    """Whether a user has a player in this game."""
    return player_id_or_none(user, game) is not None


def without_name(row: LeaderboardRow) -> LeaderboardRow:
    """A row of a board that tells rank and score, and not whose they are."""
    return replace(row, player_id="", alias="", user=None)


def without_hidden_names(events: Iterable[Event], me: str | None, game: str) -> tuple[Event, ...]:
    """Events of the whole game, with the names of hidden players left out; one query."""
    told = tuple(events)
    actors = {event.actor.id for event in told if event.actor is not None} - {me}
    hidden = set(
        PlayerLink.objects.filter(game=game, is_hidden=True, player_id__in=actors).values_list("player_id", flat=True)
        if actors
        else ()
    )
    return tuple(
        replace(event, actor=PlayerRef(""), data={}) if event.actor is not None and event.actor.id in hidden else event
        for event in told
    )


def _link(user: Who, game: str) -> PlayerLink | None:
    if isinstance(user, str):
        return memo.remember(game, ("link of player", user), lambda: link_of_player(user, game))
    return link_of(user, game) if getattr(user, "pk", None) is not None else None
