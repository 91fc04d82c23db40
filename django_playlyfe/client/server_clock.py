"""How far the server's clock is from ours: for ``playlyfe_status`` (``reliability.md`` §3.10)."""

from __future__ import annotations

from django_playlyfe.client.clock import SYSTEM_CLOCK, Clock
from django_playlyfe.client.per_process import PerProcess
from django_playlyfe.client.waits import http_date


class _Known:
    offset: float | None = None


class ServerClock:
    """Of one host, by the ``Date`` of its latest answer to this process."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._known = PerProcess(_Known)

    def note(self, date: str | None, *, took: float) -> None:
        """Take notice of an answer that has just come, so many seconds after it was asked for."""
        if (moment := http_date(date)) is None:
            return
        # The header has whole seconds, cut off; it was written between the question and now.
        self._known().offset = moment.timestamp() + 0.5 - (self._clock.now() - took / 2)

    def offset(self) -> int | None:
        """Seconds by which the server is ahead of us, right to about one; None before an answer with a date."""
        offset = self._known().offset
        return round(offset) if offset is not None else None
