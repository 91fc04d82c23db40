"""Time and chance, injected so that tests need neither wait nor hope."""

from __future__ import annotations

import random
import time
from typing import Protocol


class Clock(Protocol):
    """Where the client reads the time and how it waits."""

    def now(self) -> float:
        """Wall clock: seconds since the epoch, comparable between hosts; it may jump."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, comparable inside this process only."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Chance(Protocol):
    """What of :class:`random.Random` the client uses, for jitter only."""

    def uniform(self, a: float, b: float, /) -> float:
        """A number between ``a`` and ``b``."""
        ...


SYSTEM_CLOCK = SystemClock()
# Not for secrecy: a SystemRandom has no state that forked workers would share, so their jitter differs.
SYSTEM_CHANCE: Chance = random.SystemRandom()
