"""Who may fetch: a lease whose key names the token being replaced (``reliability.md`` §1.1, §1.3 steps 5-7).

Because of that name, a caller who looked before a renewal and acts after it finds its lease taken or finds the new
token, and makes no request. A lease that led to a new token is left to expire: it names a token that is no longer
current.
"""

from __future__ import annotations

import contextlib
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol

from django_playlyfe.client import file_lock
from django_playlyfe.client.clock import Clock
from django_playlyfe.client.sharing import CacheDown, Sharing

LEASE_SECONDS = 15
# After this long it may have run out and belong to somebody else, so it is not taken away any more.
_SURELY_OURS = 10.0


class Lease(ABC):
    """The right to fetch one token: given up at the end of the ``with`` block, unless it was kept."""

    def __init__(self) -> None:
        self._is_kept = False

    def keep(self) -> None:
        """The token was renewed: what this lease names is no longer current."""
        self._is_kept = True

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, *_: object) -> None:
        self._end(is_kept=self._is_kept)

    @abstractmethod
    def _end(self, *, is_kept: bool) -> None: ...


class Leases(Protocol):
    """Hands out leases for one token key ``K``.

    Attributes:
        are_in_cache: reading :meth:`key` from the cache shows whether somebody holds the lease.
    """

    are_in_cache: bool

    def key(self, previous: str) -> str:
        """The cache key of the lease to replace the token with this fingerprint."""
        ...

    def take(self, previous: str) -> Lease | None:
        """That lease, None if another process holds it. Raises CacheDown."""
        ...

    def is_free(self, previous: str, entries: Mapping[str, Any]) -> bool:
        """Whether it can be taken, as far as ``entries``, just read from the cache, tell."""
        ...


class CacheLease(Lease):
    """A lease kept in the cache."""

    def __init__(self, key: str, sharing: Sharing, clock: Clock) -> None:
        super().__init__()
        self._key = key
        self._sharing = sharing
        self._clock = clock
        self._taken_at = clock.monotonic()

    def _end(self, *, is_kept: bool) -> None:
        if not is_kept and self._clock.monotonic() - self._taken_at < _SURELY_OURS:
            with contextlib.suppress(CacheDown):
                self._sharing.delete(self._key)


class CacheLeases:
    """By ``add()``, of which a cache lets one caller win."""

    are_in_cache = True

    def __init__(self, token_key: str, sharing: Sharing, clock: Clock) -> None:
        self._token_key = token_key
        self._sharing = sharing
        self._clock = clock

    def key(self, previous: str) -> str:
        return f"{self._token_key}:lease:{previous}"

    def take(self, previous: str) -> Lease | None:
        key = self.key(previous)
        lease = CacheLease(key, self._sharing, self._clock)  # before add(): it never seems younger than it is
        if not self._sharing.add(key, uuid.uuid4().hex, LEASE_SECONDS):
            return None
        self._sharing.note_stored()
        return lease

    def is_free(self, previous: str, entries: Mapping[str, Any]) -> bool:
        return self.key(previous) not in entries


class FileLease(Lease):
    """A lease kept as a lock on a file."""

    def __init__(self, lock: file_lock.FileLock) -> None:
        super().__init__()
        self._lock = lock

    def _end(self, *, is_kept: bool) -> None:
        self._lock.release()


class FileLeases:
    """By ``flock``: one lock for all previous tokens, because it is free again as soon as the new one is stored."""

    are_in_cache = False

    def __init__(self, token_key: str, fallback: CacheLeases) -> None:
        self._token_key = token_key
        self._fallback = fallback

    def key(self, previous: str) -> str:
        return self._fallback.key(previous)

    def take(self, previous: str) -> Lease | None:
        try:
            lock = file_lock.take(self._token_key)
        except OSError:  # the file belongs to another user, or there is no directory for temporary files
            return self._fallback.take(previous)
        return FileLease(lock) if lock is not None else None

    def is_free(self, previous: str, entries: Mapping[str, Any]) -> bool:
        """Always: only trying tells."""
        return True


def leases_for(token_key: str, sharing: Sharing, clock: Clock) -> Leases:
    """The kind of lease that this cache needs."""
    by_cache = CacheLeases(token_key, sharing, clock)
    if sharing.kind == "file" and file_lock.is_available:
        return FileLeases(token_key, by_cache)
    return by_cache
