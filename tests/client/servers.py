"""Real servers on loopback: one that speaks the contract, one that does to a socket whatever a test says."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PROFILE = {"id": "ada", "alias": "Ada", "enabled": True, "scores": [], "teams": []}
PLAYED = {
    "actions": [],
    "events": {
        "local": [
            {
                "event": "action",
                "actor": {"id": "ada", "alias": "Ada"},
                "action": {"id": "finish_book", "name": "Finish a book", "vars": {"pages": 320}},
                "count": 1,
                "changes": [
                    {"metric": {"id": "xp", "name": "Experience", "type": "point"}, "delta": {"old": "40", "new": "72"}}
                ],
                "timestamp": "2024-03-05T12:00:00.000Z",
                "scopes": [],
                "id": "e4716000-dae7-11ee-9b1d-0242ac120002",
            }
        ],
        "global": [],
    },
}
STATUS = {"name": "Playlyfe Hermes", "version": "v1", "status": "ok", "game": {"id": "library_quest"}}
REFUSED_TOKEN = {"error": "invalid_access_token", "error_description": "The Access Token is invalid"}


@dataclass
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    """An answer to send."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] | None = None
    delay: float = 0.0


class Game:
    """A small Playlyfe server: a token endpoint and an API that knows which tokens are valid.

    ``replies`` and ``token_replies`` are used up before the ordinary answers; ``answers`` are those of a path, as often
    as they are asked for. From the ``revoke_at``-th request on, the tokens issued before it are worthless.
    ``clock_ahead``: seconds by which its clock is wrong.
    """

    def __init__(self) -> None:
        self.token_delay = 0.0
        self.token_life: Any = 86400
        self.valid: set[str] = set()
        self.only_newest = False
        self.refuse_all = False
        self.refused = 0
        self.clock_ahead = 0.0
        self.revoke_at: int | None = None
        self.requests: list[Seen] = []
        self.token_requests: list[Seen] = []
        self.replies: deque[Reply] = deque()
        self.token_replies: deque[Reply] = deque()
        self.answers: dict[str, Any] = {}
        self.headers: dict[str, str] = {}
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.game = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def auth_url(self) -> str:
        return f"{self.url}/auth/token"

    @property
    def api_url(self) -> str:
        return f"{self.url}/v2"

    def revoke(self) -> None:
        """Every token issued so far is worthless from now on."""
        with self._lock:
            self.valid.clear()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, seen: Seen) -> Reply:
        if seen.path == "/auth/token":
            return self._answer_token(seen)
        with self._lock:
            self.requests.append(seen)
            if self.revoke_at is not None and len(self.requests) >= self.revoke_at:
                self.revoke_at = None
                self.valid.clear()
            token = seen.query.get("access_token", [seen.headers.get("Authorization", "").removeprefix("Bearer ")])[0]
            if self.refuse_all or token not in self.valid:
                self.refused += 1
                return Reply(401, REFUSED_TOKEN)
            if self.replies:
                return self.replies.popleft()
        if seen.path in self.answers:
            return Reply(200, self.answers[seen.path])
        if seen.path.endswith("/play"):
            return Reply(200, PLAYED)
        if seen.path == "/v2/admin":
            return Reply(200, STATUS)
        return Reply(200, PROFILE)

    def _answer_token(self, seen: Seen) -> Reply:
        with self._lock:
            self.token_requests.append(seen)
            number = len(self.token_requests)
            if self.token_replies:
                return self.token_replies.popleft()
        time.sleep(self.token_delay)
        with self._lock:
            if self.only_newest:
                self.valid.clear()
            token = f"token-canary-{number:04d}-abcdefghijklmnop"
            self.valid.add(token)
        body = {"access_token": token, "token_type": "Bearer", "expires_in": self.token_life}
        return Reply(200, body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    game: Game

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = Seen(self.command, parts.path, parse_qs(parts.query), dict(self.headers), body)
        reply = self.server.game.answer(seen)
        time.sleep(reply.delay)
        data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        headers = {"Content-Type": "application/json", **self.server.game.headers, **(reply.headers or {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _handle  # noqa: N815 - names of http.server

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string((timestamp or time.time()) + self.server.game.clock_ahead)

    def log_message(self, *_: Any) -> None:
        pass


class RawServer:
    """Accepts connections and hands each to ``script(connection, number)``, in a thread of its own."""

    def __init__(self, script: Callable[[socket.socket, int], None]) -> None:
        self._script = script
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._socket.getsockname()[1]
        self.connections = 0
        self.received: list[bytes] = []
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            self.keep(connection)
            thread = threading.Thread(target=self._run, args=(connection, self.connections), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _run(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError):
            self._script(connection, number)
        connection.close()

    def keep(self, connection: socket.socket) -> None:
        """Have the connection end with the server; scripts call it after wrapping one for TLS."""
        self._open.append(connection)

    def read_request(self, connection: socket.socket) -> bytes:
        """One request with its body; empty when the other side closed."""
        data = b""
        while b"\r\n\r\n" not in data:
            if not (chunk := connection.recv(65536)):
                return data
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
        )
        while len(body) < length:
            if not (chunk := connection.recv(65536)):
                break
            body += chunk
        request = head + b"\r\n\r\n" + body
        self.received.append(request)
        return request

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._accepting.join()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()


@contextlib.contextmanager
def raw_server(script: Callable[[RawServer, socket.socket, int], None]) -> Iterator[RawServer]:
    """A :class:`RawServer` for a block; ``script`` also gets the server."""
    holder: list[RawServer] = []
    ready = threading.Event()

    def run(connection: socket.socket, number: int) -> None:
        ready.wait()
        script(holder[0], connection, number)

    server = RawServer(run)
    holder.append(server)
    ready.set()
    try:
        yield server
    finally:
        server.close()


def reset(connection: socket.socket) -> None:
    """Close with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def http(body: bytes, *, status: str = "200 OK", headers: str = "", length: int | None = None) -> bytes:
    """An answer as bytes."""
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n{headers}\r\n"
    return head.encode() + body
