"""Bringing the game's players in line with the site's users: what ``playlyfe_sync_players`` and the admin do.

Signals miss users who were there before the app, ``bulk_create``, fixtures, SQL, and whatever failed. Each user is
looked at on their own, in a transaction of their own; one failure stops nobody else. Safe to repeat at any time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from django.contrib.auth import get_user_model
from django.db import DatabaseError

from django_playlyfe.backends import GameBackend, games
from django_playlyfe.conf import DEFAULT_GAME
from django_playlyfe.exceptions import ConfigurationError, PlaylyfeError
from django_playlyfe.models import PlayerLink
from django_playlyfe.players.links import SiteUser
from django_playlyfe.services import enrolment

logger = logging.getLogger("django_playlyfe")

CHUNK = 500
"""Users looked at with one query for their links; bounds memory."""


class Step(Enum):
    """What a user needs. The value is the word for it once it is done."""

    CREATE = "created"
    REPAIR = "repaired"
    UPDATE = "updated"
    NOTHING = "unchanged"
    SKIP = "skipped"
    LINK = "linked"


@dataclass(frozen=True)
class Synced:
    """What happened to one user; ``label`` says which for people; ``error`` is set if ``step`` failed."""

    label: str
    step: Step
    error: Exception | None = None


def plan(users: Iterable[SiteUser], game: str = DEFAULT_GAME) -> Iterator[Synced]:
    """What a sync would do, without doing it; as with :func:`sync`, one user's failure stops nobody else.

    Raises:
        ConfigurationError: the game cannot be used at all, so it makes no sense to go on.
    """
    backend = games[game]
    for user, link in _with_links(users, backend):
        step = Step.REPAIR  # as in sync
        try:
            step = _needed(user, link, backend)
        except ConfigurationError:
            raise
        except Exception as error:  # as in sync
            _report(user, step, error)
            yield Synced(_label(user), step, error)
        else:
            yield Synced(_label(user), step)


def sync(users: Iterable[SiteUser], game: str = DEFAULT_GAME) -> Iterator[Synced]:
    """Create missing players, finish failed ones, pass on changed names; lazily, one user at a time.

    Raises:
        ConfigurationError: the game cannot be used at all, so it makes no sense to go on.
    """
    backend = games[game]
    for user, link in _with_links(users, backend):
        step = Step.REPAIR  # what has failed if nobody can say what is needed
        try:
            step = _needed(user, link, backend)
            _do(step, user, link, backend)
        except ConfigurationError:
            raise
        except Exception as error:  # of the game, the database, or one of the site's own functions, a bug for this user
            _report(user, step, error)
            if step is Step.CREATE:
                _note_failure(user, backend)
            yield Synced(_label(user), step, error)
        else:
            yield Synced(_label(user), step)


def all_users() -> Iterator[SiteUser]:
    """Every user of the site by primary key, in chunks: no cursor is held open while players are written."""
    users = get_user_model()._default_manager.order_by("pk")
    chunk = list(users[:CHUNK])
    while chunk:
        yield from chunk
        chunk = list(users.filter(pk__gt=chunk[-1].pk)[:CHUNK])


def _with_links(users: Iterable[SiteUser], backend: GameBackend) -> Iterator[tuple[SiteUser, PlayerLink | None]]:
    for chunk in _chunks(users):
        found = PlayerLink.objects.filter(game=backend.alias, user__in=[user.pk for user in chunk])
        links = {link.user_id: link for link in found}
        for user in chunk:
            link = links.get(user.pk)
            if link is not None:
                link.user = user
            yield user, link


def _chunks(users: Iterable[SiteUser]) -> Iterator[Sequence[SiteUser]]:
    chunk: list[SiteUser] = []
    for user in users:
        chunk.append(user)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _needed(user: SiteUser, link: PlayerLink | None, backend: GameBackend) -> Step:
    if not backend.settings.player_filter(user):
        return Step.SKIP
    if link is None:
        return Step.CREATE
    if link.state != PlayerLink.State.LINKED:
        return Step.NOTHING if enrolment.is_on_its_way(link, backend) else Step.REPAIR
    return Step.UPDATE if enrolment.has_news(user, link, backend) else Step.NOTHING


def _do(step: Step, user: SiteUser, link: PlayerLink | None, backend: GameBackend) -> None:
    if step in (Step.CREATE, Step.REPAIR):
        enrolment.create(user, backend, link)
    elif step is Step.UPDATE and link is not None:
        enrolment.follow(user, link, backend)


def _report(user: SiteUser, step: Step, error: Exception) -> None:
    is_bug = not isinstance(error, (PlaylyfeError, DatabaseError))
    logger.warning("The %s could not be %s: %s", _label(user), step.value, error, exc_info=is_bug)


def _note_failure(user: SiteUser, backend: GameBackend) -> None:
    try:
        enrolment.mark_failed(user, backend.alias)
    except Exception:  # as above
        logger.exception("The failure about the %s could not be noted.", _label(user))


def _label(user: SiteUser) -> str:
    """Which user is meant, without telling a name or an address."""
    return f"user with primary key {user.pk}"
