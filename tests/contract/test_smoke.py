"""What every test project owes, whatever its backend: no engine and no server are needed, for the game is in memory."""

from __future__ import annotations

import re

import pytest
from django.conf import settings as site
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.checks import run_checks
from django.core.management import call_command
from django.urls import reverse

from django_playlyfe import conf, services
from django_playlyfe.models import PlayerLink
from django_playlyfe.testing import assert_played, drain, override_playlyfe

pytestmark = [pytest.mark.django_db, pytest.mark.contract]

INLINE = re.compile(
    r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)(?![^>]*application/)", re.IGNORECASE
)


@pytest.fixture
def reader(make_user, client):
    """A reader who has earned something in each game."""
    with override_playlyfe({"buy_bookmark": {"coins": 20, "badges": {"Bookmark": 1}, "level": "Reader"}}):
        user = make_user()
        services.play(user, "buy_bookmark", wait=True)
        drain()
        client.force_login(user)
        yield user


def test_the_checks_find_nothing_to_say():
    found = run_checks(databases=list(site.DATABASES))
    assert {message.id for message in found} <= {"django_playlyfe.W001"}  # the cache of tests is not shared


def test_no_setting_wants_a_migration():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("name", ["profile", "actions", "leaderboards", "activity"])
def test_pages_answer_and_have_nothing_inline(reader, client, name):
    page = client.get(reverse(f"playlyfe:{name}"))
    assert page.status_code == 200
    assert INLINE.findall(page.content.decode()) == []


def test_a_play_from_the_browser_is_applied_and_told_once(reader, client):
    page = client.post(reverse("playlyfe:play", args=["buy_bookmark"]), follow=True).content.decode()
    assert_played(reader, "buy_bookmark", times=2)
    assert "20 coins" in page.lower()
    assert "New badge" not in client.get(reverse("playlyfe:actions")).content.decode()


def test_the_admin_shows_links_also_of_a_user_model_that_it_does_not_know(reader, client):
    boss = get_user_model()._default_manager.get(pk=reader.pk)
    boss.is_staff = boss.is_superuser = True
    boss.save()
    link = PlayerLink.objects.get(user=reader, game="default")
    assert client.get(reverse("admin:django_playlyfe_playerlink_changelist")).status_code == 200
    assert client.get(reverse("admin:django_playlyfe_playerlink_change", args=[link.pk])).status_code == 200


def test_a_deleted_user_is_forgotten(reader):
    with override_playlyfe() as game:
        reader.delete()
        drain()
        assert not PlayerLink.objects.exists()
        assert game.players == {}


@pytest.mark.skipif(len(conf.games()) < 2, reason="this project has one game")
def test_games_keep_apart(game, make_user):
    user = make_user()
    first, second = list(conf.games())[:2]
    services.play(user, "finish_book", {"pages": 320}, game=second)
    assert services.profile(user, game=first).points("xp") == 0
    assert services.profile(user, game=second).points("xp") == 32
    assert PlayerLink.objects.filter(user=user).count() == 2


@pytest.mark.skipif(admin.site.is_registered(get_user_model()), reason="the user model is registered here")
def test_an_unregistered_user_model_offers_no_search(reader, client):
    assert "user" not in admin.site._registry[PlayerLink].autocomplete_fields
