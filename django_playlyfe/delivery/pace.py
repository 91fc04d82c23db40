"""How fast a drainer may go (``DELIVERY_RATE``, ``reliability.md`` §3.9)."""

from __future__ import annotations

import threading

from django.db import connections

from django_playlyfe.client.clock import SYSTEM_CLOCK, Clock
from django_playlyfe.client.per_process import PerProcess
from django_playlyfe.delivery.database import database

_WRITES_PER_ROW = 3
_SECONDS_PER_WRITE = 0.05


class Pace:
    """At most ``rate`` sends per second: a server that has just come back is not run over.

    On SQLite also at most one write per 50 ms: it has one writer, and a hot drainer would make the site's own
    transactions fail with "database is locked".
    """

    def __init__(self, rate: float, clock: Clock = SYSTEM_CLOCK) -> None:
        self._interval = max(1.0 / rate, _WRITES_PER_ROW * _SECONDS_PER_WRITE if _shares_one_writer() else 0.0)
        self._clock = clock
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Until the next row may be sent."""
        with self._lock:
            now = self._clock.monotonic()
            mine = max(now, self._next)
            self._next = mine + self._interval
        if mine > now:
            self._clock.sleep(mine - now)


_paces: PerProcess[dict[tuple[str, float, Clock], Pace]] = PerProcess(dict)


def pace_of(game: str, rate: float, clock: Clock) -> Pace:
    """The one pace of this process: the rate holds across the runs of a drainer, and for all its threads together."""
    paces = _paces()
    return paces.setdefault((game, rate, clock), Pace(rate, clock))


def _shares_one_writer() -> bool:
    """Whether the site writes into the same SQLite file; a database in memory is this process's alone."""
    connection = connections[database()]
    return connection.vendor == "sqlite" and not connection.is_in_memory_db()  # type: ignore[attr-defined]  # SQLite's
