"""The game refuses, hangs, answers HTML, or is gone: registration does not notice, pages say so, nothing is lost."""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager

import pytest
from django.urls import reverse

from django_playlyfe import services
from django_playlyfe.backends import games
from django_playlyfe.delivery import drain
from django_playlyfe.models import Delivery, PlayerLink
from tests.client.servers import Game, raw_server, reset

PAGES = ["profile", "actions", "leaderboards", "activity"]
BUDGET = 0.3


@contextmanager
def hanging():
    """Takes the request and never answers it."""

    def script(server, connection, number):
        server.read_request(connection)
        server.keep(connection)

    with raw_server(script) as server:
        yield server.url


@contextmanager
def refusing():
    """Takes the connection and breaks it."""
    with raw_server(lambda server, connection, number: reset(connection)) as server:
        yield server.url


@contextmanager
def answering_html():
    """A captive portal: everything is a page for people, with status 200."""
    page = b"<html>Log in to the network</html>"

    def script(server, connection, number):
        while server.read_request(connection):
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(page), page)
            )

    with raw_server(script) as server:
        yield server.url


@contextmanager
def gone():
    """Nobody listens on that port."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # held, so that nobody else takes it; not listening, so that it refuses
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture
def site(settings):
    """``site(url)``: the game of this site is there."""

    def use(url):
        settings.PLAYLYFE = {
            "default": {
                "BACKEND": "django_playlyfe.backends.http.HttpBackend",
                "CLIENT_ID": "site",
                "CLIENT_SECRET": "a-secret",
                "OPTIONS": {
                    "AUTH_URL": f"{url}/auth/token",
                    "API_URL": f"{url}/v2",
                    "PAGE_BUDGET": BUDGET,
                    "SEND_BUDGET": BUDGET,
                    "DELIVERY_RATE": 1000,
                },
            }
        }

    yield use
    games["default"].close()


@pytest.mark.django_db
@pytest.mark.parametrize("trouble", [hanging, refusing, answering_html, gone])
def test_a_game_in_trouble_hurts_nobody_and_gets_what_it_is_owed_when_it_is_back(
    trouble, site, make_user, client, count_queries
):
    make_user(username="earlier")  # content types and the like are read once
    with trouble() as url:
        site(url)
        with count_queries() as counted:
            user = make_user(username="margaret")
        assert len(counted) <= 1 + 3, "the user, and at most three more"
        client.force_login(user)
        services.play(user, "finish_book", {"pages": 320})
        PlayerLink.objects.filter(user=user).update(state=PlayerLink.State.LINKED)  # as a player of long standing
        for name in PAGES:
            started = time.monotonic()
            page = client.get(reverse(f"playlyfe:{name}"))
            waited = time.monotonic() - started
            assert page.status_code == 200
            assert "Not available at the moment." in page.content.decode(), f"{name} does not say so"
            assert waited < BUDGET + 2, f"{name} took {waited:.1f} s"  # far below any of the network's own limits
        PlayerLink.objects.filter(user=user).update(state=PlayerLink.State.PENDING)
    assert set(Delivery.objects.filter(user_pk=str(user.pk)).values_list("state", flat=True)) == {"pending"}
    game = Game()
    site(game.url)
    try:
        drain()
        rows = Delivery.objects.filter(user_pk=str(user.pk)).order_by("pk").values_list("kind", "state")
        assert list(rows) == [("create", "delivered"), ("play", "delivered")]
    finally:
        game.close()
