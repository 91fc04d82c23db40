"""How many tokens all processes asked for, and how often the API refused one: for ``playlyfe_status``
(``reliability.md`` §3.10).

Nothing is decided by these numbers. Redis and Memcached add exactly; on files and in a database two additions at the
same moment may count once.
"""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta, timezone
from typing import Literal

from django_playlyfe.client.clock import Clock
from django_playlyfe.client.sharing import CacheDown
from django_playlyfe.client.tokens.store import TokenStore

Event = Literal["requests", "refused"]
EVENTS: tuple[Event, ...] = ("requests", "refused")

# A number is added to on one day only, so none is near its end then: one that ended between the two steps of a cache's
# incr() would be born again without an end.
_KEPT_FOR = 3 * 86400


class Counts:
    """The numbers of one client, day by day (UTC), in the cache that processes share."""

    def __init__(self, store: TokenStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def note(self, event: Event) -> None:
        """It has happened once more. Without a cache that is shared nothing is noted."""
        sharing = self._store.sharing
        if sharing.is_usable() and sharing.is_writable():
            with contextlib.suppress(CacheDown):
                sharing.count(self._key(event, days_ago=0), _KEPT_FOR)

    def read(self) -> dict[str, dict[str, int]] | None:
        """``{"today": {"requests": …, "refused": …}, "yesterday": …}``; None if nothing is shared now."""
        if not self._store.sharing.is_usable():
            return None
        days = {"today": 0, "yesterday": 1}
        keys = {(day, event): self._key(event, days_ago=ago) for day, ago in days.items() for event in EVENTS}
        try:
            found = self._store.sharing.read(keys.values())
        except CacheDown:
            return None
        return {day: {event: _number(found.get(keys[day, event])) for event in EVENTS} for day in days}

    def _key(self, event: Event, *, days_ago: int) -> str:
        day = datetime.fromtimestamp(self._clock.now(), timezone.utc).date() - timedelta(days=days_ago)
        return f"{self._store.key}:{event}:{day:%Y%m%d}"


def _number(stored: object) -> int:
    return stored if isinstance(stored, int) else 0
