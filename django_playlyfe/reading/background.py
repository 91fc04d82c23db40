"""What no page waits for: a thread of this process that reads one thing after the other (``reliability.md`` §4 "Bulk").

A page about fifty players reads two of them at once and leaves the others to this thread.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable

from django.core.cache import caches
from django.db import connections

from django_playlyfe.client.per_process import PerProcess
from django_playlyfe.delivery.threads import may_start
from django_playlyfe.exceptions import ConfigurationError, PlaylyfeError

logger = logging.getLogger("django_playlyfe")

MOST = 1000
"""Jobs that wait; more are dropped, the next page asks for them again."""


class Reader:
    """The thread and what it is to read, each thing once."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, Callable[[], object]] = OrderedDict()
        self._lock = threading.Lock()
        self._is_running = False

    def add(self, name: str, job: Callable[[], object]) -> None:
        """Have something read. ``name``: two jobs of one name are one."""
        with self._lock:
            if len(self._jobs) < MOST:
                self._jobs.setdefault(name, job)
            if not may_start() or self._is_running:
                return
            self._is_running = True
        threading.Thread(target=self._run, name="playlyfe-reads", daemon=True).start()

    def work_off(self) -> int:
        """Read what waits, in the calling thread. Returns how many things that were."""
        count = 0
        while (job := self._next()) is not None:
            count += 1
            try:
                job()
            except (PlaylyfeError, ConfigurationError) as error:
                logger.info("A read in the background failed: %s", error)
            except Exception as error:  # the thread reads for all pages
                logger.warning("A read in the background failed (%s)", type(error).__name__)
        return count

    def _next(self) -> Callable[[], object] | None:
        with self._lock:
            if not self._jobs:
                self._is_running = False
                return None
            return self._jobs.popitem(last=False)[1]

    def _run(self) -> None:
        try:
            self.work_off()
        finally:
            connections.close_all()
            caches.close_all()  # as after a request: Memcached has a socket for each thread


reader = PerProcess(Reader)
"""``reader()`` is that of this process."""
