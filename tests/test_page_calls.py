"""What a page costs where the game is on another server: calls, whatever the page repeats (interface.md §4)."""

from __future__ import annotations

import pytest
import time_machine
from django.urls import reverse

from django_playlyfe import delivery, services
from django_playlyfe.client.exchange import Exchange

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("remote_game")]


@pytest.fixture(autouse=True)
def noon():
    """Noon in Lisbon, with a clock that goes: sockets wait by it."""
    with time_machine.travel("2024-03-05T12:00:00+00:00", tick=True):
        yield


@pytest.fixture(autouse=True)
def plain_site(settings):
    """The package's own templates: the demo's header shows the level on every page."""
    [engine] = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": []}]


@pytest.fixture
def calls(monkeypatch):
    """The routes that were asked."""
    asked = []
    perform = Exchange.perform

    def note(self, call, *arguments, **options):
        asked.append(f"{call.method} {call.route}")
        return perform(self, call, *arguments, **options)

    monkeypatch.setattr(Exchange, "perform", note)
    return asked


@pytest.fixture
def reader(make_user, client):
    user = make_user()
    client.force_login(user)
    delivery.drain()
    services.play(user, "finish_book", {"pages": 600}, wait=True)
    services.feedback(user)
    return user


PLAYER = "GET /admin/players/{player_id}"
FEED = "GET /runtime/activity"
BOARDS = "GET /runtime/leaderboards"
BOARD = "GET /runtime/leaderboards/{id}"


@pytest.mark.parametrize(
    ("name", "arguments", "resources"),
    [
        ("profile", (), [PLAYER, FEED]),
        ("player", ("self",), [PLAYER]),
        ("actions", (), ["GET /runtime/actions"]),
        ("activity", (), [FEED]),
        ("badge", ("Bookworm",), [PLAYER]),
        ("notifications", (), ["GET /runtime/notifications"]),
        ("privacy", (), []),
        ("leaderboard", ("top_readers",), [BOARDS, BOARD]),
    ],
)
def test_a_page_asks_for_each_thing_once(reader, client, calls, name, arguments, resources):
    path = reverse(f"playlyfe:{name}", args=[str(reader.pk) if part == "self" else part for part in arguments])
    assert client.get(path).status_code == 200
    looked_back = [call for call in calls if call == FEED]
    assert len(looked_back) <= 3  # one day, a week, a month, until the page is filled
    assert sorted([*{*looked_back}, *(call for call in calls if call != FEED)]) == sorted(resources)


def test_the_overview_of_boards_asks_for_each_board_once(reader, client, calls):
    page = client.get(reverse("playlyfe:leaderboards"))
    boards = len(page.context["boards"])
    assert boards >= 1
    assert calls.count(BOARDS) == 1
    assert len(calls) <= 1 + 2 * boards  # the rows of each, and where the reader is
