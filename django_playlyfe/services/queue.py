"""The queue of what is owed to a remote game, for people who look after it: admin, commands, checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from django_playlyfe import memo
from django_playlyfe.backends import games
from django_playlyfe.conf import DEFAULT_GAME
from django_playlyfe.delivery import depth
from django_playlyfe.delivery.database import database
from django_playlyfe.delivery.person import confirm_applied, requeue, resume, send_again, send_delivered_again
from django_playlyfe.models import Delivery, Queue
from django_playlyfe.players.links import player_id_of

if TYPE_CHECKING:
    from django_playlyfe.players.links import Who

__all__ = [
    "confirm_applied",
    "pending",
    "queue_facts",
    "queue_trouble",
    "requeue",
    "resume",
    "send_again",
    "send_delivered_again",
]

_COUNTED = 1000


def queue_facts(game: str = DEFAULT_GAME) -> dict[str, Any] | None:
    """How the queue is doing (:func:`~django_playlyfe.delivery.depth.measure`); None for an embedded game."""
    return None if games[game].transactional else depth.measure(game)


def pending(user: Who, game: str = DEFAULT_GAME) -> int:
    """How many plays and edits of a player are owed to the game and not yet in what it says; 0 for an embedded game.

    Raises:
        PlayerNotFound: the user is not a player.
    """
    if games[game].transactional:
        return 0
    player_id = player_id_of(user, game)
    states = (Delivery.State.PENDING, Delivery.State.SENDING, Delivery.State.UNCERTAIN)
    kinds = (Delivery.Kind.PLAY, Delivery.Kind.SCORE)
    rows = Delivery.objects.filter(game=game, subject=player_id, kind__in=kinds, state__in=states)
    return memo.remember(game, ("pending", player_id), rows.count)


def queue_trouble(game: str = DEFAULT_GAME) -> list[str]:
    """What a person should look at, a sentence each: nothing is delivered, it is paused, rows are uncertain or dead."""
    if games[game].transactional:
        return []
    told = []
    seconds = depth.overdue(game)
    if seconds > depth.STUCK_AFTER.total_seconds():
        text = _("Nothing is delivered to the game “%(game)s”: a row has been due for %(minutes)d minutes.")
        told.append(text % {"game": game, "minutes": seconds // 60})
    told += [
        _("Deliveries to the game “%(game)s” are paused: %(why)s") % {"game": game, "why": pause.reason}
        for pause in Queue.objects.using(database()).filter(game=game)
    ]
    uncertain = _bounded_count(game, Delivery.State.UNCERTAIN)
    if uncertain:
        text = ngettext(
            "%(count)d play or edit may or may not have counted in the game “%(game)s”; a person has to decide.",
            "%(count)d plays or edits may or may not have counted in the game “%(game)s”; a person has to decide.",
            uncertain,
        )
        told.append(text % {"count": uncertain, "game": game})
    dead = _bounded_count(game, Delivery.State.DEAD)
    if dead:
        text = ngettext(
            "%(count)d delivery to the game “%(game)s” has failed.",
            "%(count)d deliveries to the game “%(game)s” have failed.",
            dead,
        )
        told.append(text % {"count": dead, "game": game})
    return told


def _bounded_count(game: str, state: str) -> int:
    """How many rows are in this state; a thousand stands for more."""
    return Delivery.objects.using(database()).filter(game=game, state=state)[:_COUNTED].count()
