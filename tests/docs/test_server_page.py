"""The code of ``docs/server.rst``; of the containers, ``tests/engine/server/test_deployment.py`` reads the files."""

from __future__ import annotations

import shlex
from io import StringIO

import pytest
from django.core.management import call_command

from django_playlyfe.engine import conf
from tests.docs.test_documentation import DOCS, blocks

CODE = [(language, text) for language, _, text in blocks(DOCS / "server.rst")]


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
