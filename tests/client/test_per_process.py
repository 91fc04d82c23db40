"""What a fork must not share (``reliability.md`` §2.1; §5 N12)."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

from django_playlyfe.client.per_process import PerProcess

from .servers import Game

PRELOADED = """
    import os, sys, threading
    from django_playlyfe.client import PlaylyfeClient

    client = PlaylyfeClient(auth_url=sys.argv[1], api_url=sys.argv[2], client_id="id", client_secret="secret-of-a-site")
    client.profile("before-the-fork")
    client.tokens._memory().turn.acquire()       # as if another thread were renewing at the moment of the fork

    def work(name):
        wrong = 0
        for number in range(100):
            player_id = f"{name}-{number}"
            wrong += client.call("GET", "/echo", player_id=player_id).data != {"echo": player_id}
        return wrong

    children = []
    for number in range(4):
        if not (child := os.fork()):
            os._exit(work(f"child{number}"))
        children.append(child)
    client.tokens._memory().turn.release()
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    print(codes, work("parent"))
"""


@pytest.mark.fault("N12")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_children_of_a_preloaded_process_get_their_own_answers_and_their_own_token(remote: Game, monkeypatch):
    answer = remote.answer

    def echo(seen):
        reply = answer(seen)
        if seen.path == "/v2/echo":
            reply.body = {"echo": seen.query["player_id"][0]}
        return reply

    monkeypatch.setattr(remote, "answer", echo)
    outcome = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore::DeprecationWarning",
            "-c",
            textwrap.dedent(PRELOADED),
            remote.auth_url,
            remote.api_url,
        ],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert outcome.stderr == ""
    assert outcome.stdout == "[0, 0, 0, 0] 0\n"
    assert len(remote.token_requests) == 5


def test_a_value_is_made_once_and_anew_where_the_process_is_another(monkeypatch):
    holder = PerProcess(object)
    first = holder()
    assert holder() is first
    monkeypatch.setattr(os, "getpid", lambda: -1)  # a fork in C that told nobody
    assert holder() is not first
