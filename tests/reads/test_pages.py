"""Whole pages of a site whose game is somewhere else: what people see through an outage."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction
from django.template import Context, Template
from django.urls import reverse

from django_playlyfe import instants, services
from django_playlyfe.backends import games
from django_playlyfe.delivery import drain
from django_playlyfe.models import Delivery, PlayerLink, Snapshot
from tests.client.servers import Reply

PAGES = ("profile", "actions", "leaderboards", "activity")
BOARDS = [{"id": "top", "name": "Top", "entity_type": "players", "metric": {"id": "xp", "name": "XP", "type": "point"}}]
TOO_LONG = {"error": "validation_exception", "error_description": "The alias is taken", "data": {}}


@pytest.fixture
def player(site, remote, make_user, client):
    """A linked user who is logged in."""
    user = make_user()
    drain()
    assert PlayerLink.objects.get(user=user).state == "linked"
    remote.requests.clear()
    client.force_login(user)
    return user


def seen_by(client, name):
    page = client.get(reverse(f"playlyfe:{name}"))
    assert page.status_code == 200, name
    return page.content.decode()


@pytest.mark.django_db
def test_n14_a_game_that_is_gone_for_good_leaves_pages_with_their_date(
    player, remote, client, configure, closed_port, flush
):
    seen_by(client, "profile")
    configure(closed_port)
    flush()
    with time_machine.travel(instants.now() + timedelta(days=40), tick=True):
        client.force_login(player)
        page = seen_by(client, "profile")
        assert "as of" in page
        assert '<time datetime="' in page
        for name in PAGES[1:]:
            seen_by(client, name)
        for number in range(3):
            services.play(player, "finish_book", {"pages": number})
        assert "pending (3)" in seen_by(client, "profile")
        facts = services.status()
    assert not facts["ok"]
    assert facts["queue"]["rows"]["pending"] == 3


@pytest.mark.django_db
def test_a25_a_user_whose_alias_the_game_refuses_has_pages_all_the_same(site, remote, make_user, client):
    user = make_user()
    remote.replies.extend([Reply(400, TOO_LONG)] * 5)
    drain()
    assert Delivery.objects.get(kind="create").state == "dead"
    client.force_login(user)
    remote.replies.clear()
    for name in PAGES:
        assert "secret-canary" not in seen_by(client, name)


@pytest.mark.django_db
def test_only_the_player_is_told_what_is_pending(player, make_user, client, a_page):
    services.play(player, "finish_book", {"pages": 3})
    template = Template("{% load playlyfe %}{% playlyfe_player reader %}")
    with a_page():
        assert "pending (1)" in template.render(Context({"user": player, "reader": player}))
    with a_page():
        assert "pending" not in template.render(Context({"user": make_user(), "reader": player}))


@pytest.mark.django_db
def test_rows_of_a_board_stand_in_for_profiles_that_were_never_read(
    site, remote, a_page, flush, configure, closed_port
):
    rows = {"data": [{"player": {"id": "grace", "alias": "Grace"}, "score": "9", "rank": 1}], "total": 1}
    remote.answers = {"/v2/runtime/leaderboards/top": rows, "/v2/runtime/leaderboards": BOARDS}
    with a_page():
        page = services.leaderboard("top", "ada")
    assert [row.alias for row in page.rows] == ["Grace"]
    stored = Snapshot.objects.get(ident="grace")
    assert (stored.kind, stored.source) == ("profile.detailed", "board")
    flush()
    configure(closed_port)
    with a_page():
        player = services.profile("grace", detailed=True)
    assert (player.alias, player.points("xp"), player.source) == ("Grace", 9, "stored")


@pytest.mark.django_db(transaction=True)
def test_c7_a_cache_in_the_database_is_not_written_inside_a_transaction(site, remote, a_page, settings, monkeypatch):
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "playlyfe_test_cache"}
    }
    call_command("createcachetable", verbosity=0)
    site = games["default"]  # made anew by the settings
    site.client.status()  # has a token from here on
    shelf, wrote = site.shelf, []
    for name in ("add", "set"):
        original = getattr(shelf._sharing, name)

        def noted(*arguments, original=original):
            wrote.append(threading.current_thread())
            return original(*arguments)

        monkeypatch.setattr(shelf._sharing, name, noted)
    with transaction.atomic(), a_page():
        assert services.profile("ada").alias == "Ada"
    assert threading.current_thread() not in wrote
    assert wrote, "the thread of the pool has elected itself"


@pytest.mark.django_db
def test_the_embedded_engine_answers_live_and_stores_nothing(game, make_user, a_page):
    with a_page():
        player = services.profile(make_user())
    assert (player.source, player.is_stale) == ("live", False)
    assert not Snapshot.objects.exists()
