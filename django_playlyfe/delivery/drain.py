"""The loop that delivers (``reliability.md`` §3.9). All drainers are safe together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from django_playlyfe import instants
from django_playlyfe.backends import GameBackend, games
from django_playlyfe.client.clock import SYSTEM_CLOCK, Clock
from django_playlyfe.conf import DEFAULT_GAME
from django_playlyfe.delivery import claim, pauses
from django_playlyfe.delivery.database import database, drop_broken_connections, drop_old_connections, in_transaction
from django_playlyfe.delivery.pace import pace_of
from django_playlyfe.delivery.pauses import Gate
from django_playlyfe.delivery.sending import attempt
from django_playlyfe.exceptions import ConfigurationError

HOST_TROUBLE = timedelta(seconds=5)
"""How long a drainer leaves a host alone that does not answer; the client's own record lasts longer if need be."""


@dataclass(frozen=True)
class Drained:
    """What a drainer has done.

    Attributes:
        attempts: rows that were tried.
        resume_at: when there may be more to do; None if nothing is owed.
    """

    attempts: int
    resume_at: datetime | None


def drain(
    game: str = DEFAULT_GAME,
    *,
    most: int | None = None,
    is_over: Callable[[], bool] = bool,
    clock: Clock = SYSTEM_CLOCK,
) -> Drained:
    """Send what is owed to a game and due, until nothing is, or the game is in trouble.

    Safe to call from anywhere at any time, such as a task of a task queue; a call too many does no harm. Inside a
    transaction of the site it waits for the commit, for what is written there may yet be rolled back.

    Args:
        game: alias of the game.
        most: rows to try.
        is_over: asked before each row; True ends the run, the row in hand is finished first.
        clock: by which the pace is kept.

    Raises:
        ConfigurationError: the game cannot be used with these settings; nothing was touched.
    """
    backend = games[game]
    if backend.transactional:
        return Drained(0, None)
    if in_transaction(database()):
        later = partial(drain, game, most=most, is_over=is_over, clock=clock)
        transaction.on_commit(later, using=database(), robust=True)
        return Drained(0, instants.now())
    pace, gate, attempts, held_until = pace_of(game, backend.delivery.rate, clock), Gate(), 0, None
    drop_old_connections()
    while (most is None or attempts < most) and not is_over():
        drop_broken_connections()
        gate = pauses.look(backend)
        if gate.closed_until is not None:
            held_until = gate.closed_until
            break
        row = claim.take(backend, without=gate.without)
        if row is None:
            break
        pace.wait()
        decision = attempt(backend, row, gate)
        attempts += 1
        if decision.ends_run:
            held_until = instants.now() + HOST_TROUBLE
            break
    drop_old_connections()
    return Drained(attempts, _resume_at(backend, gate, held_until))


def check_remote(game: str) -> None:
    """Refuse a game to which nothing is ever owed, or whose settings are wrong. Raises ConfigurationError."""
    backend = games[game]
    if backend.transactional:
        raise ConfigurationError(
            f"The game {game!r} is part of this site's database ({backend.settings.backend}); nothing is ever owed."
        )
    assert backend.delivery is not None  # noqa: S101 - reading the options is the check


def _resume_at(backend: GameBackend, gate: Gate, held_until: datetime | None) -> datetime | None:
    """When the next row may be sent, as far as that is known; None if no row waits for a time."""
    rows = claim.next_in_line(backend).exclude(kind__in=gate.without)
    # The first of the index and not the least of all: the cost must not grow with what is owed.
    first = rows.order_by("not_before", "pk").values_list("not_before", flat=True).first()
    moments: list[datetime | None] = [first, gate.reopens_at]
    earliest: datetime | None = min((moment for moment in moments if moment is not None), default=None)
    if earliest is None:
        return None
    return max(earliest, held_until) if held_until is not None else earliest
