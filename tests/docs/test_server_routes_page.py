"""The code of ``docs/server-routes.rst``: its commands run in a shell against the running server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from io import StringIO

import pytest
import requests
from django.core.management import call_command

from django_playlyfe.engine.models import Client, DesignVersion
from django_playlyfe.engine.realm import Realm
from tests.docs.test_documentation import DOCS, blocks

CODE = [(language, text) for language, _, text in blocks(DOCS / "server-routes.rst")]
SHELL = next(text for language, text in CODE if language == "sh")


@pytest.fixture
def desk(game, live_server):
    """A client that designs, made as the page says. Gives the environment of the page's commands."""
    line = next(line for line in SHELL.splitlines() if line.startswith("python manage.py"))
    out = StringIO()
    name, *options = re.findall(r'"[^"]+"|\S+', line)[3:]
    call_command("playlyfe_engine_client", name.strip('"'), *options, stdout=out)
    secret = re.search(r"CLIENT_SECRET=(\S+)", out.getvalue())[1]
    body = {"grant_type": "client_credentials", "client_id": Client.objects.get().client_id, "client_secret": secret}
    token = requests.post(f"{live_server.url}/auth/token", json=body, timeout=10).json()["access_token"]
    return {"GAME": live_server.url, "TOKEN": token}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_a_metric_is_added_and_the_design_put_in_force(desk):
    commands = "\n".join(line for line in SHELL.splitlines() if not line.startswith("python"))
    commands = commands.replace("curl ", "curl --silent --show-error --fail-with-body ")
    done = subprocess.run(
        ["bash", "-euc", commands], env={**os.environ, **desk}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"id":"pages"' in done.stdout
    newest = DesignVersion.objects.latest("number")
    assert "pages" in [metric["id"] for metric in newest.document["metrics"]]
    assert Realm("library_quest").game == newest.game.game_id


def test_the_stream_of_the_page_has_the_address_that_is_served():
    (script,) = [text for language, text in CODE if language == "javascript"]
    assert "/v1/notifications/stream?token=" in script  # tests/engine/server/test_notifications.py reads it
