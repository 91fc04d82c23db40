"""What a page costs where the game is on another server: calls, whatever the page repeats (interface.md §4)."""

from __future__ import annotations

import pytest
import time_machine
from django.urls import reverse

from django_playlyfe import delivery, services
from django_playlyfe.client.exchange import Exchange
from django_playlyfe.reading import together
from django_playlyfe.reading.background import reader
from tests.pages.showing import one_request, render

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("remote_game", "plain_site")]


@pytest.fixture(autouse=True)
def noon():
    """Noon in Lisbon, with a clock that goes: sockets wait by it."""
    with time_machine.travel("2024-03-05T12:00:00+00:00", tick=True):
        yield


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
def ines(make_user, client):
    user = make_user()
    client.force_login(user)
    delivery.drain()
    services.play(user, "finish_book", {"pages": 600}, wait=True)
    services.feedback(user)
    return user


PLAYER = "GET /admin/players/{player_id}"
FEED = "GET /runtime/activity"
MOST_FEEDS = 3
"""One day, a week, a month, until a page of activity is filled."""
TOLD = "GET /runtime/notifications"
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
        ("notifications", (), []),
        ("privacy", (), []),
        ("leaderboard", ("top_readers",), [BOARDS, BOARD, BOARD]),  # the page, and where the reader is
    ],
)
def test_a_page_asks_for_each_thing_once(ines, client, calls, name, arguments, resources):
    """Its own, and what the navigation counts: the notifications."""
    path = reverse(f"playlyfe:{name}", args=[str(ines.pk) if part == "self" else part for part in arguments])
    assert client.get(path).status_code == 200
    looked_back = [call for call in calls if call == FEED]
    assert len(looked_back) <= MOST_FEEDS
    assert sorted([*{*looked_back}, *(call for call in calls if call != FEED)]) == sorted([*resources, TOLD])


def test_the_overview_of_boards_asks_for_each_board_once(ines, client, calls):
    page = client.get(reverse("playlyfe:leaderboards"))
    boards = len(page.context["boards"])
    assert boards >= 1
    assert calls.count(BOARDS) == calls.count(TOLD) == 1
    assert len(calls) <= 2 + 2 * boards  # the rows of each, and where the reader is


LISTED = """{% playlyfe_prefetch users activity=20 actions=True notifications=True leaderboard="top_readers" %}
{% playlyfe_prefetch users activity=200 %}{% for user in users %}<section>
{% playlyfe_player user %}{% playlyfe_scores user %}{% playlyfe_badges user %}{% playlyfe_level user=user %}
{% playlyfe_actions user %}{% playlyfe_activity user %}{% playlyfe_sparkline "xp" user %}
{% playlyfe_leaderboard "top_readers" user %}
{% playlyfe_notifications user %}{% playlyfe_next user %}{% playlyfe_rarity user %}{% playlyfe_feedback user %}
</section>{% endfor %}"""


@pytest.fixture
def background():
    """What is read when no page waits, without what other tests have left."""
    reader.renew()
    return reader()


def test_a_list_of_fifty_users_asks_for_two_things_at_most(make_user, calls, background):
    """What is not known yet shows a placeholder, and is read in the background for the next page."""
    users = [make_user() for _ in range(50)]
    delivery.drain()
    calls.clear()
    with one_request():
        shown = render(LISTED, users[0], users=users)
    assert shown.count("<section>") == 50
    assert "Not available" in shown
    assert len(set(calls)) <= together.LIVE_PER_PAGE
    assert len(calls) <= together.LIVE_PER_PAGE * MOST_FEEDS


def test_a_list_of_users_who_are_known_asks_nothing(make_user, calls, background):
    users = [make_user() for _ in range(8)]
    delivery.drain()
    with one_request():
        render(LISTED, users[0], users=users)
    background.work_off()
    calls.clear()
    with one_request():
        assert "Not available" not in render(LISTED, users[0], users=users)
    assert calls == []
