"""``docs/transcript.txt`` is what really travels: recorded between our client and our server, compared here.

``RECORD_TRANSCRIPT=1 python3 run.py test tests/test_transcript.py`` writes it anew.
"""

from __future__ import annotations

import gzip
import json
import os
import re
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command

from django_playlyfe.client import PlaylyfeClient
from tests.recorder import Exchange, recording

TRANSCRIPT = Path(__file__).resolve().parent.parent / "docs" / "transcript.txt"
SECRET = "a-secret-that-only-the-site-and-the-game-know-0123456789"
SHOWN = ("content-type", "content-encoding", "authorization", "idempotency-key", "playlyfe-features", "cache-control")
EXAMPLES = (
    (SECRET, "<client secret>"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "2024-03-05T12:00:00.000Z"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "e4716000-dae7-11ee-923a-5bd1e20c47f9"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "00000000-0000-4000-8000-000000000000"),
    (r"(?<=Bearer )\S+", "<access token>"),
    (r'(?<="access_token": ")[^"]+', "<access token>"),
)


def shown(exchange: Exchange) -> str:
    """One exchange as text: first lines, headers that matter, bodies laid out, chance and time made plain."""
    return "\n".join((message("> ", exchange.sent), message("< ", exchange.received)))


def message(mark: str, raw: bytes) -> str:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *headers = head.decode().split("\r\n")
    kept = sorted(header for header in headers if header.split(":")[0].lower() in SHOWN)
    lines = [re.sub(r"HTTP/1\.[01]", "HTTP/1.1", first), *kept]
    if any(header.lower() == "content-encoding: gzip" for header in headers):
        body = gzip.decompress(body)
    if body:
        lines += ["", *json.dumps(json.loads(body), indent=2, ensure_ascii=False).splitlines()]
    text = "\n".join(f"{mark}{line}".rstrip() for line in lines)
    for pattern, example in EXAMPLES:
        text = re.sub(pattern, example, text)
    return text


@pytest.fixture
def transcript(live_server) -> str:
    call_command("playlyfe_engine_load", "starter", verbosity=0)  # nothing in it is left to chance
    call_command(
        "playlyfe_engine_client", "docs", "--id", "reading-site", "--secret", SECRET, "--for-site", stdout=StringIO()
    )
    address = urlsplit(live_server.url)
    with recording(address.hostname, address.port) as (base, exchanges):
        client = PlaylyfeClient(
            auth_url=f"{base}/auth/token", api_url=f"{base}/v2", client_id="reading-site", client_secret=SECRET
        )
        with client:
            client.create_player("ada", alias="Ada")
            client.play("ada", "post_comment", idempotency_key="00000000-0000-4000-8000-000000000000")
            client.profile("ada")
        return "\n\n".join(shown(exchange) for exchange in exchanges) + "\n"


@pytest.mark.django_db(transaction=True)
def test_the_transcript_in_the_docs_is_what_travels(transcript):
    if os.environ.get("RECORD_TRANSCRIPT"):
        TRANSCRIPT.write_text(transcript)
    assert transcript == TRANSCRIPT.read_text()
    assert SECRET not in transcript
