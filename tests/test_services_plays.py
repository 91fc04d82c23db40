"""Plays through the services: transactions, refusals, what is whose mistake, public signals."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import override_settings

from django_playlyfe import services, signals
from django_playlyfe.backends.engine import EngineBackend
from django_playlyfe.exceptions import (
    AccessDenied,
    ActionLimitReached,
    ActionNotFound,
    InvalidRequest,
    NotFound,
    PlayerNotFound,
)
from django_playlyfe.models import PlayerLink
from django_playlyfe.services import Play
from tests.costs import queries_of_a_play

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("game", "noon")]

ENGINE = "django_playlyfe.backends.engine.EngineBackend"


@pytest.fixture
def user(make_user):
    return make_user()


@pytest.fixture
def heard():
    """What the public signals say: a list of (name, arguments)."""
    names = ["player_created", "player_updated", "player_forgotten", "action_played", "action_refused"]
    names += ["level_changed", "achievement_unlocked"]
    said = []
    receivers = []
    for name in names:

        def receive(name=name, **arguments):
            said.append((name, arguments))

        receivers.append(receive)
        getattr(signals, name).connect(receive)
    yield said
    for name, receive in zip(names, receivers, strict=True):
        getattr(signals, name).disconnect(receive)


def finish(user, pages=100, **options):
    return services.play(user, "finish_book", {"pages": pages}, **options)


class TestTransactions:
    def test_a_play_is_rolled_back_with_the_caller(self, user, rolled_back):
        with rolled_back():
            finish(user)
        assert services.profile(user).points("xp") == 0

    def test_an_error_leaves_the_callers_transaction_usable(self, user, make_user):
        with transaction.atomic():
            with pytest.raises(ActionNotFound):
                services.play(user, "nothing")
            with pytest.raises(InvalidRequest):
                services.play(user, "finish_book", {"pages": "many"})
            finish(user)
        assert services.profile(user).points("xp") == 10

    def test_a_user_without_a_player_becomes_one_by_playing(self, make_user):
        with override_settings(PLAYLYFE={"default": {"BACKEND": ENGINE, "CREATE_PLAYERS": False}}):
            user = make_user()
            assert finish(user)
        assert services.profile(user).points("xp") == 10
        assert len(services.feedback(user)) == 1

    def test_a_mistake_makes_nobody_a_player(self, make_user):
        with override_settings(PLAYLYFE={"default": {"BACKEND": ENGINE, "CREATE_PLAYERS": False}}):
            user = make_user()
            with pytest.raises(ActionNotFound):
                services.play(user, "nothing")
        assert PlayerLink.objects.count() == 0

    def test_a_refusal_still_makes_somebody_a_player(self, make_user):
        with override_settings(PLAYLYFE={"default": {"BACKEND": ENGINE, "CREATE_PLAYERS": False}}):
            user = make_user()
            assert not services.play(user, "buy_bookmark")
        assert services.profile(user).points("xp") == 0

    def test_a_linked_player_whom_the_game_has_lost_is_created_anew(self, user):
        EngineBackend(_settings()).delete_player(str(user.pk))
        assert finish(user)
        assert services.profile(user).points("xp") == 10

    def test_a_play_of_a_linked_user_costs_the_same_whatever_the_history(self, user, make_user, count_queries):
        finish(user)
        for _ in range(3):
            finish(make_user())
        finish(user)
        with count_queries() as counted:
            finish(user)
        # the link, and the eight of a play whose board has cycles: three where the database takes several at once
        assert len(counted) == queries_of_a_play(9, together=4), counted


class TestRefusals:
    def test_an_action_that_is_not_open_is_refused(self, user):
        result = services.play(user, "buy_bookmark")
        assert result.status == "refused"
        assert not result
        assert isinstance(result.error, AccessDenied)

    def test_a_limit_says_when_it_ends(self, user):
        for _ in range(5):
            finish(user)
        assert finish(user).error.retry_at is not None

    def test_somebody_whom_the_site_leaves_out_is_refused_without_a_notice(self, make_user):
        with override_settings(PLAYLYFE={"default": {"BACKEND": ENGINE, "PLAYER_FILTER": lambda user: False}}):
            user = make_user()
            result = finish(user)
            assert result.status == "refused"
            assert services.feedback(user) == []
            with pytest.raises(AccessDenied):
                finish(user, strict=True)

    def test_a_refusal_costs_a_constant_number_of_queries(self, user, count_queries):
        for _ in range(6):
            finish(user)
        with count_queries() as first:
            finish(user)
        with count_queries() as second:
            finish(user)
        assert len(first) == len(second) == queries_of_a_play(8, together=6)


class TestMistakes:
    def test_an_unknown_player_raises(self):
        with pytest.raises(PlayerNotFound):
            finish("nobody")

    @pytest.mark.parametrize("key", ["", "k" * 201])
    def test_a_key_has_between_1_and_200_characters(self, user, key):
        with pytest.raises(InvalidRequest):
            finish(user, idempotency_key=key)
        with pytest.raises(InvalidRequest):
            services.undo(user, "finish_book", idempotency_key=key)

    def test_a_game_without_undo_says_so(self, user):
        with override_settings(PLAYLYFE={"default": {"BACKEND": f"{__name__}.UndoLessBackend"}}):
            result = services.undo(user, "finish_book", idempotency_key="k")
            with pytest.raises(AccessDenied):
                services.undo(user, "finish_book", idempotency_key="k", strict=True)
        assert (result.status, result.error.code) == ("refused", "undo_unavailable")


class UndoLessBackend(EngineBackend):
    undo = False


class TestPlayMany:
    def test_results_come_in_the_order_given(self, make_user):
        ada, grace = make_user(), make_user()
        results = services.play_many(
            [
                Play(grace, "finish_book", {"pages": 100}),
                Play(ada, "buy_bookmark"),
                Play(grace, "finish_book", {"pages": 200}),
            ]
        )
        assert [result.status for result in results] == ["applied", "refused", "applied"]
        assert [results[0].earned[0].amount, results[2].earned[0].amount] == [10, 20]

    def test_an_error_undoes_all_of_them(self, user):
        with pytest.raises(ActionNotFound):
            services.play_many([Play(user, "finish_book", {"pages": 100}), Play(user, "nothing")])
        assert services.profile(user).points("xp") == 0

    def test_a_play_has_all_the_options(self, user):
        (result,) = services.play_many(iter([Play(user, "finish_book", {"pages": 100}, count=3, idempotency_key="k")]))
        assert result.earned[0].amount == 30
        assert finish(user, count=3, idempotency_key="k").replayed


class TestUndo:
    def test_an_undo_takes_back_what_was_earned(self, user):
        finish(user, idempotency_key="book:1")
        result = services.undo(user, "finish_book", idempotency_key="book:1")
        assert result.earned[0].amount == -10
        assert services.profile(user).points("xp") == 0

    def test_a_user_who_is_no_player_has_nothing_to_take_back(self, make_user):
        with override_settings(PLAYLYFE={"default": {"BACKEND": ENGINE, "CREATE_PLAYERS": False}}):
            user = make_user()
        assert services.undo(user, "finish_book", idempotency_key="k").status == "refused"

    def test_strict_raises_what_is_not_there(self, user):
        with pytest.raises(NotFound):
            services.undo(user, "finish_book", idempotency_key="k", strict=True)

    def test_what_was_not_there_leaves_the_transaction_usable_and_no_notice(self, user):
        with transaction.atomic():
            services.undo(user, "finish_book", idempotency_key="k")
            finish(user)
        assert [news.status for news in services.feedback(user)] == ["applied"]


@pytest.mark.django_db(transaction=True)
class TestSignals:
    def test_a_play_is_told_with_its_result(self, user, heard):
        finish(user, 600)
        names = [name for name, _ in heard]
        assert names == ["action_played", "level_changed"]
        arguments = dict(heard)["action_played"]
        assert arguments["sender"] is EngineBackend
        assert (arguments["user"], arguments["player_id"], arguments["game"]) == (user, str(user.pk), "default")
        assert arguments["result"].status == "applied"
        assert arguments["result"].key
        assert dict(heard)["level_changed"]["event"].changes[0].new == "Reader"

    def test_an_achievement_is_told(self, user, heard):
        for _ in range(5):
            finish(user)
        ((_, arguments),) = [said for said in heard if said[0] == "achievement_unlocked"]
        assert arguments["event"].earned[0].name == "Bookworm"

    def test_nothing_is_told_of_what_is_rolled_back(self, user, heard, rolled_back):
        with rolled_back():
            finish(user)
            services.play(user, "buy_bookmark")
        assert heard == []

    def test_nothing_is_told_before_the_commit(self, user, heard):
        with transaction.atomic():
            finish(user)
            assert heard == []
        assert heard

    def test_a_replay_is_not_told_again(self, user, heard):
        finish(user, idempotency_key="k")
        finish(user, idempotency_key="k")
        assert [name for name, _ in heard] == ["action_played"]

    def test_a_refusal_is_told_with_its_error(self, user, heard):
        services.play(user, "buy_bookmark")
        ((name, arguments),) = heard
        assert name == "action_refused"
        assert arguments["action"] == "buy_bookmark"
        assert isinstance(arguments["result"].error, AccessDenied)

    def test_a_play_that_the_site_did_not_make_is_told_too(self, user, heard):
        from django_playlyfe.engine import services as engine
        from django_playlyfe.engine.realm import Realm

        engine.play(Realm("library_quest"), str(user.pk), "finish_book", {"pages": 100})
        assert [(name, arguments["user"]) for name, arguments in heard] == [("action_played", user)]

    def test_a_play_in_another_environment_is_not_ours(self, user, heard):
        with override_settings(PLAYLYFE={"default": {"BACKEND": ENGINE, "OPTIONS": {"ENVIRONMENT": "staging"}}}):
            from django_playlyfe.engine import services as engine
            from django_playlyfe.engine.realm import Realm

            engine.play(Realm("library_quest"), str(user.pk), "finish_book", {"pages": 100})
        assert heard == []

    def test_a_receiver_that_fails_stops_nobody(self, user, heard, caplog):
        def fail(**kwargs):
            raise RuntimeError("a receiver of the site")

        signals.action_played.connect(fail)
        try:
            assert finish(user)
        finally:
            signals.action_played.disconnect(fail)
        assert [name for name, _ in heard] == ["action_played"]
        assert "a receiver of the site" in caplog.text

    def test_players_who_come_change_and_go_are_told(self, make_user, heard):
        user = make_user()
        user.username = "countess"
        user.save()
        services.forget_player(user)
        assert [name for name, _ in heard] == ["player_created", "player_updated", "player_forgotten"]

    def test_nobody_is_looked_up_if_nobody_listens(self, user, count_queries):
        with count_queries() as counted:
            finish(user)
        assert sum("playerlink" in query for query in counted) == 1


def _settings():
    from django_playlyfe.conf import game_settings

    return game_settings()


def test_a_limit_of_a_player_id_reaches_its_user(user):
    for _ in range(5):
        finish(str(user.pk))
    with pytest.raises(ActionLimitReached):
        finish(str(user.pk), strict=True)
    finish(str(user.pk))
    statuses = [news.status for news in services.feedback(user)]
    assert statuses == ["applied"] * 5 + ["refused"]
