"""A server that costs as little as one in Python can: fixed answers over kept connections, TCP_NODELAY set.

``python -m benchmarks.stand_in`` prints its port. ``GET /count`` answers how many requests and connections there were,
and the body of the last POST, so that a benchmark can prove that both sides did the same.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TOKEN = json.dumps({"access_token": "t" * 40, "token_type": "Bearer", "expires_in": 86400}).encode()
PLAYED = json.dumps(
    {
        "actions": [],
        "events": {
            "local": [
                {
                    "event": "action",
                    "actor": {"id": "ada", "alias": "Ada"},
                    "action": {"id": "finish_book", "name": "Finish a book", "vars": {"pages": 320}},
                    "count": 1,
                    "changes": [
                        {
                            "metric": {"id": "xp", "name": "Experience", "type": "point"},
                            "delta": {"old": "40", "new": "72"},
                        }
                    ],
                    "timestamp": "2024-03-05T12:00:00.000Z",
                    "scopes": [],
                    "id": "e4716000-dae7-11ee-9b1d-0242ac120002",
                }
            ],
            "global": [],
        },
    }
).encode()
STATUS = json.dumps({"name": "Playlyfe Hermes", "version": "v1", "status": "ok", "game": {"id": "g"}}).encode()


class StandIn:
    """Counts what it answers."""

    def __init__(self) -> None:
        self.requests = self.connections = 0
        self.last = b""
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=256)

    def run(self) -> None:
        while True:
            connection, _ = self.socket.accept()
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        data = b""
        with connection:
            while True:
                while b"\r\n\r\n" not in data:
                    if not (chunk := connection.recv(65536)):
                        return
                    data += chunk
                head, _, data = data.partition(b"\r\n\r\n")
                lowered = head.lower()
                at = lowered.find(b"content-length:")
                length = int(lowered[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
                while len(data) < length:
                    data += connection.recv(65536)
                body, data = data[:length], data[length:]
                connection.sendall(self.answer(head, body))

    def answer(self, head: bytes, body: bytes) -> bytes:
        self.requests += 1
        target = head.split(b" ", 2)[1]
        if target == b"/count":
            answer = {"requests": self.requests, "connections": self.connections, "last": self.last.decode()}
            return _http(json.dumps(answer).encode())
        if body and not target.startswith(b"/auth"):
            self.last = body
        if target.startswith(b"/auth"):
            return _http(TOKEN)
        return _http(PLAYED if b"/play" in target else STATUS)


def _http(body: bytes) -> bytes:
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nPlaylyfe-Features: idempotency, played-at\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@contextmanager
def running() -> Iterator[str]:
    """A stand-in in a process of its own; gives its address."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.stand_in"],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.stdin.close()


if __name__ == "__main__":
    server = StandIn()
    print(server.socket.getsockname()[1], flush=True)
    threading.Thread(target=server.run, daemon=True).start()
    sys.stdin.read()  # until the benchmark ends
