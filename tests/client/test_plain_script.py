"""The client in a script that never heard of Django settings."""

from __future__ import annotations

import subprocess
import sys

from .servers import Game

SCRIPT = """
import sys
from django_playlyfe.client import PlaylyfeClient
from django.conf import settings

client = PlaylyfeClient(auth_url=sys.argv[1], api_url=sys.argv[2], client_id="id", client_secret="secret-of-a-script")
result = client.play("ada", "finish_book", {"pages": 320})
print([(line.name, line.amount) for line in result.earned])
print(client.profile("ada").alias)
assert not settings.configured
assert not any(name.startswith("django_playlyfe.engine") for name in sys.modules)
"""


def test_a_plain_script_plays_without_django_settings(remote: Game, tmp_path):
    environment = {"PATH": "/usr/bin", "PYTHONPATH": ":".join(path for path in sys.path if path)}
    outcome = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, remote.auth_url, remote.api_url],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        timeout=30,
        check=False,
    )
    assert outcome.stderr == ""
    assert outcome.stdout == "[('Experience', 32)]\nAda\n"
    assert remote.token_requests[0].json == {
        "client_id": "id",
        "client_secret": "secret-of-a-script",
        "grant_type": "client_credentials",
    }
