"""The cache as what processes know together: what this cache can do, and when to do without it
(``reliability.md`` §1.3 "per-process mode", §1.7).

The client never depends on a cache. When it raises, or does not store, each process is on its own for 30 seconds; then
the cache is tried again.
"""

from __future__ import annotations

import contextlib
import pickle
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from django.utils.connection import ConnectionProxy

from django_playlyfe.client.clock import SYSTEM_CLOCK, Clock
from django_playlyfe.client.per_process import PerProcess
from django_playlyfe.client.redaction import logger

ALONE_FOR = 30.0
_LOG_EVERY = 60.0
_MISSES_ALLOWED = 3

CacheKind = Literal["process", "shared", "file", "database"]

# By name, because importing some of these modules needs packages or settings that this process may not have.
_KINDS: dict[str, CacheKind] = {
    "django.core.cache.backends.locmem.LocMemCache": "process",
    "django.core.cache.backends.dummy.DummyCache": "process",
    "django.core.cache.backends.filebased.FileBasedCache": "file",
    "django.core.cache.backends.db.DatabaseCache": "database",
}
# What reading a damaged or foreign entry raises: a miss, not an outage.
_DAMAGED = (
    pickle.UnpicklingError,
    zlib.error,
    EOFError,
    AttributeError,
    ImportError,
    IndexError,
    ValueError,
    TypeError,
)


class CacheDown(Exception):
    """The cache cannot be used now. Never leaves the client."""


def kind_of(cache: Any) -> CacheKind:
    """What a cache can do: one of Django's backends, a subclass of one, or ``django.core.cache.cache``."""
    if isinstance(cache, ConnectionProxy):
        cache = cache._connections[cache._alias]
    for base in type(cache).__mro__:
        if (name := f"{base.__module__}.{base.__qualname__}") in _KINDS:
            return _KINDS[name]
    return "shared"


class _State:
    """Of this process: since when it is alone, and how often the cache lost what it was given."""

    def __init__(self) -> None:
        self.alone_until = float("-inf")
        self.was_down = False
        self.logged_at = float("-inf")
        self.misses = 0


class Sharing:
    """A cache that may fail, lie, or not be there.

    Args:
        cache: returns the cache of the calling thread, ``lambda: caches["default"]``; None = each process for itself.
    """

    def __init__(self, cache: Callable[[], Any] | None, clock: Clock = SYSTEM_CLOCK) -> None:
        self._cache = cache
        self._clock = clock
        self._state = PerProcess(_State)

    @property
    def kind(self) -> CacheKind:
        """``process``, ``shared`` (Redis, Memcached and the like), ``file`` or ``database``."""
        if self._cache is None:
            return "process"
        try:
            return kind_of(self._cache())
        except Exception:  # an alias that is missing, a driver that is not installed: system checks name it
            return "process"

    def is_usable(self) -> bool:
        """Whether this process shares anything with others now."""
        return self._clock.monotonic() >= self._state().alone_until and self.kind != "process"

    def is_reachable(self) -> bool:
        """Whether the cache has not failed this process of late, be it a cache of this process alone."""
        return self._cache is not None and self._clock.monotonic() >= self._state().alone_until

    def is_writable(self) -> bool:
        """False inside a transaction of the database that holds the cache.

        An uncommitted ``add()`` makes every other worker's ``add()`` wait for our commit, and a snapshot isolation
        level would never show us what they wrote meanwhile.
        """
        return self._database_in_transaction() is None

    def read(self, keys: Iterable[str]) -> dict[str, Any]:
        """The entries that are there. One that cannot be read is a miss.

        Raises:
            CacheDown: and from now on :meth:`is_usable` is False for 30 seconds.
        """
        wanted = list(keys)
        with self._guarded() as cache, self._savepoint():
            try:
                found = cache.get_many(wanted) or {}
            except _DAMAGED:
                found = {key: value for key in wanted if (value := _read_one(cache, key)) is not None}
            return dict(found)

    def add(self, key: str, value: Any, timeout: int) -> bool:
        """Store ``value`` unless there is one: True for the one caller that did. Timeouts are whole seconds, ≥ 2."""
        with self._guarded() as cache:
            return cache.add(key, value, timeout=timeout) is True

    def set(self, key: str, value: Any, timeout: int) -> None:
        """Store ``value``."""
        with self._guarded() as cache:
            cache.set(key, value, timeout=timeout)

    def delete(self, key: str) -> None:
        """Remove an entry: a lease of ours, a remembered failure. Never a token."""
        with self._guarded() as cache:
            cache.delete(key)

    def count(self, key: str, timeout: int) -> None:
        """Add one to a number by which nothing is decided: but for Redis and Memcached, additions may be lost."""
        exact = self.kind == "shared"
        with self._guarded() as cache:
            if not exact:  # incr() of these is a read and a write too, and forgets the timeout
                known = cache.get(key)
                cache.set(key, known + 1 if isinstance(known, int) else 1, timeout=timeout)
            elif cache.add(key, 1, timeout=timeout) is not True:
                with contextlib.suppress(ValueError):  # evicted in between
                    cache.incr(key)

    def note_stored(self) -> None:
        """The cache has kept what it was given."""
        self._state().misses = 0

    def note_missing(self) -> None:
        """Something that must be in the cache was not. The third time running the cache counts as down."""
        state = self._state()
        state.misses += 1
        if state.misses >= _MISSES_ALLOWED:
            state.misses = 0
            self._leave("does not store")
            raise CacheDown

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[Any]:
        if self._cache is None:
            raise CacheDown
        try:
            yield self._cache()
        except Exception as error:  # every backend raises its own, and none may reach the caller
            self._leave(type(error).__name__)
            raise CacheDown from None
        self._return()

    def _leave(self, why: str) -> None:
        state, now = self._state(), self._clock.monotonic()
        state.alone_until = now + ALONE_FOR
        state.was_down = True
        if now - state.logged_at >= _LOG_EVERY:
            state.logged_at = now
            logger.warning("cache.down why=%s alone_for=%ds", why, ALONE_FOR, extra={"event": "cache.down"})

    def _return(self) -> None:
        state = self._state()
        if state.was_down:
            state.was_down = False
            logger.info("cache.up", extra={"event": "cache.up"})

    @contextlib.contextmanager
    def _savepoint(self) -> Iterator[None]:
        """A failing read, of a table that is missing, say, must not spoil the site's transaction."""
        database = self._database_in_transaction()
        if database is None:
            yield
            return
        from django.db import transaction

        with transaction.atomic(using=database):
            yield

    def _database_in_transaction(self) -> str | None:
        if self._cache is None or self.kind != "database":
            return None
        from django.db import connections, router

        database = router.db_for_write(self._cache().cache_model_class)
        return database if connections[database].in_atomic_block else None


def _read_one(cache: Any, key: str) -> Any:
    try:
        return cache.get(key)
    except _DAMAGED:
        return None
