"""How long one page may wait for a remote game, all its reads together (``reliability.md`` §2.2).

Tied to the request like ``memo``: in a context variable, opened by ``request_started``. Outside a request there is no
budget, only the limits of each call.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.core.signals import request_finished, request_started


class PageBudget:
    """The seconds that a page has waited so far."""

    def __init__(self) -> None:
        self._spent = 0.0
        self._bulk_reads = 0

    def take_bulk_reads(self, wanted: int, most: int) -> int:
        """How many of the calls that a page about many players would like to make it may make.

        Args:
            wanted: calls.
            most: of one page, together.
        """
        taken = max(min(wanted, most - self._bulk_reads), 0)
        self._bulk_reads += taken
        return taken

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
    request_started.connect(_open, dispatch_uid="django_playlyfe.reading.page_budget.open")
    request_finished.connect(_drop, dispatch_uid="django_playlyfe.reading.page_budget.drop")
