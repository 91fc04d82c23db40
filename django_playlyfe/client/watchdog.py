"""The hard limit of a call: a thread that ends what lasts too long (``reliability.md`` §2.2).

Socket timeouts bound the pause between two bytes, not the whole: a server that drips one byte a second holds a call for
ever. One thread per process watches all calls; a :class:`threading.Timer` for each would start a thread per call.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator

from django_playlyfe.client.per_process import PerProcess

_in_line = 0
"""How many blocks are open that want no thread."""


@contextlib.contextmanager
def calls_in_line() -> Iterator[None]:
    """Inside, whatever would be done in a thread is done by the caller, in any thread of this process: for tests."""
    global _in_line
    _in_line += 1
    try:
        yield
    finally:
        _in_line -= 1


def threads_can_run() -> bool:
    """False under uWSGI without ``--enable-threads``, where a thread never runs, and in a test that wants none."""
    if _in_line:
        return False
    uwsgi = sys.modules.get("uwsgi")
    if uwsgi is None:
        return True
    options = {name.decode() if isinstance(name, bytes) else name for name in uwsgi.opt}
    return bool(options & {"enable-threads", "threads"})


class _Alarm:
    """One call under watch. ``end`` is None once the call is over."""

    __slots__ = ("end",)

    def __init__(self, end: Callable[[], None]) -> None:
        self.end: Callable[[], None] | None = end


class Watchdog:
    """Calls ``end`` of every watched block that lasts longer than it may."""

    def __init__(self) -> None:
        self._order = itertools.count()
        self._alarms: list[tuple[float, int, _Alarm]] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def watching(self, seconds: float, end: Callable[[], None]) -> Iterator[None]:
        """Run a block; ``end()`` is called in another thread if it takes longer than ``seconds``."""
        alarm = _Alarm(end)
        self._set(time.monotonic() + seconds, alarm)
        try:
            yield
        finally:
            alarm.end = None  # its place in the heap is dropped when its time comes

    def _set(self, when: float, alarm: _Alarm) -> None:
        with self._changed:
            heapq.heappush(self._alarms, (when, next(self._order), alarm))
            if self._thread is None:
                self._start()
            elif self._alarms[0][2] is alarm:  # earlier than all others: the thread would sleep too long
                self._changed.notify()

    def _start(self) -> None:
        # Where no thread runs, the socket timeouts are the only bound.
        if not threads_can_run():
            return
        thread = threading.Thread(target=self._run, name="playlyfe-watchdog", daemon=True)
        with contextlib.suppress(RuntimeError):  # no more threads, or an interpreter that is shutting down
            thread.start()
            self._thread = thread

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._alarms:
                    self._changed.wait()
                when, _, alarm = self._alarms[0]
                remaining = when - time.monotonic()
                if alarm.end is not None and remaining > 0:
                    self._changed.wait(remaining)
                    continue
                heapq.heappop(self._alarms)
            if (end := alarm.end) is not None:
                end()


watchdog = PerProcess(Watchdog)
"""The watchdog of this process."""
