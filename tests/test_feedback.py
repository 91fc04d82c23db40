"""Feedback: what came of a user's plays is shown exactly once, whatever it was."""

from __future__ import annotations

import threading
from datetime import datetime, timezone

import pytest
from django.db import connection

from django_playlyfe import services
from django_playlyfe.exceptions import AccessDenied, ActionLimitReached
from django_playlyfe.models import PlayerLink
from django_playlyfe.types import Ref

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("game", "noon")]


@pytest.fixture
def user(make_user):
    return make_user()


def finish(user, pages=100, **options):
    return services.play(user, "finish_book", {"pages": pages}, **options)


def amounts(news):
    return {line.name: line.amount for line in news.earned if line.name != "Coins"}


def test_a_new_player_has_no_news(user):
    assert services.feedback(user) == []


def test_what_was_earned_is_told_once_with_all_that_a_page_needs(user):
    finish(user, 600)
    (news,) = services.feedback(user)
    assert (news.status, news.action) == ("applied", Ref("finish_book", "Finish a book"))
    assert amounts(news) == {"Experience": 60, "Reader": 1}
    assert news.timestamp == datetime(2024, 3, 5, 12, tzinfo=timezone.utc)
    assert services.feedback(user) == []


def test_several_results_come_oldest_first(user, noon):
    finish(user, 100)
    noon.shift(60)
    finish(user, 200)
    assert [amounts(news)["Experience"] for news in services.feedback(user)] == [10, 20]


def test_a_refusal_is_told_with_its_reason_and_the_name_of_the_action(user):
    for _ in range(6):
        finish(user)
    refused = services.feedback(user)[-1]
    assert (refused.status, refused.action) == ("refused", Ref("finish_book", "Finish a book"))
    assert isinstance(refused.error, ActionLimitReached)
    assert "5 times every day" in refused.error.description
    assert refused.error.retry_at == datetime(2024, 3, 6, tzinfo=timezone.utc)
    assert services.feedback(user) == []


def test_an_action_that_is_not_open_is_told_as_such(user):
    services.play(user, "buy_bookmark")
    (news,) = services.feedback(user)
    assert isinstance(news.error, AccessDenied)
    assert news.action == Ref("buy_bookmark", "Buy a bookmark"), "by its name, although the list hides it"


def test_only_the_newest_ten_refusals_are_kept(user, noon):
    for _ in range(12):
        services.play(user, "buy_bookmark")
        noon.shift(60)
    news = services.feedback(user)
    assert len(news) == 10
    assert news[0].timestamp == datetime(2024, 3, 5, 12, 2, tzinfo=timezone.utc)


def test_a_strict_refusal_is_told_by_whoever_catches_it(user):
    with pytest.raises(AccessDenied):
        services.play(user, "buy_bookmark", strict=True)
    assert services.feedback(user) == []


def test_an_undo_tells_what_was_lost(user):
    finish(user, 600, idempotency_key="book:1")
    services.feedback(user)
    services.undo(user, "finish_book", idempotency_key="book:1")
    (news,) = services.feedback(user)
    assert amounts(news) == {"Experience": -60, "Visitor": 1}
    assert news.action.id == "finish_book"


def test_a_replay_is_no_news(user):
    finish(user, idempotency_key="k")
    services.feedback(user)
    finish(user, idempotency_key="k")
    assert services.feedback(user) == []


def test_what_is_rolled_back_is_shown_again(user, rolled_back):
    finish(user)
    with rolled_back():
        assert len(services.feedback(user)) == 1
    assert len(services.feedback(user)) == 1


def test_news_can_be_read_by_player_id(user):
    finish(user)
    assert len(services.feedback(str(user.pk))) == 1
    assert services.feedback("nobody") == []


def test_somebody_who_is_no_player_has_no_news(user):
    services.forget_player(user)
    assert services.feedback(user) == []


def test_looking_without_news_costs_three_queries_and_writes_nothing(user, count_queries):
    with count_queries() as counted:
        services.feedback(user)
    assert len(counted) == 3
    assert all(query.startswith("SELECT") for query in counted)


def test_twenty_results_are_told_at_a_time(user, noon):
    for number in range(25):
        finish(user, idempotency_key=str(number))
        noon.shift(86_400)
    assert [len(services.feedback(user)) for _ in range(3)] == [20, 5, 0]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_pages_that_look_at_once_one_shows_it(user):
    finish(user)
    services.play(user, "buy_bookmark")
    shown = []
    barrier = threading.Barrier(8)

    def look():
        barrier.wait()
        shown.extend(services.feedback(user))
        connection.close()

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(shown) == 2
    assert PlayerLink.objects.get().notices == []
