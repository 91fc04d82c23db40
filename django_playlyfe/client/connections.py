"""Connections that know what became of a request: our own ``HTTPConnection`` under requests' adapter.

Exception types of the libraries cannot tell whether a request left the machine, and no timeout of theirs bounds a whole
call (``reliability.md`` §2.2, §2.3). A :class:`Flight` notes both for the request that this thread is sending.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

from requests.adapters import DEFAULT_POOLBLOCK, HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from django_playlyfe.client.clock import SYSTEM_CLOCK, Clock

# A server may close an idle connection at the moment we write to it; the request is lost then, and nobody can say
# whether it arrived. Younger connections than this are not closed by any server in use.
FRESH_FOR = 1.0


class Flight:
    """One request on its way.

    Attributes:
        sent: at least one byte of the request was handed to the socket.
        was_cut: the hard limit shut the socket down; no success seen afterwards may be believed.
        stays: the answer is read after :func:`flying` is left; whoever reads it lands.
    """

    def __init__(self, *, is_write: bool, clock: Clock = SYSTEM_CLOCK) -> None:
        self.is_write = is_write
        self.clock = clock
        self.sent = False
        self.was_cut = False
        self.stays = False
        self._handle: socket.socket | None = None
        self._lock = threading.Lock()

    def board(self, connected: Any) -> None:
        """Take hold of the socket that will carry the request.

        The handle is a duplicate: wrapping a socket for TLS replaces the object, but shutting the duplicate down ends
        the connection in whatever state it is.
        """
        handle = socket.socket(fileno=os.dup(connected.fileno()))
        with self._lock:
            previous, self._handle = self._handle, handle
            was_cut = self.was_cut
        if previous is not None:
            previous.close()
        if was_cut:
            raise TimeoutError("The call's time was over before it was connected")

    def cut(self) -> None:
        """End the request, from another thread."""
        with self._lock:
            self.was_cut = True
            if self._handle is not None:
                with contextlib.suppress(OSError):  # the other side was faster
                    self._handle.shutdown(socket.SHUT_RDWR)

    def land(self) -> None:
        """Let go of the socket; from here on :meth:`cut` does nothing."""
        with self._lock:
            if self._handle is not None:
                self._handle.close()
                self._handle = None


_flight: ContextVar[Flight | None] = ContextVar("playlyfe_flight", default=None)


@contextlib.contextmanager
def flying(flight: Flight) -> Iterator[None]:
    """Requests of this thread inside the block belong to ``flight``."""
    token = _flight.set(flight)
    try:
        yield
    finally:
        _flight.reset(token)
        if not flight.stays:
            flight.land()


class _Answer(http.client.HTTPResponse):
    """An answer as the standard has it, where the library is laxer than is safe."""

    def _read_status(self) -> tuple[str, int, str]:
        """The final status line. The library skips 100 only; what comes before the answer, such as 103 Early Hints,
        would be taken for it, and the answer itself for that to the connection's next request."""
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]  # unknown to typeshed
            if not HTTPStatus.PROCESSING <= status < HTTPStatus.OK:
                return version, status, reason
            http.client.parse_headers(self.fp)

    def _read_next_chunk_size(self) -> int:
        """The size of the next chunk. A negative one would have all that comes read at once, whatever its size."""
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]  # unknown to typeshed
        if size < 0:
            self.close()
            raise ValueError("A chunk cannot have less than no bytes")
        return size


class _WatchedConnection(HTTPConnection):
    """Tells the flight which socket carries it and whether anything of it was sent."""

    response_class = _Answer
    last_used = float("-inf")
    _is_tunnelling = False
    _held: list[bytes] | None = None

    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        if (flight := _flight.get()) is not None:
            try:
                flight.board(connected)
            except BaseException:
                connected.close()
                raise
        return connected

    def _tunnel(self) -> None:
        self._is_tunnelling = True
        try:
            super()._tunnel()
        finally:
            self._is_tunnelling = False

    def request(self, *args: Any, **options: Any) -> None:
        if self.sock is not None and (flight := _flight.get()) is not None:
            flight.board(self.sock)
        # The libraries write the head and the body apart; in one piece the server wakes once, and halves are rare.
        held: list[bytes] = []
        self._held = held
        try:
            super().request(*args, **options)
        finally:
            self._held = None
        if held:
            self._send_now(b"".join(held))

    def send(self, data: Any) -> None:
        """As in ``http.client``, but what belongs to one request is kept together until it is whole."""
        if self._held is None or self._is_tunnelling or not isinstance(data, bytes):
            self._send_now(data)
            return
        if self.sock is None:
            self.connect()
        self._held.append(data)

    def _send_now(self, data: Any) -> None:
        """Send, noting the first byte that the socket took."""
        flight = _flight.get()
        if flight is None or flight.sent or self._is_tunnelling or not isinstance(data, bytes):
            super().send(data)
            return
        if self.sock is None:
            self.connect()
        # send() either fails with nothing taken or returns how much was; sendall() would leave that open.
        taken = self.sock.send(data)
        flight.sent = True
        if taken < len(data):
            self.sock.sendall(memoryview(data)[taken:])


class _WatchedSecureConnection(_WatchedConnection, HTTPSConnection):
    """The same over TLS. The handshake's bytes are not the request's."""


class _IdleRule(HTTPConnectionPool):
    """A pool that writes only to connections used a moment ago."""

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection: Any = super()._get_conn(timeout)
        flight = _flight.get()
        if flight is not None and flight.is_write and flight.clock.monotonic() - connection.last_used > FRESH_FOR:
            connection.close()  # connects again when it is used
        return connection

    def _put_conn(self, conn: Any) -> None:
        if conn is not None and (flight := _flight.get()) is not None:
            conn.last_used = flight.clock.monotonic()
        super()._put_conn(conn)


class _Pool(_IdleRule):
    ConnectionCls = _WatchedConnection


class _SecurePool(_IdleRule, HTTPSConnectionPool):
    ConnectionCls = _WatchedSecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}


class WatchedAdapter(HTTPAdapter):
    """requests' adapter over our connections: one pool, no repeats of its own."""

    def __init__(self, pool_size: int) -> None:
        super().__init__(pool_maxsize=pool_size, max_retries=0)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = DEFAULT_POOLBLOCK, **pool_kwargs: Any
    ) -> None:
        super().init_poolmanager(connections, maxsize, block, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        if not proxy.lower().startswith("socks"):  # those pools bring their own connections
            manager.pool_classes_by_scheme = _POOLS
        return manager
