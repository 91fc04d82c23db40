"""The reading log on a game in memory: what the site does whatever the game says. Needs no engine and no server."""

from __future__ import annotations

import pytest

from django_playlyfe.exceptions import AccessDenied, NotSent
from django_playlyfe.testing import FakeBackend, assert_not_played, assert_played, drain, override_playlyfe
from testproject.library.models import Book

pytestmark = pytest.mark.django_db

GAME = {"finish_book": lambda variables: {"xp": variables["pages"] // 10}}


@pytest.fixture
def reader(make_user, client, playlyfe_game):
    user = make_user(username="margaret")
    client.force_login(user)
    return user


@pytest.fixture
def book(client):
    """The fields of a book that the form takes."""
    return {"title": "Persepolis", "pages": 320, "genre": "fiction"}


@pytest.mark.playlyfe(actions=GAME)
def test_a_book_is_told_to_the_game_with_its_pages(reader, client, book):
    page = client.post("/", book, follow=True).content.decode()
    assert "+32 xp" in page.lower()
    assert_played(reader, "finish_book", {"pages": 320}, times=1)


@pytest.mark.playlyfe(actions=GAME)
def test_a_wrong_book_is_not_told(reader, client, book):
    client.post("/", {**book, "pages": 0})
    assert_not_played(reader)


@pytest.mark.playlyfe(actions=GAME)
def test_a_removed_book_is_taken_back(reader, client, book, playlyfe_game):
    client.post("/", book)
    client.post(f"/books/{Book.objects.get().pk}/remove/")
    assert_not_played(reader)
    assert playlyfe_game.players[str(reader.pk)].scores == {}


@pytest.mark.playlyfe(actions=GAME)
def test_the_books_page_says_how_many_days_in_a_row_and_that_today_is_missing(reader, client, playlyfe_game):
    playlyfe_game.set_streak(7, "finish_book", is_kept=False)
    page = client.get("/").content.decode()
    assert "7 days in a row" in page
    assert "Today is still missing" in page


@pytest.mark.playlyfe(actions=GAME)
def test_a_refused_book_is_kept(reader, client, book, playlyfe_game):
    playlyfe_game.refuse("finish_book", AccessDenied("Not today"))
    client.post("/", book)
    assert Book.objects.count() == 1
    assert_not_played(reader)


@pytest.mark.playlyfe(actions=GAME, backend=FakeBackend)
def test_a_book_is_kept_while_the_game_is_away_and_paid_when_it_is_back(reader, client, book, playlyfe_game):
    drain()
    playlyfe_game.fail(NotSent(reason="refused"), times=None)
    assert client.post("/", book, follow=True).status_code == 200
    assert Book.objects.count() == 1
    assert_played(reader, "finish_book")
    assert playlyfe_game.plays == []


def test_every_page_opens_on_a_game_that_knows_nothing(make_user, client):
    with override_playlyfe():
        client.force_login(make_user(username="margaret"))
        for path in ("/", "/play/profile/", "/play/actions/", "/play/leaderboards/", "/play/activity/"):
            assert client.get(path).status_code == 200
