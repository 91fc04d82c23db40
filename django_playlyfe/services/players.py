"""Players: creating, linking and forgetting them, and all that is known of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction

from django_playlyfe import memo, signals, wire
from django_playlyfe.backends import games
from django_playlyfe.conf import DEFAULT_GAME
from django_playlyfe.exceptions import PlayerNotFound
from django_playlyfe.models import PlayerLink
from django_playlyfe.players.links import SiteUser, check_user, database_of, link_of, link_of_player, player_id_of
from django_playlyfe.services import owing
from django_playlyfe.services.enrolment import announce, create, taken

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

    from django_playlyfe.backends import GameBackend
    from django_playlyfe.players.links import Who


def ensure_player(user: AbstractBaseUser, game: str = DEFAULT_GAME) -> PlayerLink:
    """Make sure that a user is a player, in the caller's transaction. Safe to repeat, also concurrently.

    Returns:
        The link, in state "linked"; over HTTP in state "pending" until the creation is delivered.

    Raises:
        AccessDenied: ``PLAYER_FILTER`` says that this user takes no part.
        InvalidRequest: the player id is not one the game accepts; or the user is anonymous or unsaved.
        Conflict: the player id is that of another user.
    """
    check_user(user)
    backend = games[game]
    link = link_of(user, game)
    if link is not None and link.state == PlayerLink.State.LINKED:
        return link
    return create(user, backend, link)


def link_player(user: AbstractBaseUser, player_id: str, game: str = DEFAULT_GAME) -> PlayerLink:
    """Link a user to a player who already exists in the game; nothing is created there.

    The player's history is not shown to the user as news; the alias follows with the next save of the user or the next
    ``playlyfe_sync_players``.

    Raises:
        PlayerNotFound: the game has no such player.
        Conflict: the user is another player already, or the player is linked to another user.
    """
    link = check_link(user, player_id, game)
    if link.pk is not None and link.state == PlayerLink.State.LINKED:
        return link
    using = database_of(user)
    link.player_id = player_id
    link.state = PlayerLink.State.LINKED
    link.alias_hash = ""
    link.feedback_cursor = games[game].feedback_cursor(player_id)
    try:
        with transaction.atomic(using=using):
            link.save(using=using)
    except IntegrityError:  # somebody else was faster
        raise taken(player_id) from None
    memo.forget(game, using)
    return link


def check_link(user: SiteUser, player_id: str, game: str = DEFAULT_GAME) -> PlayerLink:
    """The link that :func:`link_player` would write, not saved. Raises what that raises."""
    check_user(user)
    link = PlayerLink.objects.using(database_of(user)).filter(game=game, user=user).first()
    if link is not None and link.state == PlayerLink.State.LINKED:
        if link.player_id == player_id:
            return link
        raise wire.make_error("conflict", f"The user is the player {link.player_id!r} already.", status=409)
    other = link_of_player(player_id, game)
    if other is not None and other.user_id != user.pk:
        raise taken(player_id)
    games[game].profile(player_id)  # raises PlayerNotFound
    return link or PlayerLink(game=game, user=user)


def forget_player(user: Who, game: str = DEFAULT_GAME) -> bool:
    """Erase a player from the game and unlink the user, in the caller's transaction.

    Returns:
        Whether there was anything to erase.
    """
    backend = games[game]
    if isinstance(user, str):
        link = link_of_player(user, game)
        player_id = user
    else:
        check_user(user)
        link = link_of(user, game)
        if link is None:
            return False
        player_id = link.player_id
    site_user = link.user if link is not None else None
    using = database_of(site_user)
    with transaction.atomic(using=using):
        existed = _delete(player_id, link, backend, using)
        if link is not None:
            PlayerLink.objects.using(using).filter(pk=link.pk).delete()
    memo.forget(game, using)
    announce(signals.player_forgotten, backend, site_user, player_id, using)
    return existed or link is not None


def _delete(player_id: str, link: PlayerLink | None, backend: GameBackend, using: str) -> bool:
    """Delete the player, now or as soon as the game can be reached. Returns whether there is one, as far as known."""
    if not backend.transactional:
        return owing.delete(player_id, link, backend, using)
    try:
        backend.delete_player(player_id)
    except PlayerNotFound:
        return False
    return True


def export(user: Who, game: str = DEFAULT_GAME) -> dict[str, Any]:
    """All that the site and the game store about a player, JSON-able: for a person who asks for their data.

    Raises:
        PlayerNotFound: the user is not a player.
    """
    player_id = player_id_of(user, game)
    link = link_of_player(player_id, game)
    linked = None
    if link is not None:
        linked = {
            "user": str(link.user_id),
            "created_at": link.created_at.isoformat(),
            "updated_at": link.updated_at.isoformat(),
            "notices": link.notices,
        }
    backend = games[game]
    return {
        "game": game,
        "player_id": player_id,
        "link": linked,
        "deliveries": [] if backend.transactional else owing.export(player_id, backend),
        "player": backend.export(player_id),
    }
