"""``wait=True``: sent while the caller waits, and the caller is let go when the time is over."""

from __future__ import annotations

import threading

import pytest
from django.db import transaction

from django_playlyfe import services, signals
from django_playlyfe.delivery import drain, threads, waiting, wake
from django_playlyfe.exceptions import ActionLimitReached, InvalidRequest
from django_playlyfe.models import Delivery, PlayerLink, Queue
from tests.client.servers import Reply


@pytest.fixture
def user(site, make_user):
    user = make_user()
    drain()
    return user


def limit_reached():
    return Reply(429, {"error": "rate_limit_exceeded", "error_description": "only once a day"}, {"Retry-After": "60"})


@pytest.mark.django_db
class TestOutsideATransaction:
    def test_the_answer_is_the_result(self, user):
        result = services.play(user, "finish_book", {"pages": 320}, wait=True)
        assert (result.status, result.earned[0].amount) == ("applied", 32)
        assert result.key == str(Delivery.objects.get(kind="play").key)

    def test_what_is_owed_before_goes_first(self, site, make_user, states):
        user = make_user()
        services.play(user, "wave")
        assert services.play(user, "finish_book", wait=True).status == "applied"
        assert states() == [("create", "delivered"), ("play", "delivered"), ("play", "delivered")]
        assert user.playlyfe_links.get().state == PlayerLink.State.LINKED

    def test_a_refusal_is_an_answer(self, user, remote):
        remote.replies.append(limit_reached())
        result = services.play(user, "wave", wait=True)
        assert (result.status, type(result.error)) == ("refused", ActionLimitReached)
        assert result.error.retry_at is not None
        assert [news.status for news in services.feedback(user)] == ["refused"]

    def test_a_refusal_that_is_raised_is_not_shown_again(self, user, remote):
        remote.replies.append(limit_reached())
        with pytest.raises(ActionLimitReached, match="only once a day"):
            services.play(user, "wave", wait=True, strict=True)
        assert services.feedback(user) == []

    def test_a_programmers_mistake_is_raised(self, user, remote):
        data = {"valid": False, "errors": [{"path": "/variables/pages", "code": "X", "message": "wrong"}]}
        remote.replies.append(
            Reply(400, {"error": "validation_exception", "error_description": "Invalid request", "data": data})
        )
        with pytest.raises(InvalidRequest) as caught:
            services.play(user, "wave", wait=True)
        assert caught.value.data == data

    def test_the_same_key_answers_again_from_the_row(self, user, remote):
        first = services.play(user, "finish_book", {"pages": 320}, idempotency_key="k", wait=True)
        sent = len(remote.requests)
        again = services.play(user, "finish_book", {"pages": 320}, idempotency_key="k", wait=True)
        assert (again.status, again.replayed, again.events) == ("applied", True, first.events)
        assert len(remote.requests) == sent

    def test_a_game_that_hangs_lets_the_caller_go_within_the_budget(self, remote, configure, make_user):
        configure(remote.auth_url, remote.api_url, SEND_BUDGET=0.2)
        user = make_user()
        drain()
        remote.replies.append(Reply(200, {}, delay=1.0))
        assert services.play(user, "wave", wait=True).status == "pending"
        assert Delivery.objects.get(kind="play").state == "pending"

    def test_a_game_that_is_gone_leaves_it_owed(self, gone, make_user, states):
        assert services.play(make_user(), "wave", wait=True).status == "pending"
        assert states() == [("create", "pending"), ("play", "pending")]

    def test_a_paused_queue_is_not_asked(self, user, remote, site):
        Queue.objects.create(game="default", paused_until="2999-01-01T00:00:00Z")
        sent = len(remote.requests)
        assert services.play(user, "wave", wait=True).status == "pending"
        assert len(remote.requests) == sent

    def test_each_result_is_shown_exactly_once(self, user):
        services.play(user, "finish_book", {"pages": 320}, wait=True)
        (news,) = services.feedback(user)
        assert (news.action.name, news.earned[0].amount) == ("Finish a book", 32)
        assert services.feedback(user) == []


@pytest.mark.django_db(transaction=True)
class TestInsideATransaction:
    def test_it_is_sent_when_the_transaction_commits(self, user, remote):
        sent = len(remote.requests)
        with transaction.atomic():
            result = services.play(user, "finish_book", {"pages": 320}, wait=True)
            assert len(remote.requests) == sent
        assert result.status == "pending"
        assert Delivery.objects.get(kind="play").state == "delivered"
        assert [news.status for news in services.feedback(user)] == ["applied"]

    def test_nothing_is_sent_if_it_is_rolled_back(self, user, remote, rolled_back, states):
        sent = len(remote.requests)
        with rolled_back():
            services.play(user, "wave", wait=True)
        assert len(remote.requests) == sent
        assert states() == [("create", "delivered")]


@pytest.fixture
def with_threads(monkeypatch):
    """Threads may start, as on a real site; all of them are gone at the end."""
    monkeypatch.setattr(threads, "is_test_run", lambda: False)
    sender = wake.Sender()
    monkeypatch.setattr(wake, "_sender", lambda: sender)
    waiting._pool.renew()
    yield sender
    sender.stop()
    waiting._pool().shutdown(wait=True)
    waiting._pool.renew()


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
class TestThreads:
    def test_a_commit_wakes_the_thread_which_delivers(self, site, make_user, with_threads, hear):
        arrived = threading.Event()
        heard = hear(signals.action_played)
        signals.action_played.connect(lambda **_: arrived.set(), weak=False, dispatch_uid="arrived")
        user = make_user()
        services.play(user, "finish_book", {"pages": 320})
        assert arrived.wait(10)
        signals.action_played.disconnect(dispatch_uid="arrived")
        with_threads.stop()
        assert Delivery.objects.filter(state="delivered").count() == 2
        assert heard[0]["user"] == user

    def test_the_caller_is_released_and_the_exchange_ends_in_its_thread(
        self, remote, configure, make_user, with_threads
    ):
        configure(remote.auth_url, remote.api_url, SEND_BUDGET=0.5, DELIVERY="worker")
        user = make_user()
        drain()
        remote.replies.append(Reply(200, {"events": {"local": [], "global": []}}, delay=1.5))
        assert services.play(user, "wave", wait=True).status == "pending"
        waiting._pool().shutdown(wait=True)
        waiting._pool.renew()
        row = Delivery.objects.get(kind="play")
        assert (row.state, row.sends) == ("delivered", 1)

    def test_waiting_and_thread_together_send_a_row_once(self, site, remote, make_user, with_threads):
        user = make_user()
        assert services.play(user, "finish_book", {"pages": 320}, wait=True).status == "applied"
        with_threads.stop()
        assert [seen.path for seen in remote.requests].count("/v2/runtime/actions/finish_book/play") == 1


@pytest.mark.django_db
class TestModes:
    def test_no_thread_starts_in_a_test_run(self, site, make_user):
        before = threading.active_count()
        make_user()
        wake.kick("default")
        assert threading.active_count() == before
        assert not threads.may_start()

    def test_with_a_worker_a_kick_does_nothing(self, remote, configure, monkeypatch):
        configure(remote.auth_url, remote.api_url, DELIVERY="worker")
        monkeypatch.setattr(threads, "is_test_run", lambda: False)
        woken = []
        monkeypatch.setattr(wake.Sender, "wake", lambda self, game: woken.append(game))
        wake.kick("default")
        assert woken == []

    def test_without_a_worker_it_wakes_the_thread(self, site, monkeypatch):
        monkeypatch.setattr(threads, "is_test_run", lambda: False)
        woken = []
        monkeypatch.setattr(wake.Sender, "wake", lambda self, game: woken.append(game))
        wake.kick("default")
        assert woken == ["default"]

    def test_a_uwsgi_without_threads_is_noticed(self, monkeypatch):
        import sys
        from types import SimpleNamespace

        monkeypatch.setattr(threads, "is_test_run", lambda: False)
        monkeypatch.setitem(sys.modules, "uwsgi", SimpleNamespace(opt={}))
        assert not threads.may_start()
        monkeypatch.setitem(sys.modules, "uwsgi", SimpleNamespace(opt={"enable-threads": True}))
        assert threads.may_start()
