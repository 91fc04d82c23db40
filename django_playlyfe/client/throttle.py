"""One record per host that says: leave it alone until then (``reliability.md`` §2.5).

Set by a 429, by a 503, by five failures in a row, by an exhausted quota, and by whoever calls :meth:`Throttle.trip`.
When its time is over, one caller of all processes is elected to send a probe; two successes clear the record.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from django_playlyfe.client import file_lock
from django_playlyfe.client.clock import SYSTEM_CHANCE, SYSTEM_CLOCK, Chance, Clock
from django_playlyfe.client.errors import suppressed
from django_playlyfe.client.outcomes import Strain
from django_playlyfe.client.per_process import PerProcess
from django_playlyfe.client.redaction import logger
from django_playlyfe.client.sharing import CacheDown, Sharing
from django_playlyfe.client.waits import THROTTLE_CAP, asked, doubling, spread

FIRST_WAIT = 30.0
LONGEST_WAIT = 300.0
QUOTA_WAIT = 3600.0
FAILURES_ALLOWED = 5
SUCCESSES_NEEDED = 2
_READ_EVERY = 1.0
# A probe that takes longer died with its process; then another may be elected.
_PROBE_TIMEOUT = 60
# How long a cleared record remembers how often the host was in trouble.
_MEMORY = 600


@dataclass(frozen=True)
class Record:
    """What is known of a host in trouble.

    Attributes:
        until: wall clock; before it nothing is sent.
        why: the strain that set it; empty once it is cleared.
        n: how many times in a row it was set.
        successes: of probes, since it was set.
    """

    until: float
    why: str
    n: int
    successes: int = 0

    @property
    def is_active(self) -> bool:
        """False for a record that is kept only for its ``n``."""
        return bool(self.why)


@dataclass(frozen=True)
class Admission:
    """Permission for one call. ``probing``: the record that this caller was elected to test, None if there is none."""

    probing: Record | None = None


class _Local:
    """This process's copy of the record, and its own count of failures."""

    def __init__(self) -> None:
        self.record: Record | None = None
        self.read_at = float("-inf")
        self.failures = 0
        self.probed_until = float("-inf")
        self.probed_at = float("-inf")
        self.election = threading.Lock()


class Throttle:
    """The gate in front of one API host. Threads may share it."""

    def __init__(
        self, host: str, sharing: Sharing, clock: Clock = SYSTEM_CLOCK, chance: Chance = SYSTEM_CHANCE
    ) -> None:
        self._key = f"playlyfe:thr:1:{host}"
        self._sharing = sharing
        self._clock = clock
        self._chance = chance
        self._local = PerProcess(_Local)

    def admit(self, *, may_probe: bool) -> Admission:
        """Let a call through.

        Args:
            may_probe: the caller may be elected to test whether the host is back; never one that serves a page.

        Raises:
            Suppressed: the host is being left alone.
        """
        record = self.record()
        if record is None or not record.is_active:
            return Admission()
        now = self._clock.now()
        if now >= record.until and may_probe and self._is_elected(record):
            return Admission(probing=record)
        wait = max(record.until - now, 1.0)
        raise suppressed("throttled", f"The game is left alone for a moment ({record.why})", now=now, wait=wait)

    def succeeded(self, admission: Admission) -> Admission:
        """The host answered. Returns the admission for this caller's next call."""
        local = self._local()
        local.failures = 0
        record = admission.probing
        if record is None:
            return admission
        counted = replace(record, until=self._clock.now(), successes=record.successes + 1)
        if counted.successes < SUCCESSES_NEEDED:
            self._store(counted, _PROBE_TIMEOUT + _MEMORY)
            return Admission(probing=counted)
        # Overwritten, not deleted: if trouble comes back soon, the wait goes on doubling.
        self._store(replace(counted, why=""), _MEMORY)
        logger.info("throttle.cleared n=%d", counted.n, extra={"event": "throttle.cleared"})
        return Admission()

    def strained(self, admission: Admission, strain: Strain, retry_after: float | None = None) -> None:
        """The host did not answer as a healthy one."""
        if admission.probing is not None or strain in {"rate", "unavailable", "quota"}:
            self.trip(strain, retry_after)
            return
        if strain != "failure":
            return
        local = self._local()
        local.failures += 1
        if local.failures >= FAILURES_ALLOWED:
            self.trip(strain)

    def trip(self, why: str, retry_after: float | None = None) -> None:
        """Set the record: nothing is sent for as long as the host asks, else 30 s doubling to 5 min."""
        local, now = self._local(), self._clock.now()
        local.failures = 0
        known = self.record()
        is_waiting = known is not None and known.is_active and now < known.until
        is_remembered = known is not None and (known.is_active or now - known.until < _MEMORY)
        times = known.n if known is not None and is_remembered else 0
        if not is_waiting:  # else it is a call that was under way when the record was set: not another time
            times += 1
        until = now + self._wait(why, times, retry_after)
        if known is not None and is_waiting and until <= known.until:
            return
        self._store(Record(until, why, times), int(until - now) + _PROBE_TIMEOUT + _MEMORY)
        logger.warning("throttle.set why=%s n=%d wait=%.0fs", why, times, until - now, extra={"event": "throttle.set"})

    def record(self) -> Record | None:
        """What is known now: this process's copy, refreshed from the cache once a second."""
        local, now = self._local(), self._clock.monotonic()
        if now - local.read_at >= _READ_EVERY and self._sharing.is_usable():
            local.read_at = now
            with contextlib.suppress(CacheDown):
                # Lost from the cache: open, and the next cause sets it again.
                local.record = _parse(self._sharing.read([self._key]).get(self._key))
        return local.record

    def _wait(self, why: str, times: int, retry_after: float | None) -> float:
        if retry_after:
            return asked(retry_after, QUOTA_WAIT if why == "quota" else THROTTLE_CAP, self._chance)
        if why == "quota":
            return QUOTA_WAIT
        return spread(doubling(FIRST_WAIT, times, LONGEST_WAIT), self._chance)

    def _store(self, record: Record, timeout: int) -> None:
        local = self._local()
        local.record, local.read_at = record, self._clock.monotonic()
        if self._sharing.is_usable() and self._sharing.is_writable():
            with contextlib.suppress(CacheDown):
                self._sharing.set(self._key, asdict(record), timeout)

    def _is_elected(self, record: Record) -> bool:
        if not self._sharing.is_usable():
            return self._is_elected_alone(record)
        if not self._sharing.is_writable():
            return False
        key = f"{self._key}:probe:{record.until:.3f}"
        try:
            if self._sharing.kind == "file" and file_lock.is_available:
                with contextlib.suppress(OSError):
                    return self._is_elected_by_file(key)
            return self._sharing.add(key, 1, _PROBE_TIMEOUT)
        except CacheDown:
            return False

    def _is_elected_alone(self, record: Record) -> bool:
        local, now = self._local(), self._clock.monotonic()
        with local.election:
            if local.probed_until >= record.until and now - local.probed_at < _PROBE_TIMEOUT:
                return False
            local.probed_until, local.probed_at = record.until, now
            return True

    def _is_elected_by_file(self, key: str) -> bool:
        lock = file_lock.take(self._key)
        if lock is None:
            return False
        try:
            if self._sharing.read([key]):
                return False
            self._sharing.set(key, 1, _PROBE_TIMEOUT)
            return True
        finally:
            lock.release()


def _parse(stored: Any) -> Record | None:
    """A record as it was stored, None if it is none."""
    if not isinstance(stored, Mapping):
        return None
    try:
        return Record(float(stored["until"]), str(stored["why"]), int(stored["n"]), int(stored.get("successes", 0)))
    except (KeyError, TypeError, ValueError):
        return None
