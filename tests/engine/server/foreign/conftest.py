"""The npm package ``playlyfe`` in a process of its own, talking to the running server over a socket."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from django_playlyfe.engine import services
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.server.auth import clients

from ..conftest import SECRET

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[3]
VAR = Path(os.environ.get("VAR_DIR", ROOT / "var"))
SCOPES = [f"{resource}:{right}" for resource in ("admin", "design", "runtime") for right in ("read", "write")]


class Failure(Exception):
    """What the library threw.

    Attributes:
        name, message, status, data: as the library has them.
        is_playlyfe: it is the library's own exception, not one of what it is built on.
    """

    def __init__(self, name: str, message: str, status: int, data: Any = None, is_playlyfe: bool = False) -> None:
        super().__init__(f"{name} ({status}): {message}")
        self.name, self.message, self.status, self.data, self.is_playlyfe = name, message, status, data, is_playlyfe


class Library:
    """One object of the library. Its methods are called by name, in order."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, method: str, *values: Any) -> Any:
        """Call a method; bytes come back as bytes. Raises Failure with what the library threw."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([method, *values]) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "failure" in answer:
            failed = answer["failure"]
            raise Failure(
                failed.get("name"),
                failed.get("message"),
                failed.get("status"),
                failed.get("data"),
                failed["isPlaylyfe"],
            )
        return base64.b64decode(answer["buffer"]) if "buffer" in answer else answer.get("value")

    def upload(self, path: str, query: dict[str, str], name: str, kind: str, content: bytes) -> Any:
        """Send a file as the library's ``upload`` does."""
        file = {"name": name, "type": kind, "content": base64.b64encode(content).decode()}
        return self("upload", path, query, {"file": file})


@pytest.fixture(scope="session")
def installed() -> Path:
    """Where the package is installed; done once for all workers, and again only if the lock file changes."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed: the library of Playlyfe for Node was NOT tried on the server")
    place = VAR / "foreign-client"
    place.mkdir(parents=True, exist_ok=True)
    locked = (HERE / "package-lock.json").read_text()
    stamp = place / "installed-from"
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != locked:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, place / name)
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=place, check=True, capture_output=True, text=True, timeout=300)
            stamp.write_text(locked)
    return place


@pytest.fixture
def library(installed: Path, live_server: Any, quest: Realm) -> Iterator[Callable[..., Library]]:
    """``library("v1", player_id="ines")``: the library as a client that may do everything, Ines being a player."""
    clients.register(quest, "node", client_id="node", secret=SECRET, scopes=SCOPES)
    services.create_player(quest, "ines", alias="Ines")
    started: list[subprocess.Popen[str]] = []

    def start(version: str = "v2", **options: str) -> Library:
        known = {
            "type": "client",
            "version": version,
            "client_id": "node",
            "client_secret": SECRET,
            "auth_endpoint": live_server.url,
            "api_endpoint": live_server.url,
        }
        environment = {**os.environ, "OPTIONS": json.dumps({**known, **options}), "INSTALLED_IN": str(installed)}
        # The library is of 2016, and Node warns of what it is built on.
        command = ["node", "--no-deprecation", str(HERE / "caller.js")]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        process = subprocess.Popen(command, env=environment, text=True, **pipes)
        started.append(process)
        return Library(process)

    yield start
    for process in started:
        process.communicate(timeout=30)  # closes its input, at which it ends
