"""The same contract with the game on a server: HttpBackend, a real socket, our own server.

Site and server share the process and the test database here, and nothing else: what one knows of the other went over
the socket.
"""

from __future__ import annotations

import pytest
import time_machine
from django.db import transaction

from django_playlyfe import delivery
from tests.contract.test_services import *  # noqa: F403 - the contract: each test of it runs here too

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.contract,
    pytest.mark.usefixtures("remote_game", "noon"),
]


@pytest.fixture
def user(request, make_user, settle):
    if request.node.get_closest_marker("undo"):
        pytest.skip("the wire has no undo")
    user = make_user()
    settle()
    return user


@pytest.fixture
def make_user(make_user, settle):
    """Users whose creation the game has heard of, unless they are made in a transaction that is still open."""

    def make(**fields):
        user = make_user(**fields)
        if not transaction.get_connection().in_atomic_block:
            settle()
        return user

    return make


@pytest.fixture
def noon():
    """Noon in Lisbon, with a clock that goes: sockets wait by it."""
    with time_machine.travel("2024-03-05T12:00:00+00:00", tick=True) as clock:
        yield clock


@pytest.fixture
def settle():
    return lambda: delivery.drain()
