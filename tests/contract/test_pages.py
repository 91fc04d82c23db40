"""Every page of the package answers in every test project."""

from __future__ import annotations

import pytest
from django.urls import reverse

from django_playlyfe import services

pytestmark = [pytest.mark.django_db, pytest.mark.contract, pytest.mark.usefixtures("game", "noon")]


@pytest.fixture
def reader(make_user, client):
    user = make_user()
    client.force_login(user)
    services.play(user, "finish_book", {"pages": 600})
    return user


@pytest.mark.parametrize("name", ["profile", "actions", "leaderboards", "activity"])
def test_a_players_pages_answer(reader, client, name):
    assert client.get(reverse(f"playlyfe:{name}")).status_code == 200


def test_the_board_marks_the_viewer(reader, client):
    page = client.get(reverse("playlyfe:leaderboard", args=["top_readers"]))
    assert page.status_code == 200
    assert "60" in page.content.decode()


def test_another_players_page_answers(reader, client, make_user):
    other = services.ensure_player(make_user()).player_id
    assert client.get(reverse("playlyfe:player", args=[other])).status_code == 200


def test_the_browser_plays_only_what_the_site_lists(reader, client):
    refused = client.post(reverse("playlyfe:play", args=["finish_book"]), {"pages": 1000})
    assert refused.status_code in (403, 404)
    assert services.profile(reader).points("xp") == 60


def test_reading_never_plays(reader, client):
    assert client.get(reverse("playlyfe:play", args=["buy_bookmark"])).status_code == 405
