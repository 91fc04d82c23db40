"""The memo of a request: one look-up per question, never an old answer."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest
from django.core.signals import request_finished, request_started
from django.db import transaction

from django_playlyfe import memo, services
from django_playlyfe.exceptions import PlayerNotFound

from . import costs

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("game", "noon")]


@pytest.fixture
def a_request():
    """``with a_request(): …`` is a request as the memo sees one. Django's own receivers, which would close the test's
    connection, do not hear of it."""

    @contextmanager
    def underway():
        memo._open()
        yield
        memo._drop()

    return underway


def finish(user, pages=100):
    return services.play(user, "finish_book", {"pages": pages})


class TestWithinARequest:
    def test_the_same_question_is_asked_once(self, make_user, a_request, count_queries):
        user = make_user()
        with a_request():
            services.profile(user)
            with count_queries() as counted:
                services.profile(user)
                services.profile(user, detailed=False)
        assert counted == []

    def test_another_question_is_another_look_up_but_link_and_player_are_known(
        self, make_user, a_request, count_queries
    ):
        user = make_user()
        with a_request():
            services.profile(user)
            with count_queries() as counted:
                services.activity(user)
            assert len(counted) == 1
            with count_queries() as counted:
                services.profile(user, detailed=True)  # the same scores, told in another way
            assert counted == []

    def test_after_a_write_the_player_is_looked_for_again(self, make_user, a_request):
        user = make_user()
        with a_request():
            assert services.profile(user).points("xp") == 0
            services.play(user, "finish_book", {"pages": 600})
            assert services.profile(user).points("xp") == 60
            assert services.progress(user)[0].conditions[0].have == 60

    def test_a_failure_is_an_answer_too(self, a_request, count_queries):
        with a_request():
            with pytest.raises(PlayerNotFound):
                services.profile("nobody")
            with count_queries() as counted, pytest.raises(PlayerNotFound):
                services.profile("nobody")
        assert counted == []

    def test_a_write_forgets_what_was_read(self, make_user, a_request):
        user = make_user()
        with a_request():
            services.profile(user)
            finish(user)
            assert services.profile(user).points("xp") == 10

    def test_nothing_is_remembered_of_a_transaction_that_may_be_rolled_back(self, make_user, a_request, rolled_back):
        user = make_user()
        with a_request():
            with rolled_back():
                finish(user)
                assert services.profile(user).points("xp") == 10
            assert services.profile(user).points("xp") == 0

    @pytest.mark.django_db(transaction=True)
    def test_after_the_commit_answers_are_remembered_again(self, make_user, a_request, count_queries):
        user = make_user()
        with a_request():
            with transaction.atomic():
                finish(user)
                services.profile(user)
            services.profile(user)
            with count_queries() as counted:
                assert services.profile(user).points("xp") == 10
        assert counted == []

    def test_one_request_knows_nothing_of_another(self, make_user, a_request, count_queries):
        user = make_user()
        with a_request():
            services.profile(user)
        with a_request(), count_queries() as counted:
            services.profile(user)
        assert len(counted) == costs.queries(4, 3)

    def test_another_thread_does_not_share_it(self, a_request):
        seen = []
        thread = threading.Thread(target=lambda: seen.append(memo._current.get()))
        with a_request():
            thread.start()
            thread.join()
        assert seen == [None]


def test_outside_a_request_nothing_is_remembered(make_user, count_queries):
    user = make_user()
    services.profile(user)
    with count_queries() as counted:
        services.profile(user)
    assert len(counted) == costs.queries(4, 3)


def test_djangos_requests_open_and_drop_it(client):
    remembered = []

    def look(**kwargs):
        remembered.append(memo._current.get())

    request_started.connect(look)
    request_finished.connect(look)
    client.get("/a-page-that-is-not-there/")
    opened, dropped = remembered
    assert opened is not None
    assert opened.answers == {}
    assert dropped is None
    assert memo._current.get() is None
