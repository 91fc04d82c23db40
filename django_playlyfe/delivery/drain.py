"""The loop that delivers (``reliability.md`` §3.9). All drainers are safe together."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min
from django.utils import timezone

from django_playlyfe.backends import GameBackend, games
from django_playlyfe.conf import DEFAULT_GAME
from django_playlyfe.delivery import claim, pauses
from django_playlyfe.delivery.database import drop_old_connections
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


def drain(game: str = DEFAULT_GAME, *, most: int | None = None, is_over: Callable[[], bool] = bool) -> Drained:
    """Send what is owed to a game and due, until nothing is, or the game is in trouble.

    Safe to call from anywhere at any time, such as a task of a task queue; a call too many does no harm.

    Args:
        game: alias of the game.
        most: rows to try.
        is_over: asked before each row; True ends the run, the row in hand is finished first.

    Raises:
        ConfigurationError: the game cannot be used with these settings; nothing was touched.
    """
    backend = games[game]
    if backend.transactional:
        return Drained(0, None)
    pace, gate, attempts, held_until = _Pace(backend.delivery.rate), Gate(), 0, None
    while (most is None or attempts < most) and not is_over():
        drop_old_connections()
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
            held_until = timezone.now() + HOST_TROUBLE
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
    moments: list[datetime | None] = [rows.aggregate(earliest=Min("not_before"))["earliest"], gate.reopens_at]
    earliest: datetime | None = min((moment for moment in moments if moment is not None), default=None)
    if earliest is None:
        return None
    return max(earliest, held_until) if held_until is not None else earliest


class _Pace:
    """At most ``rate`` sends per second: a server that has just come back is not run over."""

    def __init__(self, rate: float) -> None:
        self._interval = 1.0 / rate
        self._next = 0.0

    def wait(self) -> None:
        now = time.monotonic()
        if self._next > now:
            time.sleep(self._next - now)
        self._next = max(now, self._next) + self._interval
