"""Time that tests move, and a cache that lives by it."""

from __future__ import annotations

import threading
from typing import Any


class FakeClock:
    """Stands still until somebody sleeps or a test moves it."""

    def __init__(self, now: float = 1_709_640_000.0) -> None:
        self.wall = now
        self.mono = 1000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.mono

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.move(seconds)

    def move(self, seconds: float) -> None:
        self.wall += seconds
        self.mono += seconds


class Middle:
    """Chance that always takes the middle: no jitter where it is symmetric."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


class MemoryCache:
    """A cache that processes would share, here shared by several clients of one test; entries expire by the clock."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.entries: dict[str, tuple[Any, float]] = {}
        self.deleted: list[str] = []
        self.is_down = False
        self.stores = True
        self.calls = 0
        self._lock = threading.Lock()

    def _check(self) -> None:
        self.calls += 1
        if self.is_down:
            raise ConnectionError("redis://user:hunter2@cache is down")

    def get(self, key: str) -> Any:
        self._check()
        value, until = self.entries.get(key, (None, 0.0))
        return value if until > self.clock.now() else None

    def get_many(self, keys: list[str]) -> dict[str, Any]:
        return {key: value for key in keys if (value := self.get(key)) is not None}

    def set(self, key: str, value: Any, timeout: int) -> None:
        self._check()
        assert isinstance(timeout, int)
        assert timeout >= 2
        if self.stores:
            self.entries[key] = (value, self.clock.now() + timeout)

    def add(self, key: str, value: Any, timeout: int) -> bool:
        with self._lock:
            if not self.stores:
                self._check()
                return False
            if self.get(key) is not None:
                return False
            self.set(key, value, timeout)
            return True

    def incr(self, key: str) -> int:
        with self._lock:
            self._check()
            value, until = self.entries[key]
            self.entries[key] = (value + 1, until)
            return value + 1

    def delete(self, key: str) -> None:
        self._check()
        self.deleted.append(key)
        self.entries.pop(key, None)
