"""``wait=True``: a row is sent while its caller waits, for so long and no longer (``reliability.md`` §3.1).

The caller is released after the budget; the exchange goes on in its thread and is settled there. Where no thread may
run, the exchange itself is cut at the budget.
"""

from __future__ import annotations

import contextlib
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from datetime import timedelta

from django.core.cache import caches
from django.db import DatabaseError
from django.db.models import Q

from django_playlyfe import instants, memo
from django_playlyfe.backends import GameBackend, games
from django_playlyfe.client.per_process import PerProcess
from django_playlyfe.delivery import claim, pauses, threads
from django_playlyfe.delivery.database import database, drop_old_connections
from django_playlyfe.delivery.pauses import Gate
from django_playlyfe.delivery.sending import attempt
from django_playlyfe.delivery.wake import kick
from django_playlyfe.exceptions import ConfigurationError
from django_playlyfe.models import Delivery

logger = logging.getLogger("django_playlyfe.delivery")

State = Delivery.State

THREADS = 4
_LOOK_AGAIN = 0.02


def deliver_now(game: str, pk: int) -> Delivery | None:
    """Send a row that is committed, after what its player is owed before it, within ``SEND_BUDGET``.

    Returns:
        The row as it is then, settled or still owed; None if it is gone.
    """
    backend = games[game]
    seconds = backend.delivery.send_budget
    try:
        if threads.may_start():
            _deliver_in_thread(game, pk, seconds)
        else:
            _deliver_here(backend, pk, seconds)
    except (ConfigurationError, DatabaseError) as error:
        logger.warning("A delivery has to wait: %s", type(error).__name__)
    memo.forget(game, database())
    row = Delivery.objects.using(database()).filter(pk=pk).first()
    if row is not None and row.state in (State.PENDING, State.SENDING):
        kick(game)
    return row


def _deliver_in_thread(game: str, pk: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    future = _pool().submit(_run, game, pk, deadline)
    with contextlib.suppress(StillRunning):
        future.result(timeout=seconds)


def _run(game: str, pk: int, deadline: float) -> None:
    """In a thread of the pool: claims nothing after the deadline, and finishes what it has begun."""
    drop_old_connections()
    try:
        _deliver_up_to(games[game], pk, deadline)
    finally:
        drop_old_connections()
        caches.close_all()  # as after a request: Memcached has a socket for each thread


def _deliver_here(backend: GameBackend, pk: int, seconds: float) -> None:
    with backend.bounded(seconds):
        _deliver_up_to(backend, pk, time.monotonic() + seconds)


def _deliver_up_to(backend: GameBackend, pk: int, deadline: float) -> None:
    """Send the player's rows in their order, up to this one."""
    player_id = Delivery.objects.using(database()).values_list("subject", flat=True).filter(pk=pk).first()
    while player_id is not None and time.monotonic() < deadline:
        gate = pauses.look(backend)
        if gate.closed_until is not None:
            return
        row = claim.take(backend, player_id=player_id, up_to=pk, without=gate.without)
        if row is not None:
            if attempt(backend, row, gate).ends_run or row.pk == pk:
                return
        elif _is_on_its_way(backend, player_id, pk, gate):
            time.sleep(_LOOK_AGAIN)
        else:
            return


def _is_on_its_way(backend: GameBackend, player_id: str, pk: int, gate: Gate) -> bool:
    """Whether the row may be settled within the budget: another drainer, such as this process's thread, has just taken
    it or one before it, or it is due. One question: between two of them a row goes from one state to the other."""
    rows = Delivery.objects.using(database()).filter(game=backend.alias, subject=player_id, pk__lte=pk)
    now = instants.now()
    taken = Q(state=State.SENDING, sent_at__gte=now - timedelta(seconds=backend.delivery.send_budget))
    due = Q(state=State.PENDING, not_before__lte=now) & ~Q(kind__in=gate.without)
    has_no_player = rows.filter(kind=Delivery.Kind.CREATE, state=State.DEAD).exists()
    return not has_no_player and rows.filter(taken | due).exists()


_pool = PerProcess(lambda: ThreadPoolExecutor(THREADS, thread_name_prefix="playlyfe-send"))
