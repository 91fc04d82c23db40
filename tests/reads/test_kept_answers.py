"""Answers of a remote game are kept: what a page shows while the game is asked anew, or is not there."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import caches
from django.db import connection
from django.template import Context, Template
from django.urls import reverse

from django_playlyfe import instants, services
from django_playlyfe.backends import games
from django_playlyfe.exceptions import PlayerNotFound, Suppressed
from django_playlyfe.models import PlayerLink, Snapshot
from django_playlyfe.reading import answering, bulkhead, page_budget, snapshots
from django_playlyfe.reading.background import reader
from django_playlyfe.reading.shelf import wants_refresh
from tests.client.servers import Reply, raw_server

pytestmark = pytest.mark.django_db

ALIAS = {"id": "ada", "alias": "Ada", "enabled": True, "scores": [], "teams": []}
TEN_TAGS = "{% load playlyfe %}" + "{% playlyfe_player 'ada' %}{% playlyfe_scores 'ada' %}" * 5
PROBLEM = {"error": "service_unavailable", "error_description": "later"}


def reads(server):
    """Calls but for tokens."""
    return [seen for seen in server.requests if seen.method == "GET"]


def shown(template, **context):
    return Template(template).render(Context(context))


def an_hour_later():
    return time_machine.travel(instants.now() + timedelta(hours=1), tick=True)


class TestOnePage:
    def test_ten_tags_on_one_resource_make_one_call_cold_and_none_warm(self, site, remote, a_page):
        with a_page():
            page = shown(TEN_TAGS)
        assert page.count("<bdi>Ada</bdi>") == 5
        assert len(reads(remote)) == 1
        with a_page():
            assert shown(TEN_TAGS) == page
        assert len(reads(remote)) == 1

    def test_a_failure_is_met_once(self, site, remote, a_page):
        remote.replies.extend([Reply(500, PROBLEM)] * 10)
        with a_page():
            assert shown(TEN_TAGS).count("Not available at the moment.") == 10
        assert len(reads(remote)) == 1

    def test_it_says_where_the_answer_comes_from(self, site, remote, a_page):
        with a_page():
            live = services.profile("ada")
        with a_page():
            kept = services.profile("ada")
        assert (live.source, live.is_stale) == ("live", False)
        assert (kept.source, kept.is_stale) == ("cache", False)
        assert kept == live
        assert abs(kept.as_of - live.as_of) < timedelta(seconds=30)


class TestStale:
    def test_r2_it_is_shown_at_once_and_marked_while_the_game_hangs(self, site, remote, a_page, configure):
        with a_page():
            services.profile("ada", detailed=True)

        def hang(server, connection, number):
            server.read_request(connection)
            server.keep(connection)

        with raw_server(hang) as hanging, an_hour_later():
            shelf = games["default"].shelf
            configure(hanging.url).__dict__["shelf"] = shelf  # what is known of the game, which hangs from now on
            with a_page():
                player = services.profile("ada", detailed=True)
                waited = page_budget.current()._spent
                page = shown("{% load playlyfe %}{% playlyfe_player 'ada' %}")
        assert waited == 0, "the page did not wait for the game at all"
        assert (player.source, player.is_stale, player.alias) == ("cache", True, "Ada")
        assert '<time datetime="' in page
        assert "as of" in page

    def test_one_of_all_pages_has_it_read_anew(self, site, remote, a_page, pool_work_is_over):
        with a_page():
            services.profile("ada")
        remote.replies.append(Reply(200, {**ALIAS, "alias": "Countess"}))
        with an_hour_later():
            for _ in range(5):
                with a_page():
                    services.profile("ada")
            pool_work_is_over()
            assert len(reads(remote)) == 2
            with a_page():
                player = services.profile("ada")
        assert (player.alias, player.source, player.is_stale) == ("Countess", "cache", False)

    def test_a_failed_refresh_never_replaces_it(self, site, remote, a_page, pool_work_is_over):
        with a_page():
            services.profile("ada")
        remote.replies.extend([Reply(404, {"error": "player_not_found", "error_description": "nobody"})] * 4)
        with an_hour_later():
            with a_page():
                services.profile("ada")
            pool_work_is_over()
            with a_page():
                assert services.profile("ada").alias == "Ada"
        assert len(reads(remote)) == 2

    def test_a_fresh_one_is_refreshed_early_by_chance(self, site, remote, a_page, pool_work_is_over, monkeypatch):
        with a_page():
            services.profile("ada")
        monkeypatch.setattr(answering, "chance", lambda: 1.0 - 1e-300)
        monkeypatch.setattr(answering, "wants_refresh", lambda age, fresh_for, delta, chance: chance < 1e-9)
        with a_page():
            assert not services.profile("ada").is_stale
        pool_work_is_over()
        assert len(reads(remote)) == 2

    @pytest.mark.parametrize(
        ("age", "chance", "early"), [(0, 0.5, False), (59.9, 0.5, True), (60, 1.0, True), (0, 1e-30, True)]
    )
    def test_the_less_time_is_left_the_likelier_is_an_early_refresh(self, age, chance, early):
        assert wants_refresh(age, 60, 1.0, chance) is early


class TestNothingInTheCache:
    def test_r5_a_flushed_cache_and_a_game_that_is_gone_leave_the_snapshot(
        self, site, remote, a_page, flush, configure, closed_port
    ):
        with a_page():
            services.profile("ada")
        assert Snapshot.objects.get().kind == "profile"
        flush()
        configure(closed_port)
        with a_page():
            player = services.profile("ada")
        assert (player.alias, player.source, player.is_stale) == ("Ada", "stored", True)

    def test_an_old_snapshot_helps_when_the_game_does_not_answer(
        self, site, remote, a_page, flush, configure, closed_port
    ):
        with a_page():
            services.profile("ada")
        flush()
        configure(closed_port)
        with time_machine.travel(instants.now() + timedelta(days=400), tick=True), a_page():
            assert services.profile("ada").source == "stored"

    def test_an_old_snapshot_is_not_shown_where_the_game_answers(self, site, remote, a_page, flush):
        with a_page():
            services.profile("ada")
        flush()
        with time_machine.travel(instants.now() + timedelta(days=2), tick=True), a_page():
            assert services.profile("ada").source == "live"

    def test_a_snapshot_is_written_when_it_says_something_new_or_is_ten_minutes_old(self, site, remote, count_queries):
        services.profile("ada")
        first = Snapshot.objects.get()
        services.profile("ada")
        assert Snapshot.objects.get().at == first.at
        remote.replies.append(Reply(200, {**ALIAS, "alias": "Countess"}))
        services.profile("ada")
        second = Snapshot.objects.get()
        assert second.at > first.at
        assert "Countess" in second.body
        with time_machine.travel(instants.now() + timedelta(minutes=11), tick=True):
            remote.replies.append(Reply(200, {**ALIAS, "alias": "Countess"}))
            services.profile("ada")
        assert Snapshot.objects.get().at > second.at

    @pytest.mark.parametrize("name", ["profile", "actions", "leaderboards", "activity"])
    def test_r3_pages_say_that_there_is_nothing(self, name, configure, closed_port, client, make_user):
        configure(closed_port)
        user = make_user()
        PlayerLink.objects.update(state="linked")
        client.force_login(user)
        page = client.get(reverse(f"playlyfe:{name}"))
        assert page.status_code == 200
        assert "Not available at the moment." in page.content.decode()

    @pytest.mark.django_db(transaction=True)
    def test_r1_of_many_cold_pages_one_asks_and_the_others_wait_for_it(self, site, remote, a_page):
        remote.replies.append(Reply(200, ALIAS, delay=0.3))
        together, got = threading.Barrier(20), []

        def page():
            with a_page():
                together.wait()
                try:
                    got.append(services.profile("ada").alias)
                finally:
                    connection.close()

        threads = [threading.Thread(target=page) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert got == ["Ada"] * 20
        assert len(reads(remote)) == 1

    @pytest.mark.django_db(transaction=True)
    def test_outside_a_test_run_the_thread_that_fetched_writes_the_snapshot(
        self, site, remote, a_page, pool_work_is_over, monkeypatch
    ):
        monkeypatch.setattr(answering, "is_test_run", lambda: False)
        wrote = []
        keep = snapshots.keep

        def noted(*arguments):
            wrote.append(threading.current_thread().name)
            keep(*arguments)

        monkeypatch.setattr(snapshots, "keep", noted)
        with a_page():
            services.profile("ada")
        pool_work_is_over()
        assert len(wrote) == 1
        assert wrote[0].startswith("playlyfe-read")
        assert Snapshot.objects.get().ident == "ada"

    def test_r7_a_full_bulkhead_leaves_what_is_stored(self, site, remote, a_page, flush, pool_work_is_over):
        with a_page():
            services.profile("ada")
        flush()
        pool_work_is_over()
        pool = bulkhead._bulkhead()
        for _ in range(bulkhead.THREADS + bulkhead.WAITING):
            assert pool._places.acquire(blocking=False)
        try:
            with time_machine.travel(instants.now() + timedelta(days=2), tick=True), a_page():
                assert services.profile("ada").source == "stored"
                with pytest.raises(Suppressed) as caught:
                    services.profile("grace")
        finally:
            pool._places.release(bulkhead.THREADS + bulkhead.WAITING)
        assert caught.value.reason == "pool_full"
        assert len(reads(remote)) == 1

    def test_that_there_is_no_such_player_is_remembered_for_half_a_minute(self, site, remote, a_page):
        nobody = Reply(404, {"error": "player_not_found", "error_description": "no such player"})
        remote.replies.extend([nobody, nobody])
        for _ in range(3):
            with a_page(), pytest.raises(PlayerNotFound):
                services.profile("nobody")
        assert len(reads(remote)) == 1

    def test_a_damaged_entry_is_a_miss(self, site, remote, a_page):
        with a_page():
            services.profile("ada")
        shelf = games["default"].shelf
        key = shelf.key(answering.Question("profile", "ada", None, 60, lambda: None))
        for rubbish in ("text", {"body": 3, "at": "x"}, {"body": {"surprise": 1}, "at": 1, "delta": 0, "patched": 0}):
            caches["default"].set(key, rubbish, 60)
            with a_page():
                assert services.profile("ada").alias == "Ada"


def test_r6_an_exception_inside_a_tag_leaves_a_placeholder(site, remote, a_page, monkeypatch, caplog):
    def broken(*args, **kwargs):
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr(services, "profile", broken)
    with a_page():
        page = shown("before {% load playlyfe %}{% playlyfe_player 'ada' %} after")
    assert "Not available at the moment." in page
    assert page.startswith("before")
    assert "ZeroDivisionError" in caplog.text


class TestManyPlayers:
    IDS = tuple(f"player{number}" for number in range(50))

    def test_r4_a_list_of_fifty_is_one_look_one_query_and_two_calls(self, site, remote, a_page, count_queries, looks):
        with a_page(), count_queries() as counted:
            services.prefetch_players(self.IDS)
            answers = [_profile_or_none(player_id) for player_id in self.IDS]
        snapshots = [query for query in counted if "SELECT" in query and "IN (" in query]
        assert len(snapshots) == 1
        assert len(looks) == 1
        assert len(reads(remote)) == 2
        assert sum(answer is not None for answer in answers) == 2

    def test_what_is_stored_is_shown_and_read_anew_in_the_background(
        self, site, remote, a_page, flush, count_queries, looks
    ):
        for player_id in self.IDS:
            services.profile(player_id, detailed=True)
        flush()
        remote.requests.clear()
        looks.clear()
        with a_page(), count_queries() as counted:
            services.prefetch_players(self.IDS)
            answers = [services.profile(player_id, detailed=True) for player_id in self.IDS]
        assert (len(counted), len(looks), len(reads(remote))) == (1, 1, 0)
        assert {answer.source for answer in answers} == {"stored"}
        assert reader().work_off() == 50
        assert len(reads(remote)) == 50
        with a_page():
            services.prefetch_players(self.IDS)
            assert services.profile(self.IDS[7], detailed=True).source == "cache"


@pytest.fixture
def looks(site, monkeypatch):
    """Each ``get_many`` that reads for pages: how many keys it asked for."""
    seen = []
    read = site.shelf._sharing.read

    def counted(keys):
        seen.append(len(keys))
        return read(keys)

    monkeypatch.setattr(site.shelf._sharing, "read", counted)
    return seen


def _profile_or_none(player_id):
    try:
        return services.profile(player_id, detailed=True)
    except Suppressed:
        return None
