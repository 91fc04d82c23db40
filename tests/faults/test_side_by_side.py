"""A slow game costs a page about one call: what it needs is asked side by side (``reliability.md`` §2.2, §4).

The server's own record says when each call came and when it was answered. The demo's header shows the visitor's level
on each page: a call that these tests leave out.
"""

from __future__ import annotations

from functools import partial

import pytest
from django.core.cache import caches
from django.template import Context, Template

from django_playlyfe import services
from django_playlyfe.reading import bulkhead, page_budget
from django_playlyfe.reading.background import reader
from tests.faultserver.steps import ALWAYS, Step

pytestmark = pytest.mark.django_db

BOARDS = "/v2/runtime/leaderboards"
SLOW = Step(on="get", delay=0.4, times=ALWAYS)


@pytest.fixture(autouse=True)
def threads_of_its_own():
    bulkhead._bulkhead.renew()
    reader.renew()


def at_the_same_time(calls):
    """Whether there was a moment at which all of them were waiting for their answers."""
    return max(call["at"] for call in calls) < min(call["until"] for call in calls)


def calls_of(remote, path):
    return [call for call in remote.requests(path) if call["method"] == "GET"]


@pytest.fixture
def reader_of(site, remote, player):
    """``reader_of(*boards)``: a player of a game that answers each question after 0.4 s."""

    def make(*boards, **options):
        user = player()
        remote.reset(SLOW, boards=list(boards))
        site(remote.url, **options)
        services.token_status()
        return user

    return make


def test_the_page_of_a_board(reader_of, remote, page):
    text = page(reader_of("top"), "leaderboard", "top")
    assert "You are number 27 of 40." in text
    assert "other25" in text, "the rows around"
    calls = calls_of(remote, BOARDS)
    assert len(calls) == 3, "the boards, the page, the rows around the reader"
    assert at_the_same_time(calls)


def test_a_board_as_a_tag(reader_of, remote):
    user = reader_of("top")
    page_budget._open()
    template = Template('{% load playlyfe %}{% playlyfe_leaderboard "top" user=user limit=5 %}')
    try:
        assert "other1" in template.render(Context({"user": user}))
    finally:
        page_budget._drop()
    calls = calls_of(remote, BOARDS)
    assert len(calls) == 3
    assert at_the_same_time(calls)


def test_the_page_of_all_boards(reader_of, remote, page):
    text = page(reader_of("one", "two", "three", "four"), "leaderboards")
    assert all(f"All of {name}" in text for name in ("One", "Two", "Three", "Four"))
    (listing, *others) = calls_of(remote, BOARDS)
    assert listing["target"].startswith("/v2/runtime/leaderboards?")
    assert min(call["at"] for call in others) >= listing["until"], "the list says which there are"
    pages = [call for call in others if "radius" not in call["target"]]
    assert len(pages) == 4
    assert at_the_same_time(pages)


def test_the_profile(reader_of, remote, page):
    page(reader_of(), "profile")
    profile = calls_of(remote, "/v2/admin/players/")
    feed = calls_of(remote, "/v2/runtime/activity")
    assert (len(profile), len(feed)) == (1, 3), "a feed looks back 1, 7 and 30 days"
    assert at_the_same_time([profile[0], feed[0]])


def test_what_is_known_is_not_asked_again(reader_of, remote, page):
    user = reader_of("top")
    page(user, "leaderboard", "top")
    before = len(calls_of(remote, BOARDS))
    page(user, "leaderboard", "top")
    page(user, "leaderboards")
    assert len(calls_of(remote, BOARDS)) == before + 1, "five rows of the board are another question than ten"


def test_R7_while_a_slow_server_keeps_the_bulkhead_full_pages_show_what_is_stored_at_once(
    site, remote, player, page, clock, events
):
    backend = site(remote.url)
    known, unknown = player(), player()
    page(known)
    bulkhead._bulkhead.renew()  # what that page has left to the pool is done
    clock.move(2 * 86400)  # older than a day, so that a page would rather wait for the game
    caches["default"].clear()
    remote.reset(Step(on="get", do="hold", times=ALWAYS))
    others = [f"other{number}" for number in range(bulkhead.THREADS + bulkhead.WAITING)]
    reads = [bulkhead._bulkhead().start(partial(backend.profile, other), None) for other in others]
    remote.wait_for(bulkhead.THREADS, "/players/other")
    text = page(known)
    assert f"<bdi>{known.pk}</bdi>" in text
    assert "as of" in text
    assert "Not available at the moment." in page(unknown), "of whom nothing is stored"
    asked = [request["target"] for request in remote.requests("/v2")]
    assert len(asked) == bulkhead.THREADS
    assert all("/players/other" in target for target in asked), "no page had a call made, and none waited for one"
    remote.release()
    assert {read.result(timeout=20).id for read in reads} == set(others)
    assert "as of" not in page(known), "as soon as there is room again"


def test_a_page_waits_for_its_budget_only(reader_of, remote, page):
    text = page(reader_of("top", PAGE_BUDGET=0.2), "leaderboard", "top")
    assert "Not available at the moment." in text


def test_while_all_threads_have_something_to_do_a_board_is_read_call_by_call(reader_of, remote, page, monkeypatch):
    monkeypatch.setattr(bulkhead, "THREADS", 1)
    bulkhead._bulkhead.renew()
    text = page(reader_of("top"), "leaderboard", "top")
    assert "You are number 27 of 40." in text
    calls = calls_of(remote, BOARDS)
    assert len(calls) == 3
    assert not at_the_same_time(calls)
