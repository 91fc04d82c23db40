"""``@plays_on_create``: a new row is a play, in the transaction that saves it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core import serializers
from django.db import transaction
from django.db.models.signals import post_save
from django.test import override_settings
from django.test.utils import isolate_apps

from django_playlyfe import services
from django_playlyfe.backends.engine import EngineBackend
from django_playlyfe.decorators import plays_on_create
from django_playlyfe.exceptions import ActionNotFound, InvalidRequest, ServerError
from testproject.library.models import Book
from tests.site_clock import own_datetime

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("game", "noon")]


class Down(EngineBackend):
    """A game that fails."""

    def play(self, *args, **kwargs):
        raise ServerError("the game is down")


@pytest.fixture
def user(make_user):
    return make_user()


@pytest.fixture
def decorate():
    """``decorate(action, …)`` is the decorator on the demo's books, for this test only."""
    listened = []

    def on_books(action="finish_book", **options):
        options = {"user": "owner", "vars": lambda book: {"pages": book.pages}} | options
        listened.append(action)
        return plays_on_create(action, **options)(Book)

    yield on_books
    for action in listened:
        post_save.disconnect(dispatch_uid=("django_playlyfe.plays_on_create", Book, action, "default"))


def save(owner, model=Book, **fields):
    return model.objects.create(**{"owner": owner, "title": "t", "pages": 100} | fields)


def xp(user):
    return services.profile(user).points("xp")


def test_a_new_row_plays_once_and_a_changed_one_never(decorate, user):
    assert decorate() is Book
    book = save(user)
    assert xp(user) == 10
    book.pages = 500
    book.save()
    assert xp(user) == 10


def test_the_play_shares_the_fate_of_the_row(decorate, user, rolled_back):
    decorate()
    with rolled_back():
        save(user)
        assert xp(user) == 10
    assert xp(user) == 0


def test_the_play_can_be_taken_back_by_the_key_of_the_row(decorate, user):
    decorate()
    book = save(user)
    assert services.undo(user, "finish_book", idempotency_key=f"library.book:{book.pk}")
    assert xp(user) == 0


def test_key_time_weight_and_user_can_be_chosen(decorate, user):
    decorate(
        user=lambda book: book.owner,
        count=2,
        at=lambda book: book.finished_at,
        idempotency_key=lambda book: book.title,
    )
    then = datetime(2024, 3, 1, 9, tzinfo=timezone.utc)
    save(user, title="one", finished_at=own_datetime(then))
    save(user, title="one", finished_at=own_datetime(then))
    assert xp(user) == 20
    assert abs(services.activity(user)[0].timestamp - then) < timedelta(seconds=1)


def test_fixtures_do_not_play(decorate, user):
    decorate()
    book = Book(pk=1000, owner=user, title="t", pages=100)
    for loaded in serializers.deserialize("json", serializers.serialize("json", [book])):
        loaded.save()
    assert Book.objects.get(pk=1000).title == "t"
    assert xp(user) == 0


@isolate_apps("testproject.library")
def test_rows_of_a_proxy_play_and_rows_of_other_models_do_not(decorate, user, make_user):
    class Novel(Book):
        class Meta:
            proxy = True
            app_label = "library"

    decorate()
    save(user, Novel)
    make_user()
    assert xp(user) == 10


@pytest.mark.parametrize("nobody", [None, AnonymousUser()])
def test_a_row_without_a_user_does_not_play(decorate, user, nobody):
    decorate(user=lambda book: nobody)
    save(user)
    assert xp(user) == 0


def test_a_refusal_leaves_the_row_saved_and_is_told_by_feedback(decorate, user):
    decorate("buy_bookmark", vars=None)
    save(user)
    (news,) = services.feedback(user)
    assert news.status == "refused"
    assert Book.objects.count() == 1


def test_a_game_that_fails_leaves_the_row_saved(decorate, user, caplog):
    decorate()
    with override_settings(PLAYLYFE={"default": {"BACKEND": f"{__name__}.Down"}}), transaction.atomic():
        save(user)
    assert Book.objects.count() == 1
    assert "could not take the play of 'finish_book'" in caplog.text


@pytest.mark.parametrize(
    ("action", "variables", "mistake"),
    [("finish_book", {"pages": "x"}, InvalidRequest), ("nothing", {}, ActionNotFound)],
)
def test_a_programmers_mistake_raises(decorate, user, action, variables, mistake):
    decorate(action, vars=lambda book: variables)
    with pytest.raises(mistake):
        save(user)


def test_over_http_the_play_is_owed_in_the_same_transaction(transactional_db, remote_game, decorate, user):
    from django_playlyfe.models import Delivery

    decorate()
    save(user)
    assert Delivery.objects.get(kind="play").payload["variables"] == {"pages": 100}
