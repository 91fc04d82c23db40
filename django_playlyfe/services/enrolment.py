"""How a user becomes a player and stays one: what the services, the receivers and the sync command share.

Not for sites: these functions know backends and links. ``services.players`` has the public ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from django_playlyfe import memo, signals, wire
from django_playlyfe.backends import GameBackend, games
from django_playlyfe.exceptions import Conflict, PlayerExists, PlayerNotFound
from django_playlyfe.models import PlayerLink
from django_playlyfe.players.about import About, chosen_player_id
from django_playlyfe.players.links import SiteUser, database_of
from django_playlyfe.services import owing

if TYPE_CHECKING:
    from django.dispatch import Signal


def register(user: SiteUser, game: str) -> None:
    """Create the player of a new user, if the site wants this user to take part."""
    backend = games[game]
    if backend.settings.player_filter(user):
        create(user, backend)


def refresh(user: SiteUser, game: str) -> None:
    """Tell the game what has changed about a user; nothing for a user who is not a player. One query if nothing has."""
    backend = games[game]
    links = PlayerLink.objects.using(database_of(user)).filter(game=game, user_id=user.pk)
    link = links.filter(state__in=_followed_states(backend)).first()
    if link is not None and backend.settings.player_filter(user):
        follow(user, link, backend)


def _followed_states(backend: GameBackend) -> list[str]:
    """States of links whose users are followed: what changes while the creation is owed is owed behind it."""
    if backend.transactional:
        return [PlayerLink.State.LINKED]
    return [PlayerLink.State.LINKED, PlayerLink.State.PENDING]


def let_go(user: SiteUser, game: str) -> None:
    """The user is deleted and the player stays: what is still owed about the user is cancelled."""
    backend, using = games[game], database_of(user)
    if backend.transactional:
        return
    link = PlayerLink.objects.using(using).filter(game=game, user_id=user.pk).first()
    if link is not None:
        owing.cancel(link.player_id, backend, using)


def is_on_its_way(link: PlayerLink, backend: GameBackend) -> bool:
    """Whether the creation of a link's player is owed already, so that nothing has to be repaired."""
    return not backend.transactional and owing.is_creation_owed(link, backend, database_of(link.user))


def mark_failed(user: SiteUser, game: str) -> None:
    """Note that the player could not be created, so that people see it and ``playlyfe_sync_players`` repairs it."""
    using = database_of(user)
    PlayerLink.objects.using(using).get_or_create(
        game=game,
        user=user,
        defaults={"player_id": chosen_player_id(user, games[game]), "state": PlayerLink.State.FAILED},
    )
    memo.forget(game, using)


def create(user: SiteUser, backend: GameBackend, link: PlayerLink | None = None) -> PlayerLink:
    """Create the player and the link, or finish what an earlier attempt left pending or failed.

    One savepoint: link and player come into being together or not at all. A player whom the game has already, as after
    a restored backup, is taken over without showing the old history as news. In a game that is not part of the site's
    database the creation is owed, and the link stays pending until it is delivered.

    Args:
        link: the link as it is stored now, None if there is none.
    """
    if not backend.settings.player_filter(user):
        raise wire.make_error("access_denied", f"This user takes no part in the game {backend.alias!r}.")
    using = database_of(user)
    about = About.of(user, backend)
    with transaction.atomic(using=using):
        if link is None:
            link = _insert(user, about, backend, using)
            if link is None:
                return _met(user, backend, using)
            if not backend.transactional:
                return owing.create(link, about, backend, using)
        elif not backend.transactional:
            return owing.create_again(link, about, backend, using)
        existed = create_in_game(link, about, backend)
        if existed or link.state != PlayerLink.State.LINKED:
            link.state = PlayerLink.State.LINKED
            link.alias_hash = about.fingerprint
            link.save(using=using, update_fields=["state", "alias_hash", "feedback_cursor", "updated_at"])
    memo.forget(backend.alias, using)
    announce(signals.player_created, backend, user, link.player_id, using)
    return link


def create_in_game(link: PlayerLink, about: About, backend: GameBackend) -> bool:
    """Create the player of a link. Returns whether the game had it already: then it is brought up to date."""
    try:
        backend.create_player(link.player_id, alias=about.alias, email=about.email)
    except PlayerExists:
        _update(link, about, backend)
        link.feedback_cursor = backend.feedback_cursor(link.player_id)
        return True
    if not about.enabled:
        backend.update_player(link.player_id, enabled=False)
    if about.timezone:
        backend.set_timezone(link.player_id, about.timezone)
    return False


def has_news(user: SiteUser, link: PlayerLink, backend: GameBackend) -> bool:
    """Whether the game does not know yet what has changed about a linked user."""
    return About.of(user, backend).fingerprint != link.alias_hash


def follow(user: SiteUser, link: PlayerLink, backend: GameBackend) -> None:
    """Tell the game what has changed about a linked user; nothing if nothing has."""
    about = About.of(user, backend)
    if about.fingerprint == link.alias_hash:
        return
    using = database_of(user)
    with transaction.atomic(using=using):
        if backend.transactional:
            _tell(link, about, backend)
        else:
            owing.update(link, about, backend, using)
        link.alias_hash = about.fingerprint
        link.save(using=using, update_fields=["alias_hash", "updated_at"])
    if not backend.transactional:
        return  # the rest happens when it is delivered
    memo.forget(backend.alias, using)
    announce(signals.player_updated, backend, user, link.player_id, using)


def _tell(link: PlayerLink, about: About, backend: GameBackend) -> None:
    try:
        _update(link, about, backend)
    except PlayerNotFound:  # the game has lost the player, as after a restored backup
        create_in_game(link, about, backend)


def _update(link: PlayerLink, about: About, backend: GameBackend) -> None:
    backend.update_player(link.player_id, alias=about.alias, email=about.email, enabled=about.enabled)
    if about.timezone is not None:
        backend.set_timezone(link.player_id, about.timezone)


def _insert(user: SiteUser, about: About, backend: GameBackend, using: str) -> PlayerLink | None:
    """A new link, or None if somebody else has inserted it at the same time."""
    link = PlayerLink(
        game=backend.alias,
        user=user,
        player_id=chosen_player_id(user, backend),
        state=PlayerLink.State.LINKED if backend.transactional else PlayerLink.State.PENDING,
        alias_hash=about.fingerprint,
    )
    try:
        with transaction.atomic(using=using):
            link.save(using=using, force_insert=True)
    except IntegrityError:
        return None
    return link


def _met(user: SiteUser, backend: GameBackend, using: str) -> PlayerLink:
    """The link that another request has inserted at the same time."""
    link = PlayerLink.objects.using(using).filter(game=backend.alias, user=user).first()
    if link is None:
        raise taken(chosen_player_id(user, backend))
    link.user = user
    return link if link.state == PlayerLink.State.LINKED else create(user, backend, link)


def announce(signal: Signal, backend: GameBackend, user: SiteUser | None, player_id: str, using: str) -> None:
    signals.send_after_commit(signal, using, sender=type(backend), user=user, player_id=player_id, game=backend.alias)


def taken(player_id: str) -> Conflict:
    error: Conflict = wire.make_error("conflict", f"The player {player_id!r} is linked to another user.", status=409)
    return error
