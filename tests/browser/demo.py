"""The demo site in processes of its own, as ``run.py demo`` starts it, in a folder that is thrown away."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "reading-log-demo"
GAME = "testproject/reading_log.json"
APP = "app"
"""Id of a client that asks readers to let it in; only where the game is on the site."""


@dataclass(frozen=True)
class Demo:
    """A running site.

    Attributes:
        url: without a slash at the end.
        backend: "engine" or "http".
    """

    url: str
    backend: str

    @property
    def app_address(self) -> str:
        """Where the game sends a reader back to who has let the client ``APP`` in: on this site, as its policy asks."""
        return f"{self.url}/play/leaderboards/"

    @property
    def undoes(self) -> bool:
        """Whether a deleted book takes its points back: a game behind HTTP cannot."""
        return self.backend == "engine"


@contextmanager
def running(backend: str, folder: Path, **environment: str) -> Iterator[Demo]:
    """Serve the demo with its readers; with "http" its game runs on a server of its own."""
    with ExitStack() as servers:
        site = {"DATABASE_URL": f"sqlite:///{folder / 'site.sqlite3'}", "VAR_DIR": str(folder), **environment}
        if backend == "http":
            site |= servers.enter_context(_game_server(folder))
        else:
            site |= {"PLAYLYFE_BACKEND": "engine", "CACHE_URL": "locmemcache://"}
        _manage("migrate", **site)
        if backend == "engine":
            _manage("playlyfe_engine_load", GAME, **site)
        _manage("seed_demo", "--password", PASSWORD, **site)
        if backend == "http":
            _manage("playlyfe_deliver", "--once", **site)
        port = servers.enter_context(_serving("--insecure", **site))
        demo = Demo(f"http://127.0.0.1:{port}", backend)
        if backend == "engine":
            own = ("--id", APP, "--scopes", "runtime:read", "--redirect-uri", demo.app_address)
            _manage("playlyfe_engine_client", APP, *own, **site)
        yield demo


@contextmanager
def _game_server(folder: Path) -> Iterator[dict[str, str]]:
    """A game server; gives the environment that makes a site its client."""
    secret = secrets.token_hex(48)
    server = {
        "DJANGO_SETTINGS_MODULE": "testproject.game_server",
        "DATABASE_URL": f"sqlite:///{folder / 'game.sqlite3'}",
        "PLAYLYFE_BACKEND": "engine",
        "CACHE_URL": "locmemcache://",
    }
    _manage("migrate", **server)
    _manage("playlyfe_engine_load", GAME, **server)
    _manage("playlyfe_engine_client", "demo", "--id", "demo", "--secret", secret, "--for-site", **server)
    with _serving(**server) as port:
        yield {
            "PLAYLYFE_BACKEND": "http",
            "CACHE_URL": f"filecache://{folder / 'cache'}",
            "PLAYLYFE_AUTH_URL": f"http://127.0.0.1:{port}/auth/token",
            "PLAYLYFE_API_URL": f"http://127.0.0.1:{port}/v2",
            "PLAYLYFE_CLIENT_ID": "demo",
            "PLAYLYFE_CLIENT_SECRET": secret,
        }


def _environment(**extra: str) -> dict[str, str]:
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "testproject.settings", **extra}


def _manage(*arguments: str, **extra: str) -> None:
    command = [sys.executable, "manage.py", *arguments, "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=_environment(**extra), check=True)


@contextmanager
def _serving(*options: str, **extra: str) -> Iterator[int]:
    """A server on a free port, until the end of the block."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "manage.py", "runserver", "--noreload", *options, f"127.0.0.1:{port}"]
    server = subprocess.Popen(
        command,
        cwd=ROOT,
        env=_environment(DJANGO_RUNSERVER_HIDE_WARNING="true", **extra),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, server)
        yield port
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int, server: subprocess.Popen[bytes], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"The demo did not come up on port {port}.")
