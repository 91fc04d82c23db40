"""``seed_demo``: the readers that the demo starts with."""

from __future__ import annotations

import io

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.management import call_command

from django_playlyfe import instants, services
from testproject.library import shelf
from testproject.library.demo_readers import READERS
from testproject.library.management.commands import seed_demo
from testproject.library.models import Book

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reading_log", "noon")]


FEW = [reader for reader in READERS if reader.name in ("ada", "linus", "tim")]
"""Enough for most tests; all fourteen take some seconds."""


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(seed_demo, "READERS", FEW)


@pytest.fixture
def seeded(few):
    shown = io.StringIO()
    call_command("seed_demo", password="reading-log-demo", stdout=shown)
    return shown.getvalue()


def user(name):
    return get_user_model().objects.get(username=name)


def books_of(reader):
    return reader.books or len(reader.titles)


def test_all_readers_have_a_history_that_the_game_counted_in_full():
    call_command("seed_demo", verbosity=0)
    for reader in READERS:
        assert Book.objects.filter(owner__username=reader.name).count() == books_of(reader)
        profile = services.profile(user(reader.name))
        assert profile.points("xp") > 0
        assert profile.points("coins") == 5 * books_of(reader) - 20 * reader.bookmarks
        held = {badge.name: badge.count for badge in profile.badges}
        assert held.get("Bookmark", 0) == reader.bookmarks
        assert held.get("Steady reader", 0) == int(services.streak(user(reader.name), "finish_book").longest >= 3)
    assert services.streak(user("grace"), "finish_book").longest == 7


def test_the_readers_can_log_in(seeded):
    assert "3 demo readers created" in seeded
    assert authenticate(username="ada", password="reading-log-demo") == user("ada")


def test_every_book_was_paid_for_at_its_own_time(seeded):
    ada = user("ada")
    plays = [event for event in services.activity(ada, limit=100) if event.action and event.action.id == "finish_book"]
    books = Book.objects.filter(owner=ada)
    assert [event.timestamp for event in plays] == [instants.from_site(book.finished_at) for book in books]
    assert services.profile(ada).points("xp") == sum((book.pages + 5) // 10 for book in books)


def test_history_is_no_news(seeded):
    assert services.feedback(user("ada")) == []


def test_linus_is_one_book_away_from_a_badge_and_a_level(seeded):
    result = shelf.add(Book(owner=user("linus"), title="Persepolis", pages=341, genre="biography"))
    assert {line.name for line in result.earned} >= {"Bookworm", "Reader"}


def test_a_second_run_does_nothing_and_loses_nothing(seeded):
    ada = user("ada")
    ada.set_password("my own now")
    ada.save()
    shelf.add(Book(owner=ada, title="Persepolis", pages=341, genre="biography"))
    before = (services.profile(ada), Book.objects.count(), get_user_model().objects.count())
    shown = io.StringIO()
    call_command("seed_demo", stdout=shown)
    assert "0 demo readers created" in shown.getvalue()
    assert before == (services.profile(ada), Book.objects.count(), get_user_model().objects.count())
    assert authenticate(username="ada", password="my own now")


def test_admin_can_enter_the_admin(seeded, client):
    client.force_login(user("admin"))
    assert client.get("/admin/").status_code == 200


def test_an_interrupted_run_is_finished_by_the_next(few, monkeypatch):
    play = services.play
    plays = []

    def play_ten(*args, **kwargs):
        plays.append(args)
        if len(plays) > 10:
            raise KeyboardInterrupt
        return play(*args, **kwargs)

    monkeypatch.setattr(services, "play", play_ten)
    with pytest.raises(KeyboardInterrupt):
        call_command("seed_demo", verbosity=0)
    monkeypatch.setattr(services, "play", play)
    call_command("seed_demo", verbosity=0)
    assert services.profile(user("tim")).points("xp") > 0
    assert Book.objects.count() == sum(map(books_of, FEW))
