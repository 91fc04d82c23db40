"""What a server announces in ``Playlyfe-Features`` (``reliability.md`` §3.7, ``http-api.md`` §12)."""

from __future__ import annotations

import contextlib

from django_playlyfe.client.clock import SYSTEM_CLOCK, Clock
from django_playlyfe.client.per_process import PerProcess
from django_playlyfe.client.sharing import CacheDown, Sharing

REMEMBERED_FOR = 24 * 3600
_REFRESH_AFTER = 3600.0


class _Known:
    def __init__(self) -> None:
        self.names: frozenset[str] | None = None
        self.noted_at = float("-inf")


class Features:
    """The announced features of one host, remembered in the process, and in the cache for a day."""

    def __init__(self, host: str, sharing: Sharing, clock: Clock = SYSTEM_CLOCK) -> None:
        self._key = f"playlyfe:features:1:{host}"
        self._sharing = sharing
        self._clock = clock
        self._known = PerProcess(_Known)

    def note(self, header: str | None, *, succeeded: bool) -> None:
        """Take notice of an answer.

        A success without the header comes from a server that announces nothing any more; an error without it may come
        from a proxy in between and says nothing.
        """
        if header is None and not succeeded:
            return
        names = frozenset(name.strip().lower() for name in (header or "").split(",") if name.strip())
        known, now = self._known(), self._clock.monotonic()
        if names == known.names and now - known.noted_at < _REFRESH_AFTER:
            return
        known.names, known.noted_at = names, now
        if self._sharing.is_usable() and self._sharing.is_writable():
            with contextlib.suppress(CacheDown):
                self._sharing.set(self._key, ",".join(sorted(names)), REMEMBERED_FOR)

    def names(self) -> frozenset[str]:
        """What is known now; empty before the first answer that any process got."""
        known = self._known()
        if known.names is None and self._sharing.is_usable():
            with contextlib.suppress(CacheDown):
                stored = self._sharing.read([self._key]).get(self._key)
                if isinstance(stored, str):
                    known.names = frozenset(filter(None, stored.split(",")))
        return known.names or frozenset()
