"""Connections: reading requests byte by byte, and answering as a step says."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from pathlib import Path
from typing import Any

from .game import ANNOUNCED, REFUSED_TOKEN, Game, is_edit
from .steps import Script, Step

CERTIFICATES = Path(__file__).parents[1] / "client" / "certificates"
_DRIP_EVERY = 0.05


class Listener:
    """A port. Keeps what arrived there."""

    def __init__(self, game: Game, script: Script, certificate: str = "") -> None:
        self.game = game
        self.script = script
        self.idle: float | None = None
        self.released = threading.Event()
        self.connections = 0
        self.bytes = 0
        self.requests: list[dict[str, Any]] = []
        self._tls = None
        if certificate:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(CERTIFICATES / f"{certificate}.pem")
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def reset(self) -> None:
        self.connections, self.bytes, self.requests, self.idle = 0, 0, [], None
        self.released.set()  # whoever still waits for the test before
        self.released = threading.Event()

    def _accept(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError, ssl.SSLError, ValueError):
            step = self.script.take({"accept"})
            if step.do == "reset":
                return _reset(connection)
            if step.do == "hang":
                self.released.wait()
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            while self._one(connection, number):
                connection.settimeout(self.idle)
        connection.close()
        return None

    def _one(self, connection: socket.socket, number: int) -> bool:
        """One request and its answer; False at the end of the connection."""
        request = self._read(connection)
        if request is None:
            return False
        method, target, headers, body = request
        step = self.script.take(_kinds(method, target))
        arrived = {
            "connection": number,
            "at": time.time(),
            "method": method,
            "target": target,
            "headers": headers,
            "body": body.decode("latin-1"),
            "did": step.do if step.do != "reply" else f"reply {step.status}",
            "was_cut": False,
            "until": None,
        }
        self.requests.append(arrived)
        if step.do == "hold":
            self.released.wait()
        time.sleep(step.delay)
        try:
            return self._answer(connection, request, step, arrived)
        except OSError:
            arrived["was_cut"] = True  # the other side went away before it had the whole answer
            return False

    def _answer(
        self,
        connection: socket.socket,
        request: tuple[str, str, dict[str, str], bytes],
        step: Step,
        arrived: dict[str, Any],
    ) -> bool:
        method, target, headers, body = request
        status, value, more = step.status, step.body, dict(step.headers)
        if target.startswith("/auth/token"):
            if step.applies:
                time.sleep(self.game.token_delay)
                value = self.game.issue_token()
        else:
            if not self.game.accepts(target, headers) and value is None:
                status, value = 401, REFUSED_TOKEN
            elif step.applies:
                status, done, is_replay = self.game.perform(method, target, headers, body)
                value = done if value is None else value
                if is_replay:
                    more["Idempotency-Replayed"] = "true"
                if step.apply:
                    status = step.status
            if self.game.announces:
                more.setdefault("Playlyfe-Features", ANNOUNCED)
        arrived["until"] = time.time()  # from now on the other side may know
        if step.do == "reset":
            _reset(connection)
            return False
        if step.do == "close":
            return False
        if step.do == "hang":
            self.released.wait()
            if step.apply:
                self.game.perform(method, target, headers, body)
            return False
        data = base64.b64decode(step.base64) if step.base64 else _encode(value)
        connection.sendall(step.interim.encode("latin-1"))
        if step.do == "raw":
            connection.sendall(data)
            return False
        head = _head(status, more, len(data) if step.length is None else step.length, chunked=bool(step.chunked))
        if step.do == "drip_head":
            return _drip(connection, head)
        if step.do == "drip":
            connection.sendall(head + data[: step.at_once])
            return _drip(connection, data[step.at_once :])
        if step.chunked:
            connection.sendall(head + b"%x\r\n" % (len(data) + 10) + data)
            return False
        connection.sendall(head + data)
        return step.length is None

    def _read(self, connection: socket.socket) -> tuple[str, str, dict[str, str], bytes] | None:
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = connection.recv(65536)
            self.bytes += len(chunk)
            if not chunk:
                return None
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(body) < int(headers.get("content-length", 0)):
            chunk = connection.recv(65536)
            self.bytes += len(chunk)
            if not chunk:
                return None
            body += chunk
        return method, target, headers, body


def _kinds(method: str, target: str) -> set[str]:
    path = target.partition("?")[0]
    if path == "/auth/token":
        return {"token", "any"}
    kinds = {"api", "any"}
    if method == "CONNECT":
        return {"connect", "any"}
    if path.endswith("/play"):
        kinds.add("play")
    elif is_edit(method, path.removeprefix("/v2")):
        kinds.add("score")
    elif method == "POST" and path.endswith("/admin/players"):
        kinds.add("create")
    elif method == "GET":
        kinds.add("probe" if path.endswith("/admin") else "get")
    else:
        kinds.add(method.lower())
    return kinds


def _encode(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def _head(status: int, headers: dict[str, str], length: int, *, chunked: bool) -> bytes:
    lines = {"Content-Type": "application/json", **headers}
    if chunked:
        lines["Transfer-Encoding"] = "chunked"
    elif status != 204:
        lines["Content-Length"] = str(length)
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} Scripted\r\n{text}\r\n".encode("latin-1")


def _drip(connection: socket.socket, data: bytes) -> bool:
    for byte in data:
        connection.sendall(bytes([byte]))
        time.sleep(_DRIP_EVERY)
    return True


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
