"""A proxy on loopback that writes down what passes: the bytes of a real client and a real server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Exchange:
    """One request and its answer, as they were on the wire."""

    sent: bytes
    received: bytes


@contextmanager
def recording(host: str, port: int) -> Iterator[tuple[str, list[Exchange]]]:
    """Listen on a free port and pass everything on to ``host:port``.

    Yields:
        The proxy's own base URL, and the exchanges so far, in order.
    """
    exchanges: list[Exchange] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(client: socket.socket) -> None:
        with client, socket.create_connection((host, port)) as server:
            while request := read_message(client):
                server.sendall(request)
                answer = read_message(server)
                exchanges.append(Exchange(request, answer))
                client.sendall(answer)

    def listen() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:  # the listener is closed: the recording is over
                return
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", exchanges
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=10)


def read_message(connection: socket.socket) -> bytes:
    """One HTTP message: its head, and as much body as ``Content-Length`` says; b"" when the other side has closed."""
    message = b""
    while b"\r\n\r\n" not in message:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        message += chunk
    head, _, body = message.partition(b"\r\n\r\n")
    lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    missing = (int(lengths[0].split(b":")[1]) if lengths else 0) - len(body)
    while missing > 0:
        chunk = connection.recv(65536)
        if not chunk:
            return message
        message += chunk
        missing -= len(chunk)
    return message
