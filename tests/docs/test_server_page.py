"""The code of ``docs/server.rst``; of the containers, ``tests/engine/server/test_deployment.py`` reads the files."""

from __future__ import annotations

import shlex
from argparse import ArgumentParser
from io import StringIO

import pytest
from django.core.management import call_command

from django_playlyfe.engine import conf
from tests.docs.test_documentation import DOCS, blocks

CODE = [(language, text) for language, _, text in blocks(DOCS / "server.rst")]


ROUTES = [(language, text) for language, _, text in blocks(DOCS / "server-routes.rst")]
SECRET = "a-secret-that-only-the-desk-and-the-game-know-0123456789"


@pytest.mark.django_db
def test_the_desk_of_the_page_of_routes_edits_and_deploys(game, client):
    """``docs/server-routes.rst``: each curl as a request of the test client."""
    (script,) = [text for language, text in ROUTES if language == "sh"]
    make, *calls = script.replace("\\\n", " ").splitlines()
    call_command(*shlex.split(make)[2:], "--id", "desk", "--secret", SECRET, stdout=StringIO())
    grant = {"grant_type": "client_credentials", "client_id": "desk", "client_secret": SECRET}
    token = client.post("/auth/token", grant, content_type="application/json").json()["access_token"]
    assert len(calls) == 4
    for call in calls:
        curl = ArgumentParser()
        for option in ("-H", "-d", "-X"):
            curl.add_argument(option)
        curl.add_argument("url")
        told = curl.parse_args(shlex.split(call, comments=True)[1:])
        answer = client.generic(
            told.X or ("POST" if told.d else "GET"),
            told.url.replace("$GAME", ""),
            told.d or "",
            content_type="application/json",
            headers={"authorization": told.H.partition(": ")[2].replace("$TOKEN", token)},
        )
        assert answer.status_code < 300, (call, answer.content)


@pytest.mark.django_db
def test_the_clients_of_the_page_can_be_made(game):
    lines = [line for _, text in CODE for line in text.splitlines() if line.startswith("python manage.py")]
    assert len(lines) > 5
    for line in lines:
        call_command(*shlex.split(line, comments=True)[2:], stdout=StringIO(), stderr=StringIO())


def test_the_addresses_of_the_page_resolve():
    names = {}
    exec(next(text for _, text in CODE if "urlpatterns" in text), names)
    assert names["urlpatterns"][0].resolve("game/v2/admin") is not None


def test_the_settings_of_the_page_are_right(settings, monkeypatch):
    names = {}
    exec(next(text for _, text in CODE if "PLAYLYFE_SERVER" in text), names)
    given = names["PLAYLYFE_SERVER"]
    given["PLAYER_ID"] = given["PLAYER_ID"].replace("myproject.players", "django_playlyfe.players")
    settings.PLAYLYFE_SERVER = given
    assert list(conf.problems()) == []
