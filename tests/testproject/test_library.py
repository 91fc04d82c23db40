"""The reading log as a reader uses it: the main job, end to end."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from django_playlyfe import services
from testproject.library.models import Book

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reading_log", "noon")]

PASSWORD = "sturdy-lamp-42"


@pytest.fixture
def reader(make_user, client):
    user = make_user(username="margaret")
    client.force_login(user)
    return user


def add(client, title="The Left Hand of Darkness", pages=320, genre="fiction"):
    return client.post("/", {"title": title, "pages": pages, "genre": genre}, follow=True).content.decode()


def remove(client, book):
    return client.post(f"/books/{book.pk}/remove/", follow=True).content.decode()


def xp(user):
    return services.profile(user).points("xp")


def test_a_visitor_sees_what_the_site_is_about_and_who_reads_most(make_user, client):
    services.play(make_user(username="ada"), "finish_book", {"pages": 100})
    page = client.get("/").content.decode()
    assert "Start your log" in page
    assert "ada" in page


def test_registering_makes_a_player_and_logs_in(client):
    fields = {"username": "margaret", "password1": PASSWORD, "password2": PASSWORD}
    page = client.post("/register/", fields, follow=True).content.decode()
    assert "margaret" in page
    assert "Your shelf is empty" in page
    assert xp(get_user_model().objects.get(username="margaret")) == 0


def test_a_book_pays_and_the_next_page_says_so_once(reader, client):
    page = add(client)
    assert "“The Left Hand of Darkness” is on your shelf." in page
    assert "+32 experience" in page
    assert xp(reader) == 32
    assert "+32 experience" not in client.get("/").content.decode()


def test_badges_and_levels_are_told_in_the_words_of_the_game(reader, client):
    for _ in range(4):
        add(client, pages=10)
    page = add(client, pages=900)
    for said in ("+90 experience", "New badge: Bookworm", "New badge: Page turner", "You are now a Reader"):
        assert said in page


@timezone.override("UTC")
def test_a_sixth_book_of_a_day_is_kept_and_the_page_says_why_it_earned_nothing(reader, client):
    for _ in range(5):
        add(client, pages=10)
    page = add(client, title="Middlemarch", pages=880)
    assert "“Middlemarch” is on your shelf." in page
    assert "nothing earned, its limit is reached until tomorrow, midnight" in page
    assert Book.objects.filter(owner=reader).count() == 6
    assert xp(reader) == 5


def test_a_removed_book_takes_its_points_back(reader, client):
    add(client, title="Persepolis", pages=600)
    add(client, pages=100)
    page = remove(client, Book.objects.get(title="Persepolis"))
    assert "“Persepolis” is off your shelf." in page
    assert "−60 experience" in page
    assert "Badge lost: Page turner" in page
    assert "You are now a Visitor" in page
    assert xp(reader) == 10


def test_a_book_that_earned_nothing_can_be_removed_too(reader, client):
    for number in range(6):
        add(client, title=f"Book {number}", pages=10)
    remove(client, Book.objects.get(title="Book 5"))
    assert Book.objects.filter(owner=reader).count() == 5
    assert xp(reader) == 5


def test_a_removed_book_makes_room_for_another_one_of_the_day(reader, client):
    for number in range(5):
        add(client, title=f"Book {number}", pages=10)
    remove(client, Book.objects.get(title="Book 0"))
    assert "+32 experience" in add(client)


def test_a_book_and_its_play_are_saved_together_or_not_at_all(reader, client, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("the game is broken")

    monkeypatch.setattr(services, "play", fail)
    with pytest.raises(RuntimeError):
        add(client)
    assert not Book.objects.exists()


def test_nobody_removes_the_book_of_another(reader, make_user, client):
    add(client)
    thief = Client()
    thief.force_login(make_user())
    assert thief.post(f"/books/{Book.objects.get().pk}/remove/").status_code == 404
    assert xp(reader) == 32


def test_a_book_is_removed_by_post_only(reader, client):
    add(client)
    assert client.get(f"/books/{Book.objects.get().pk}/remove/").status_code == 405


def test_who_is_not_logged_in_cannot_add_a_book(client):
    assert client.post("/", {"title": "x", "pages": 1, "genre": "fiction"}).url == "/login/?next=/"


@pytest.mark.parametrize(
    "fields", [{"pages": "0"}, {"pages": "10001"}, {"title": " "}, {"title": "x" * 201}, {"genre": "x"}]
)
def test_a_wrong_book_is_shown_again_with_the_reason(reader, client, fields):
    page = add(client, **fields)
    assert "errorlist" in page
    assert not Book.objects.exists()


@pytest.mark.parametrize("title", ["<script>alert(1)</script>", "\u202eevil", "W" * 200, "📚🪱", "{{ user.password }}"])
def test_a_hostile_title_is_only_text(reader, client, title):
    page = add(client, title=title)
    assert "<script>alert" not in page
    assert Book.objects.get().title == title
    assert "off your shelf" in remove(client, Book.objects.get())


def test_a_bookmark_is_bought_on_the_actions_page(reader, client):
    for _ in range(4):
        add(client, pages=10)
    page = client.post("/play/actions/buy_bookmark/", {"next": "/play/actions/"}, follow=True).content.decode()
    assert "−20 coins" in page
    assert "New badge: Bookmark" in page


def test_the_story_is_told_in_the_words_of_a_reading_log(reader, client):
    add(client, pages=1)
    add(client, pages=500)
    page = client.get("/play/activity/").content.decode()
    assert "Finished a book of one page" in page
    assert "Finished a book of 500 pages" in page


def test_the_shelf_goes_page_by_page(reader, client):
    Book.objects.bulk_create(Book(owner=reader, title=f"Book {number}", pages=1) for number in range(23))
    assert "Page 1 of 3" in client.get("/").content.decode()
    assert "Newer books" in client.get("/", {"page": 3}).content.decode()


def test_the_page_of_books_costs_the_same_queries_however_many_there_are(reader, client, count_queries):
    add(client, pages=10)
    client.get("/")
    with count_queries() as few:
        client.get("/")
    for _ in range(4):
        add(client, pages=600)
    client.get("/")
    with count_queries() as many:
        client.get("/")
    assert len(many) == len(few)


def test_pages_allow_nothing_inline_and_nothing_from_elsewhere(client):
    assert "default-src 'self'" in client.get("/").headers["Content-Security-Policy"]


def test_the_admin_shows_books_and_changes_none(reader, client, admin_client):
    add(client, title="Persepolis")
    page = admin_client.get("/admin/library/book/")
    assert "Persepolis" in page.content.decode()
    assert admin_client.get("/admin/library/book/add/").status_code == 403
    book = Book.objects.get()
    assert admin_client.get(f"/admin/library/book/{book.pk}/change/").status_code == 200
    assert admin_client.post(f"/admin/library/book/{book.pk}/delete/", {"post": "yes"}).status_code == 403
