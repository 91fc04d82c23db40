"""The thread that delivers soon after a commit: mode "thread" (``reliability.md`` §3.9).

One per process, started by the first kick, anew after a fork. A kick says nothing but "look at the table": one that is
lost in a crash, or dropped because too many wait, costs a delay and never a row.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import queue
import threading
import time
from functools import partial

from django.core.cache import caches
from django.db import connections, transaction

from django_playlyfe import instants
from django_playlyfe.backends import GameBackend, games
from django_playlyfe.client.per_process import PerProcess
from django_playlyfe.delivery import threads
from django_playlyfe.delivery.drain import drain
from django_playlyfe.exceptions import ConfigurationError

logger = logging.getLogger("django_playlyfe.delivery")

MOST_WAKE_UPS = 100
ROWS_PER_WAKE_UP = 10
COMES_BACK_WITHIN = 60.0
"""Seconds; a row that is due later waits for the next kick, or for ``playlyfe_deliver``."""
_AFTER_AN_ERROR = 30.0
_AFTER_NOTHING = 1.0
"""Where others have taken what was due, looking again at once would only keep them from their work."""
_LAST_ROW_WITHIN = 15.0


def kick_after_commit(backend: GameBackend, using: str) -> None:
    """Have the table looked at when the transaction on the database ``using`` has committed."""
    transaction.on_commit(partial(kick, backend.alias), using=using, robust=True)


def kick(game: str) -> None:
    """Have the table looked at by this process's thread, if the game is delivered by one."""
    backend = games[game]
    if not backend.transactional and backend.delivery.mode == "thread" and threads.may_start():
        _sender().wake(game)


class Sender:
    """The thread and what it is to look at."""

    def __init__(self) -> None:
        self._wake_ups: queue.Queue[str] = queue.Queue(MOST_WAKE_UPS)
        self._due: dict[str, float] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_over = threading.Event()

    def wake(self, game: str) -> None:
        """Look at a game's rows now."""
        with contextlib.suppress(queue.Full):
            self._wake_ups.put_nowait(game)
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="playlyfe-delivery", daemon=True)
                self._thread.start()

    def stop(self, within: float = _LAST_ROW_WITHIN) -> None:
        """Claim nothing more; wait for the row in hand."""
        self._is_over.set()
        with contextlib.suppress(queue.Full):
            self._wake_ups.put_nowait("")
        if self._thread is not None:
            self._thread.join(within)

    def _run(self) -> None:
        while not self._is_over.is_set():
            game = self._next()
            if game and not self._is_over.is_set():
                self._deliver(game)

    def _next(self) -> str:
        """The game to look at: one that was kicked, or whose next row is due; empty at the end."""
        while True:
            first = min(self._due, key=self._due.__getitem__, default=None)
            timeout = None if first is None else self._due[first] - time.monotonic()
            if first is not None and timeout is not None and timeout <= 0 and self._wake_ups.empty():
                del self._due[first]
                return first
            try:
                game = self._wake_ups.get(timeout=None if timeout is None else max(timeout, 0.0))
            except queue.Empty:
                continue
            self._due.pop(game, None)
            return game

    def _deliver(self, game: str) -> None:
        try:
            done = drain(game, most=ROWS_PER_WAKE_UP, is_over=self._is_over.is_set)
        except ConfigurationError as error:
            logger.error("Nothing can be delivered to the game %r: %s", game, error)
        except Exception as error:  # a database that is down, say: the thread has to outlive it
            logger.warning("The deliveries to %r could not be looked at (%s)", game, type(error).__name__)
            self._due[game] = time.monotonic() + _AFTER_AN_ERROR
        else:
            if done.resume_at is not None:
                wait = (done.resume_at - instants.now()).total_seconds()
                if wait <= COMES_BACK_WITHIN:
                    least = 0.0 if done.attempts else _AFTER_NOTHING
                    self._due[game] = time.monotonic() + max(wait, least)
        finally:
            connections.close_all()
            caches.close_all()  # as after a request: Memcached has a socket for each thread


_sender = PerProcess(Sender)


@atexit.register
def _stop() -> None:
    _sender().stop()
