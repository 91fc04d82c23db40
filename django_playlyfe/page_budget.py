"""How long one page may wait for a remote game, all its reads together (``reliability.md`` §2.2).

Tied to the request like ``cache``: in a context variable, opened by ``request_started``. Outside a request there is no
budget, only the limits of each call.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from django_playlyfe.client.per_process import PerProcess
from django_playlyfe.client.watchdog import threads_can_run
from django_playlyfe.exceptions import Suppressed

THREADS = 4
WAITING = 8
T = TypeVar("T")


class PageBudget:
    """The seconds that a page has waited so far."""

    def __init__(self) -> None:
        self._spent = 0.0

    def left(self, seconds: float) -> float:
        """What is left of an allowance of ``seconds``; zero or less if nothing is."""
        return seconds - self._spent

    @contextmanager
    def spending(self) -> Iterator[None]:
        """The time inside is waited for."""
        started = time.monotonic()
        try:
            yield
        finally:
            self._spent += time.monotonic() - started


class _Bulkhead:
    """A few threads that read for pages, so that waiting for them, not the network's own timeouts, is the bound.

    A slow resolver, a server that drips and a token endpoint that hangs all take as long as they like, in here.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="playlyfe-read")
        self._places = threading.BoundedSemaphore(THREADS + WAITING)

    def call(self, ask: Callable[[], T], seconds: float) -> T:
        """The answer, if it comes in time. A call that does not ends in its thread, under its own limits."""
        if not self._places.acquire(blocking=False):
            raise Suppressed("Too many pages wait for the game already", reason="pool_full")
        answer = self._threads.submit(_ask_and_tidy, ask)
        answer.add_done_callback(lambda _: self._places.release())
        try:
            return answer.result(timeout=seconds)
        except StillRunning:
            answer.cancel()
            raise Suppressed("The game did not answer within the page's budget", reason="budget") from None


def _ask_and_tidy(ask: Callable[[], T]) -> T:
    try:
        return ask()
    finally:
        close_old_connections()  # a cache in the database has opened one


_bulkhead = PerProcess(_Bulkhead)


def call_within(seconds: float, ask: Callable[[], T]) -> T:
    """Make a call for a page and wait for it so long, no longer. Raises Suppressed (budget, pool_full).

    Where threads cannot run (uWSGI without ``--enable-threads``) the call's own limits are the bound.
    """
    return _bulkhead().call(ask, seconds) if threads_can_run() else ask()


_current: ContextVar[PageBudget | None] = ContextVar("django_playlyfe_page_budget", default=None)


def current() -> PageBudget | None:
    """The budget of the page that is being built, None outside a request."""
    return _current.get()


def _open(**_kwargs: Any) -> None:
    _current.set(PageBudget())


def _drop(**_kwargs: Any) -> None:
    _current.set(None)


def connect() -> None:
    """Follow requests. Called once, by the app."""
    request_started.connect(_open, dispatch_uid="django_playlyfe.page_budget.open")
    request_finished.connect(_drop, dispatch_uid="django_playlyfe.page_budget.drop")
