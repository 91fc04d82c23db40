"""What is written down, when, and what that costs the one who writes."""

from __future__ import annotations

import logging
from datetime import date

import pytest
from django.db import DatabaseError, transaction

from django_playlyfe import services, signals
from django_playlyfe.delivery import drain
from django_playlyfe.exceptions import Conflict, InvalidRequest
from django_playlyfe.models import Delivery, PlayerLink
from django_playlyfe.services import sync
from tests.client.servers import Reply

pytestmark = pytest.mark.django_db


@pytest.fixture
def no_network(monkeypatch):
    """Any call of the game fails the test."""

    def refuse(*_args, **_kwargs):
        raise AssertionError("the game was called")

    monkeypatch.setattr("django_playlyfe.client.session.Transport.send", refuse)


class TestRegistration:
    def test_it_calls_nobody_and_costs_two_queries(self, site, no_network, make_user, count_queries, states, settings):
        settings.PLAYLYFE = {"default": {**settings.PLAYLYFE["default"], "CREATE_PLAYERS": False}}
        with count_queries() as plain:
            make_user()
        settings.PLAYLYFE = {"default": {**settings.PLAYLYFE["default"], "CREATE_PLAYERS": True}}
        with count_queries() as counted:
            user = make_user()
        assert len(counted) - len(plain) == 2
        assert states() == [("create", "pending")]
        assert user.playlyfe_links.get().state == PlayerLink.State.PENDING

    def test_a_transaction_that_is_rolled_back_leaves_nothing_owed(self, site, make_user, rolled_back, states):
        with rolled_back():
            make_user()
        assert states() == []

    def test_a_table_that_is_missing_keeps_nobody_from_registering(self, site, make_user, caplog, monkeypatch, hear):
        def fail(*_args, **_kwargs):
            raise DatabaseError("no such table")

        monkeypatch.setattr(Delivery, "save", fail)
        heard = hear(signals.delivery_failed)
        user = make_user()
        monkeypatch.undo()
        assert user.playlyfe_links.get().state == PlayerLink.State.FAILED
        assert [record.levelno for record in caplog.records if record.name == "django_playlyfe.delivery"] == [
            logging.CRITICAL
        ]
        assert [news["player_id"] for news in heard] == [str(user.pk)]
        assert [done.step for done in sync.sync(sync.all_users())] == [sync.Step.REPAIR]
        assert Delivery.objects.get().kind == "create"

    def test_a_player_whose_creation_is_owed_needs_no_repair(self, site, make_user, states):
        user = make_user()
        services.ensure_player(user)
        assert [done.step for done in sync.sync(sync.all_users())] == [sync.Step.NOTHING]
        assert states() == [("create", "pending")]

    def test_what_changes_meanwhile_is_owed_behind_it(self, site, make_user, states):
        user = make_user()
        user.is_active = False
        user.save()
        user.save()
        assert states() == [("create", "pending"), ("update", "pending")]


class TestPlays:
    def test_a_play_for_a_user_without_a_player_owes_the_creation_first(self, site, make_user, states, settings):
        settings.PLAYLYFE = {"default": {**settings.PLAYLYFE["default"], "CREATE_PLAYERS": False}}
        user = make_user()
        result = services.play(user, "finish_book", {"pages": 320})
        assert result.status == "pending"
        assert states() == [("create", "pending"), ("play", "pending")]
        assert result.key == str(Delivery.objects.get(kind="play").key)

    def test_a_known_key_gives_the_row_that_has_it(self, site, make_user):
        user = make_user()
        first = services.play(user, "finish_book", {"pages": 1}, idempotency_key="book:1")
        again = services.play(user, "finish_book", {"pages": 1}, idempotency_key="book:1")
        assert (again.key, first.replayed, again.replayed) == (first.key, False, True)

    def test_a_known_key_with_other_content_is_a_conflict(self, site, make_user):
        user = make_user()
        services.play(user, "finish_book", {"pages": 1}, idempotency_key="book:1")
        with pytest.raises(Conflict):
            services.play(user, "finish_book", {"pages": 2}, idempotency_key="book:1")

    def test_a_refused_play_does_not_use_up_its_key(self, site, remote, make_user):
        user = make_user()
        drain()
        remote.replies.append(Reply(429, {"error": "rate_limit_exceeded", "error_description": "only once"}))
        refused = services.play(user, "finish_book", {"pages": 1}, idempotency_key="book:1", wait=True)
        again = services.play(user, "finish_book", {"pages": 2}, idempotency_key="book:1", wait=True)
        assert (refused.status, again.status, again.replayed) == ("refused", "applied", False)
        assert again.key == refused.key

    @pytest.mark.parametrize(
        "variables",
        [
            {"when": object()},
            {"x": float("nan")},
            {"text": "a" * 70_000},
            {"text": "a\0b"},
            {"a\0b": 1},
            {"text": "\\\0"},
            {"text": "\ud800"},
            ["pages"],
            "pages",
        ],
        ids=lambda given: repr(given)[:30],
    )
    def test_what_cannot_be_sent_is_refused_at_once(self, site, make_user, variables):
        with pytest.raises(InvalidRequest):
            services.play(make_user(), "finish_book", variables)
        assert not Delivery.objects.filter(kind="play").exists()

    def test_a_text_that_only_looks_like_the_escape_of_nul_is_owed(self, site, make_user):
        services.play(make_user(), "finish_book", {"text": "\\u0000"})
        assert Delivery.objects.get(kind="play").payload["variables"] == {"text": "\\u0000"}

    @pytest.mark.parametrize(
        "options",
        [
            {"count": 0},
            {"count": -1},
            {"count": 2**31},
            {"count": "2"},
            {"count": True},
            {"at": "yesterday"},
            {"at": date(2024, 3, 5)},
            {"idempotency_key": 5},
            {"idempotency_key": "a\0b"},
        ],
        ids=repr,
    )
    def test_what_every_game_would_refuse_is_refused_while_its_caller_is_there(self, site, make_user, options):
        with pytest.raises(InvalidRequest):
            services.play(make_user(), "finish_book", **options)
        assert not Delivery.objects.filter(kind="play").exists()

    @pytest.mark.parametrize("player_id", ["", "..", "a\nb", "x" * 129])
    def test_a_player_id_that_cannot_be_addressed_is_refused_at_once(self, site, player_id):
        with pytest.raises(InvalidRequest):
            services.play(player_id, "finish_book")

    def test_a_play_that_cannot_be_written_down_leaves_the_callers_transaction_usable(
        self, site, make_user, monkeypatch
    ):
        user = make_user()

        def fail(*_args, **_kwargs):
            raise DatabaseError("disk full")

        with transaction.atomic():
            monkeypatch.setattr(Delivery, "save", fail)
            result = services.play(user, "finish_book")
            with pytest.raises(DatabaseError):
                services.play(user, "finish_book", strict=True)
            monkeypatch.undo()
            other = make_user(username="other")
        assert result.status == "refused"
        assert other.pk

    def test_plays_of_one_call_are_written_in_one_transaction(self, site, make_user, states):
        user = make_user()
        results = services.play_many([services.Play(user, "wave"), services.Play(user, "wave")])
        assert [result.status for result in results] == ["pending", "pending"]


class TestForgetting:
    def test_a_player_who_was_never_sent_is_only_cancelled(self, site, make_user, states):
        user = make_user()
        services.play(user, "finish_book")
        user.delete()
        assert states() == [("create", "cancelled"), ("play", "cancelled")]

    def test_a_known_player_is_deleted_there_too(self, site, remote, make_user, states):
        user = make_user()
        drain()
        services.play(user, "finish_book", {"pages": 320}, wait=True)
        services.play(user, "finish_book")
        user.delete()
        assert states() == [
            ("create", "delivered"),
            ("play", "delivered"),
            ("play", "cancelled"),
            ("delete", "pending"),
        ]
        assert "320" not in str(list(Delivery.objects.values_list("payload", "answer")))
        drain()
        assert remote.requests[-1].method == "DELETE"
        assert states()[-1] == ("delete", "delivered")

    def test_a_player_who_is_kept_loses_what_was_owed(self, site, make_user, states, settings):
        settings.PLAYLYFE = {"default": {**settings.PLAYLYFE["default"], "ON_USER_DELETE": "keep"}}
        user = make_user()
        drain()
        services.play(user, "finish_book")
        user.delete()
        assert states() == [("create", "delivered"), ("play", "cancelled")]
