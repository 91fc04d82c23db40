"""Reads through the services: one look-up per question and request, users in boards, bounds."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import override_settings

from django_playlyfe import services
from django_playlyfe.exceptions import PlayerNotFound
from django_playlyfe.models import PlayerLink

from . import costs

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("game", "noon")]

ENGINE = "django_playlyfe.backends.engine.EngineBackend"


def finish(user, pages=100):
    return services.play(user, "finish_book", {"pages": pages})


class TestProfile:
    def test_it_costs_the_same_whatever_the_history(self, make_user, count_queries):
        user = make_user()
        with count_queries() as fresh:
            services.profile(user)
        for _ in range(5):
            finish(user, 600)
        with count_queries() as counted:
            services.profile(user)
        assert len(fresh) == len(counted) == costs.queries(4, 3), "the link, the player, scores and action counts"

    def test_detailed_shows_what_can_still_be_earned(self, make_user):
        user = make_user()
        assert services.profile(user).badges == ()
        names = [badge.name for badge in services.profile(user, detailed=True).badges]
        assert "Bookworm" in names
        assert "Night owl" not in names, "hidden badges stay a surprise"


class TestLeaderboard:
    def test_the_users_of_all_rows_come_with_one_query(self, make_user, count_queries):
        readers = [make_user() for _ in range(3)]
        with count_queries() as few:
            services.leaderboard("top_readers", readers[0])
        for _ in range(5):
            make_user()
        with count_queries() as many:
            board = services.leaderboard("top_readers", readers[0])
            assert all(row.user.pk for row in board.rows)
        assert len(few) == len(many) <= 6

    def test_a_player_without_a_user_has_none(self, make_user):
        make_user()
        PlayerLink.objects.all().delete()
        (row,) = services.leaderboard("top_readers").rows
        assert row.user is None

    @pytest.mark.parametrize("visitor", [None, AnonymousUser()])
    def test_a_visitor_sees_it_with_nobody_marked(self, make_user, visitor):
        make_user()
        board = services.leaderboard("top_readers", visitor)
        assert board.me is None
        assert [row.is_me for row in board.rows] == [False]
        assert (board.id, board.name, board.cycle, board.metric.id) == ("top_readers", "Top readers", "alltime", "xp")

    def test_a_user_who_is_no_player_is_a_visitor(self, make_user):
        user = make_user()
        services.forget_player(user)
        assert services.leaderboard("top_readers", user).me is None

    def test_reading_through_other_eyes_marks_nobody(self, make_user):
        librarian = make_user()
        settings = {"BACKEND": ENGINE, "READER_PLAYER_ID": str(librarian.pk)}
        with override_settings(PLAYLYFE={"default": settings}):
            board = services.leaderboard("top_readers", AnonymousUser())
        assert board.me is None
        assert [row.is_me for row in board.rows] == [False]

    def test_around_shows_the_neighbours(self, make_user):
        readers = [make_user() for _ in range(5)]
        for number, reader in enumerate(readers):
            finish(reader, 100 * (number + 1))
        board = services.leaderboard("top_readers", readers[2], around=True, radius=1)
        assert [row.user for row in board.rows] == [readers[3], readers[2], readers[1]]
        assert board.me.user == readers[2]
        assert board.total == 5

    def test_around_needs_a_player(self):
        with pytest.raises(PlayerNotFound):
            services.leaderboard("top_readers", AnonymousUser(), around=True)

    def test_a_page_can_start_anywhere_and_is_bounded(self, make_user):
        for _ in range(3):
            make_user()
        assert len(services.leaderboard("top_readers", skip=2, limit=2).rows) == 1
        assert len(services.leaderboard("top_readers", skip=-5, limit=-1).rows) == 1
        assert len(services.leaderboard("top_readers", limit=10**9).rows) == 3

    def test_boards_are_listed_for_visitors_too(self):
        assert "top_readers" in [board.id for board in services.leaderboards()]
        assert "top_readers" in [board.id for board in services.leaderboards(AnonymousUser())]


class TestActivity:
    def test_it_is_bounded(self, make_user):
        user = make_user()
        for _ in range(5):
            finish(user)
        assert len(services.activity(user, limit=2)) == 2
        assert len(services.activity(user, limit=0)) == 1

    def test_there_are_no_notifications_yet(self, make_user):
        assert list(services.notifications(make_user())) == []


class TestStatus:
    def test_a_game_that_works_says_which_design_is_active(self, make_user):
        make_user()
        status = services.status()
        assert status["ok"] is True
        assert status["game"] == "default"
        assert "Library Quest" in status["detail"]
        assert status["links"] == {"pending": 0, "linked": 1, "failed": 0}

    def test_a_game_without_a_design_says_what_to_do(self):
        with override_settings(PLAYLYFE={"default": {"BACKEND": ENGINE, "OPTIONS": {"GAME": "chess"}}}):
            status = services.status()
        assert status["ok"] is False
        assert "playlyfe_engine_load" in status["detail"]


class TestForgetAndExport:
    def test_a_forgotten_player_is_gone_and_the_user_stays(self, make_user):
        user = make_user()
        finish(user)
        assert services.forget_player(user) is True
        user.refresh_from_db()
        with pytest.raises(PlayerNotFound):
            services.profile(user)

    def test_there_may_be_nothing_to_forget(self, make_user):
        user = make_user()
        services.forget_player(user)
        assert services.forget_player(user) is False
        assert services.forget_player("nobody") is False

    def test_a_player_can_be_forgotten_by_id(self, make_user):
        user = make_user()
        assert services.forget_player(str(user.pk)) is True
        assert PlayerLink.objects.count() == 0

    def test_an_export_holds_the_link_and_what_the_game_knows(self, make_user):
        user = make_user()
        finish(user)
        services.play(user, "buy_bookmark")
        data = services.export(user)
        assert data["player_id"] == str(user.pk)
        assert data["link"]["user"] == str(user.pk)
        assert data["link"]["notices"][0]["action"]["id"] == "buy_bookmark"
        assert "finish_book" in str(data["player"])

    def test_an_export_by_player_id_needs_no_user(self, make_user):
        user = make_user()
        PlayerLink.objects.all().delete()
        assert services.export(str(user.pk))["link"] is None
