"""An answer's body that is read piece by piece while somebody shows it (``reliability.md`` §2.9)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from urllib3.response import BaseHTTPResponse

from django_playlyfe.client.bodies import Trouble, read_piece
from django_playlyfe.client.connections import Flight
from django_playlyfe.client.watchdog import watchdog

Report = Callable[[Trouble], Exception]


class OpenBody:
    """The body of an answer, from its first piece on.

    Only the time that the server takes counts, not that of the browser it is passed on to.

    Args:
        head: the first piece, read already.
        raw: where the others come from.
        flight: of the request; its socket is held until the end.
        limit: bytes that may still come.
        seconds: how long the server may still take, all pieces together.

    Attributes:
        report: makes the exception for what goes wrong; set by whoever knows the call.
    """

    def __init__(self, head: bytes, raw: BaseHTTPResponse, flight: Flight, *, limit: int, seconds: float) -> None:
        self._head = head
        self._raw = raw
        self._flight = flight
        self._limit = limit
        self._seconds = seconds
        self._is_over = False
        self.report: Report = _unnamed

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._head:
            head, self._head = self._head, b""
            return head
        if self._is_over:
            raise StopIteration
        piece, trouble = self._read()
        if trouble:
            self.close()
            raise self.report(trouble)
        if not piece:
            self._is_over = True
            self._flight.land()  # read to its end, so the connection is in its pool again
            raise StopIteration
        return piece

    def cut(self) -> None:
        """End it, from another thread: whoever is reading meets a time-out."""
        self._flight.cut()

    def close(self) -> None:
        """Read no further. A connection with bytes still on their way is closed."""
        self._head = b""
        if not self._is_over:
            self._is_over = True
            self._raw.close()
            self._flight.land()

    def _read(self) -> tuple[bytes, Trouble]:
        started = time.monotonic()
        with watchdog().watching(self._seconds, self._flight.cut):
            piece, trouble = read_piece(self._raw)
        self._seconds -= time.monotonic() - started
        self._limit -= len(piece)
        if self._flight.was_cut:
            return b"", "timeout"
        if self._limit < 0:
            return b"", "too_large"
        return piece, trouble


def _unnamed(trouble: Trouble) -> Exception:
    return OSError(trouble)
