"""A site whose game is a scripted server on loopback, and pages of that site."""

from __future__ import annotations

import socket

import pytest
from django.core.cache import caches

from django_playlyfe.backends import games
from django_playlyfe.reading import answering, bulkhead
from django_playlyfe.reading.background import reader
from tests.client.servers import Game
from tests.one_request import one_request


@pytest.fixture(autouse=True)
def no_early_refresh(monkeypatch):
    """A chance that never refreshes a fresh answer early."""
    monkeypatch.setattr(answering, "chance", lambda: 0.0)


@pytest.fixture(autouse=True)
def threads_of_its_own():
    """No test waits for what another one has left to the threads of this process."""
    bulkhead._bulkhead.renew()
    reader.renew()


@pytest.fixture
def remote():
    server = Game()
    yield server
    server.close()


@pytest.fixture
def configure(settings):
    """``configure(url, **options)``: the site's game is there."""

    def configure(url, **options):
        settings.PLAYLYFE = {
            "default": {
                "BACKEND": "django_playlyfe.backends.http.HttpBackend",
                "CLIENT_ID": "client-canary-id",
                "CLIENT_SECRET": "secret-canary-0123456789",
                "OPTIONS": {
                    "AUTH_URL": f"{url}/auth/token",
                    "API_URL": f"{url}/v2",
                    "DELIVERY_RATE": 1000,
                    "PAGE_BUDGET": 10,  # a loaded machine must not decide about a test
                    **options,
                },
            }
        }
        return games["default"]

    yield configure
    games["default"].close()


@pytest.fixture
def site(remote, configure):
    """The site of the scripted server. Gives the backend."""
    return configure(remote.url)


@pytest.fixture
def a_page():
    """``with a_page(): …`` is one request, as far as memory and budget go."""

    return one_request


@pytest.fixture
def closed_port():
    """The URL of a server that is not there."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture
def flush():
    """``flush()``: the cache has lost everything."""
    return lambda: caches["default"].clear()


@pytest.fixture
def pool_work_is_over():
    """``pool_work_is_over()`` returns when the threads that read for pages have nothing more to do."""

    def wait():
        pool = bulkhead._bulkhead()
        taken = 0
        while taken < bulkhead.THREADS + bulkhead.WAITING:
            assert pool._places.acquire(timeout=30)
            taken += 1
        pool._places.release(taken)

    return wait
