"""A site whose game is a scripted server on loopback."""

from __future__ import annotations

import pytest

from django_playlyfe.backends import games
from django_playlyfe.models import Delivery
from tests.client.servers import Game

CLIENT_SECRET = "secret-canary-0123456789"
ANNOUNCED = {"Playlyfe-Features": "idempotency, played-at"}


@pytest.fixture
def remote():
    server = Game()
    server.headers = dict(ANNOUNCED)
    yield server
    server.close()


@pytest.fixture
def configure(settings):
    """``configure(auth_url, api_url, **options)``: the site's game is there."""

    def configure(auth_url, api_url, **options):
        settings.PLAYLYFE = {
            "default": {
                "BACKEND": "django_playlyfe.backends.http.HttpBackend",
                "CLIENT_ID": "client-canary-id",
                "CLIENT_SECRET": CLIENT_SECRET,
                "OPTIONS": {"AUTH_URL": auth_url, "API_URL": api_url, "DELIVERY_RATE": 1000, **options},
            }
        }
        return games["default"]

    yield configure
    if not games["default"].transactional:
        games["default"].close()


@pytest.fixture
def site(remote, configure):
    """The site of the scripted server. Gives the backend."""
    return configure(remote.auth_url, remote.api_url)


@pytest.fixture
def gone(configure):
    """A site whose game is not there: nobody listens on that port."""
    return configure("http://127.0.0.1:9/auth/token", "http://127.0.0.1:9/v2")


@pytest.fixture
def states():
    """``states()``: kind and state of all rows, in their order."""
    return lambda: [(row.kind, row.state) for row in Delivery.objects.order_by("pk")]
