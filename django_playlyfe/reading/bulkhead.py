"""The few threads that read for pages: waiting for them, not the network, is what bounds a page (``reliability.md``
§2.2)."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from contextlib import nullcontext
from contextvars import copy_context
from functools import partial
from typing import TypeVar

from django.core.cache import caches
from django.db import close_old_connections

from django_playlyfe.client.per_process import PerProcess
from django_playlyfe.client.watchdog import threads_can_run
from django_playlyfe.exceptions import PlaylyfeError, Suppressed
from django_playlyfe.reading import page_budget

logger = logging.getLogger("django_playlyfe")

THREADS = 4
WAITING = 8
T = TypeVar("T")


class _Bulkhead:
    """A few threads that read for pages, so that waiting for them, not the network's own timeouts, is the bound.

    A slow resolver, a server that drips and a token endpoint that hangs all take as long as they like, in here.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="playlyfe-read")
        self._places = threading.BoundedSemaphore(THREADS + WAITING)
        self._lock = threading.Lock()
        self._calls = 0

    def start(self, ask: Callable[[], T], then: Callable[[T], object] | None) -> Future[T]:
        """Have a thread make a call. ``then`` is done with its answer, after whoever waits has got it.

        Raises:
            Suppressed: all threads are busy, and enough calls wait (pool_full).
        """
        if not self._places.acquire(blocking=False):
            raise Suppressed("Too many pages wait for the game already", reason="pool_full")
        with self._lock:
            self._calls += 1
        return self._submit(ask, then)

    def start_if_idle(self, ask: Callable[[], T]) -> Future[T] | None:
        """Have a thread make a call now that another thread of this pool will need; None if all have something to do.

        It is never queued: calls that wait for others of the same queue could wait for ever.
        """
        with self._lock:
            if self._calls >= THREADS or not self._places.acquire(blocking=False):
                return None
            self._calls += 1
        return self._submit(ask, None)

    def _submit(self, ask: Callable[[], T], then: Callable[[T], object] | None) -> Future[T]:
        answer: Future[T] = Future()
        self._threads.submit(self._work, answer, ask, then)
        return answer

    def _work(self, answer: Future[T], ask: Callable[[], T], then: Callable[[T], object] | None) -> None:
        try:
            if not answer.set_running_or_notify_cancel():
                return
            try:
                told = ask()
            except BaseException as error:
                answer.set_exception(error)
            else:
                answer.set_result(told)
                if then is not None:
                    then(told)
        except Exception as error:
            logger.warning("What follows a read has failed (%s)", type(error).__name__)
        finally:
            close_old_connections()  # a cache in the database has opened one, Memcached a socket
            caches.close_all()
            with self._lock:
                self._calls -= 1
            self._places.release()


def _wait(answer: Future[T], deadline: float) -> T:
    """The answer, if it comes in time. A call that does not ends in its thread, under its own limits."""
    try:
        return answer.result(timeout=max(deadline - time.monotonic(), 0.0))
    except StillRunning:
        answer.cancel()
        raise Suppressed("The game did not answer within the page's budget", reason="budget") from None


_bulkhead = PerProcess(_Bulkhead)


def call_within(seconds: float, ask: Callable[[], T], *, then: Callable[[T], object] | None = None) -> T:
    """Make a call for a page and wait for it so long, no longer. Raises Suppressed (budget, pool_full).

    Where threads cannot run (uWSGI without ``--enable-threads``) the call's own limits are the bound.

    Args:
        then: done with the answer, in the thread, after the page has got it.
    """
    if threads_can_run():
        return _wait(_bulkhead().start(ask, then), time.monotonic() + seconds)
    told = ask()
    if then is not None:
        then(told)
    return told


def call_all_within(
    seconds: float, calls: Sequence[Callable[[], T]], then: Sequence[Callable[[T], object]]
) -> list[T | PlaylyfeError]:
    """Make several calls for a page side by side, and wait for all together so long. Answers, or what went wrong."""
    deadline = time.monotonic() + seconds
    if not threads_can_run():
        return [caught(partial(call_within, 0.0, ask, then=after)) for ask, after in zip(calls, then, strict=True)]
    started = [caught(partial(_bulkhead().start, ask, after)) for ask, after in zip(calls, then, strict=True)]
    budget = page_budget.current()
    with budget.spending() if budget is not None else nullcontext():
        return [one if isinstance(one, PlaylyfeError) else caught(partial(_wait, one, deadline)) for one in started]


def alongside(ask: Callable[[], T]) -> Callable[[], T]:
    """For a thread that reads for a page: have an idle one make a call that will be needed too.

    Returns:
        Gives the answer, or raises. If no thread was idle the call is made there, and not at all if nobody wants it.
    """
    answer = _bulkhead().start_if_idle(partial(copy_context().run, ask)) if threads_can_run() else None
    return answer.result if answer is not None else ask


def call_behind(ask: Callable[[], object]) -> bool:
    """Have a call made that nobody waits for. Returns whether there was room for it."""
    return not isinstance(caught(lambda: _bulkhead().start(ask, None)), PlaylyfeError)


def caught(call: Callable[[], T]) -> T | PlaylyfeError:
    """What a call gives, or what went wrong."""
    try:
        return call()
    except PlaylyfeError as error:
        return error
