"""Which player is meant: from what a caller passes (a user or a player id) to the player's id and link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from django.contrib.auth import get_user_model
from django.db import router

from django_playlyfe import memo, wire
from django_playlyfe.models import PlayerLink

SiteUser: TypeAlias = Any
"""A user of the site: an instance of AUTH_USER_MODEL, which the type checker cannot know."""

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser

    Who = AbstractBaseUser | AnonymousUser | str


def check_user(user: Any) -> None:
    """Refuse what can never be a player: anonymous and unsaved users, and what is no user at all.

    Raises:
        TypeError: neither a user nor a player id.
        InvalidRequest: an anonymous or unsaved user. A programmer's mistake, so it is never turned into a refusal.
    """
    if getattr(user, "is_anonymous", False):
        raise wire.make_error("invalid_player", "An anonymous visitor is not a player; check user.is_authenticated.")
    if not isinstance(user, get_user_model()):
        raise TypeError(f"Expected a user or a player id (text), not {type(user).__name__}.")
    if user.pk is None:
        raise wire.make_error("invalid_player", "The user has no primary key yet; save it first.")


def database_of(user: Any) -> str:
    """The database that the link of a user, or of a player id, is written to: that of the user."""
    hints = {"instance": user} if isinstance(user, get_user_model()) else {}
    return router.db_for_write(PlayerLink, **hints)


def link_of(user: SiteUser, game: str) -> PlayerLink | None:
    """The link of a user in a game, whatever its state; one query, remembered for the request."""

    def ask() -> PlayerLink | None:
        using = router.db_for_read(PlayerLink, instance=user)
        link = PlayerLink.objects.using(using).filter(game=game, user_id=user.pk).first()
        if link is not None:
            link.user = user
        return link

    return memo.remember(game, ("link", user.pk), ask)


def remember_link(user: Any, link: PlayerLink | None, game: str) -> None:
    """What :func:`link_of` will answer in this request, where the link was read together with others."""

    def known() -> PlayerLink | None:
        if link is not None:
            link.user = user
        return link

    memo.remember(game, ("link", user.pk), known)


def link_of_player(player_id: str, game: str) -> PlayerLink | None:
    """The link of a player, with its user; None if no site user is this player."""
    return PlayerLink.objects.filter(game=game, player_id=player_id).select_related("user").first()


def player_id_or_none(user: Who | None, game: str) -> str | None:
    """The player's id; None for a visitor: nobody, an anonymous user, a user who is not a player."""
    if user is None or isinstance(user, str):
        return user
    if getattr(user, "is_anonymous", False):
        return None
    check_user(user)
    link = link_of(user, game)
    return link.player_id if link is not None and link.state == PlayerLink.State.LINKED else None


def player_id_of(user: Who, game: str) -> str:
    """The player's id.

    Raises:
        PlayerNotFound: the user is not a player; reading makes nobody one.
        TypeError, InvalidRequest: see :func:`check_user`.
    """
    if not isinstance(user, str):
        check_user(user)
    player_id = player_id_or_none(user, game)
    if player_id is None:
        raise wire.make_error("player_not_found", f"This user is not a player of the game {game!r} yet.")
    return player_id
