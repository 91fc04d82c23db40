"""Fixtures of the client's tests: a game server on loopback and clients that close their connections."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from django_playlyfe.client import PlaylyfeClient

from .clocks import FakeClock, MemoryCache
from .servers import Game

CLIENT_ID = "client-canary-id"
CLIENT_SECRET = "secret-canary-0123456789"


@pytest.fixture(autouse=True)
def own_temporary_directory(tmp_path, monkeypatch) -> None:
    """Lock files of this process and of those it starts stay in the test's own directory."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setenv("TMPDIR", str(directory))
    monkeypatch.setattr(tempfile, "tempdir", str(directory))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def cache(clock: FakeClock) -> MemoryCache:
    return MemoryCache(clock)


@pytest.fixture
def remote() -> Iterator[Game]:
    server = Game()
    yield server
    server.close()


@pytest.fixture
def make_client() -> Iterator[Callable[..., PlaylyfeClient]]:
    """Makes clients; without URLs they point to a port where nobody listens."""
    made: list[PlaylyfeClient] = []

    def make(**options: Any) -> PlaylyfeClient:
        defaults = {
            "auth_url": "http://127.0.0.1:9/auth/token",
            "api_url": "http://127.0.0.1:9/v2",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }
        made.append(PlaylyfeClient(**{**defaults, **options}))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(remote: Game, make_client: Callable[..., PlaylyfeClient]) -> PlaylyfeClient:
    return make_client(auth_url=remote.auth_url, api_url=remote.api_url)
