"""T1 to T21: the token endpoint in trouble (``reliability.md`` §5)."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import os
import re
import signal
import socket
import sqlite3

import pytest

from django_playlyfe import services
from django_playlyfe.client import Limits
from django_playlyfe.client.limits import TOKEN_LIMITS
from django_playlyfe.client.tokens.windows import life_of
from django_playlyfe.delivery import drain
from django_playlyfe.exceptions import (
    APIError,
    AuthenticationError,
    BadResponse,
    ConfigurationError,
    NotSent,
    RateLimited,
    ResponseLost,
    ServerError,
)
from django_playlyfe.models import Delivery, Queue
from tests.client.processes import workers
from tests.faultserver.steps import ALWAYS, Step

from .conftest import raised, rows

TROUBLE = {"error": "internal_error", "error_description": "the secret was secret-canary-0123456789"}
REJECTED = {"error": "client_auth_fail", "error_description": "Client authentication failed"}


def token(**values):
    return Step(on="token", **values)


@pytest.fixture
def short(monkeypatch):
    """The token endpoint's seven seconds, in a hurry."""
    assert (TOKEN_LIMITS.connect, TOKEN_LIMITS.read, TOKEN_LIMITS.wall) == (2.0, 5.0, 7.0)
    monkeypatch.setattr("django_playlyfe.client.tokens.endpoint.TOKEN_LIMITS", Limits(0.3, 0.3, 0.4))


@pytest.mark.django_db
def test_T1_a_500_once_is_waited_out_in_the_background_and_a_page_shows_what_it_has(
    remote, processes, clock, site, player, page, events
):
    remote.reset(token(status=500, body=TROUBLE))
    (client,) = processes(1)
    assert client.player("ada").id == "ada"
    assert (remote.token_requests, clock.slept) == (2, [1.0])
    assert [event for event in events() if event.startswith("token")] == ["token.failed", "token.fetched"]
    remote.then(token(status=500, body=TROUBLE))
    site(remote.url)
    user = player()
    assert "Not available at the moment." in page(user)
    assert remote.token_requests == 3, "a page asks once and does not wait for a second time"
    clock.move(5)
    assert f"<bdi>{user.pk}</bdi>" in page(user), "the game's alias of the player"


@pytest.mark.django_db
def test_T2_a_500_always_costs_one_request_a_window_and_no_row_an_attempt(remote, processes, clock, site, make_user):
    remote.reset(token(status=500, body=TROUBLE, times=ALWAYS))
    site_processes = processes(4)
    for window in range(1, 9):
        for caller in range(100):
            error = raised(site_processes[caller % 4].within(Limits()).player, "ada")
            assert isinstance(error, ServerError)
        assert remote.token_requests == window
        assert error.retry_after == pytest.approx(min(2.0 ** (window - 1), 30.0))
        clock.move(error.retry_after + 0.001)
    site(remote.url)
    make_user()
    drain()
    row = Delivery.objects.get()
    assert (row.state, row.attempts, row.sends) == ("pending", 0, 0)
    assert remote.requests("/v2") == []


@pytest.mark.django_db
@pytest.mark.parametrize("trouble", ["refused", "dns"])
def test_T3_a_token_host_that_is_not_there_was_sent_nothing(trouble, processes, site, player, page, monkeypatch):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        if trouble == "dns":

            def unknown(*_args, **_options):
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

            monkeypatch.setattr(socket, "getaddrinfo", unknown)
        first, second = processes(2, url=url)
        for client in (first, second):
            error = raised(client.within(Limits()).player, "ada")
            assert isinstance(error, NotSent)
            assert error.reason == trouble
        assert processes.cache.get(f"{first.tokens._store.key}:neg")["n"] == 1, "the second one did not ask"
        site(url)
        page(player())


@pytest.mark.parametrize("how", [pytest.param("hang", id="T4"), pytest.param("drip", id="T5")])
def test_T4_T5_an_endpoint_that_never_finishes_is_cut_and_the_others_are_told(how, remote, processes, short):
    remote.reset(token(do=how, times=1))
    first, second = processes(2)
    error = raised(first.within(Limits()).player, "ada")
    assert isinstance(error, ResponseLost)
    assert error.reason in {"read_timeout", "deadline"}
    assert error.outcome == "NOT_SENT", "the caller's own request was not sent"
    assert isinstance(raised(second.within(Limits()).player, "ada"), ResponseLost)
    assert remote.token_requests == 1
    remote.release()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param("<html>Log in to the network</html>", "not_json", id="T6"),
        pytest.param({}, "wrong_shape", id="T7-no token"),
        pytest.param({"access_token": ""}, "wrong_shape", id="T7-empty"),
        pytest.param({"access_token": "a\r\nX-Evil: 1"}, "wrong_shape", id="T7-newline"),
        pytest.param({"access_token": "x" * 1_000_000}, "too_large", id="T7-1 MB"),
        pytest.param({"access_token": "x" * 5_000}, "wrong_shape", id="T7-5 KB"),
    ],
)
def test_T6_T7_what_is_no_token_is_a_bad_response_and_not_stored(body, reason, remote, processes):
    remote.reset(token(body=body))
    first, second = processes(2)
    for client in (first, second):
        error = raised(client.within(Limits()).player, "ada")
        assert isinstance(error, BadResponse)
        assert error.reason == reason
    assert remote.token_requests == 1
    store = first.tokens._store
    assert store.key not in processes.cache.entries
    assert f"{store.key}:neg" in processes.cache.entries


@pytest.mark.django_db
def test_T8_rejected_credentials_are_asked_again_ever_more_seldom_and_pause_the_queue(
    remote, processes, clock, site, make_user, hear, page, caplog
):
    remote.reset(token(status=401, body=REJECTED, times=ALWAYS))
    site_processes = processes(3)
    for request, window in enumerate([30, 60, 120, 240, 480, 900, 900], start=1):
        for _ in range(3):
            for client in site_processes:
                error = raised(client.player, "ada")
                assert isinstance(error, AuthenticationError)
                assert error.reason == "client_rejected"
        assert remote.token_requests == request, "no second request inside a window"
        clock.move(window + 0.001)
    from django_playlyfe import signals

    heard = hear(signals.queue_paused)
    site(remote.url)
    user = make_user()
    drain()
    assert Queue.objects.get().kind == "all"
    assert len(heard) == 1
    assert [record.levelname for record in caplog.records if getattr(record, "event", "") == "queue.paused"] == [
        "ERROR"
    ]
    assert (Delivery.objects.get().state, Delivery.objects.get().attempts) == ("pending", 0)
    assert remote.requests("/v2") == []
    page(user)


def test_T9_a_corrected_secret_works_at_once(remote, processes):
    remote.reset(token(status=401, body=REJECTED))
    (wrong,) = processes(1, secret="wrong-canary-0123456789")
    raised(wrong.player, "ada")
    (right,) = processes(1)
    assert right.player("ada").id == "ada"
    assert remote.token_requests == 2


@pytest.mark.parametrize(
    ("expires_in", "life"),
    [
        pytest.param("86400", 86400, id="T11-text"),
        pytest.param(86400.0, 86400, id="T11-float"),
        pytest.param("86400.5", 86400, id="T11-fraction"),
        pytest.param(True, 600, id="T11-true"),
        pytest.param("soon", 600, id="T11-soon"),
        pytest.param(-1, 600, id="T11-negative"),
        pytest.param("NaN", 600, id="T11-NaN"),
        pytest.param(1e12, 7 * 86400, id="T11-far"),
        pytest.param(None, 600, id="T10"),
    ],
)
def test_T10_T11_the_life_of_a_token_is_read_from_whatever_servers_write(expires_in, life, remote, processes):
    remote.reset(token_life=expires_in)
    (client,) = processes(1)
    client.player("ada")
    assert client.tokens.known().life == life
    assert remote.token_requests == 1
    assert life_of(0) == 0.0


@pytest.mark.parametrize("life", [pytest.param(2, id="T12"), pytest.param(0, id="T11-0")])
def test_T11_T12_a_token_of_moments_serves_one_call_and_is_asked_for_every_five_seconds(life, remote, processes, clock):
    remote.reset(token_life=life)
    (client,) = processes(1)
    for wanted in (1, 2):
        client.player("ada")
        error = raised(client.within(Limits()).player, "ada")
        assert error.reason == "no_token"
        assert remote.token_requests == wanted
        clock.move(5)
    assert client.tokens._store.key not in processes.cache.entries


@pytest.mark.parametrize("status", [307, 308, 302])
def test_T13_a_redirected_request_for_a_token_gives_the_secret_to_nobody(status, remote, processes):
    other = remote.listen("other")
    remote.reset(token(status=status, headers={"Location": f"http://127.0.0.1:{other}/auth/token"}))
    (client,) = processes(1)
    error = raised(client.player, "ada")
    assert isinstance(error, BadResponse)
    assert error.reason == "redirect_refused"
    assert remote.token_requests == 1
    assert (remote.record("other")["connections"], remote.record("other")["bytes"]) == (0, 0)


def test_T14_a_429_is_left_alone_as_long_as_it_asks_by_every_process(remote, processes, clock):
    remote.reset(token(status=429, headers={"Retry-After": "7"}, body={}))
    first, second = processes(2)
    assert isinstance(raised(first.within(Limits()).player, "ada"), RateLimited)
    clock.move(6.9)
    assert isinstance(raised(second.within(Limits()).player, "ada"), RateLimited)
    assert remote.token_requests == 1
    clock.move(1.0)
    assert second.player("ada").id == "ada"


def test_T15_another_type_of_token_is_a_configuration_error(remote, processes):
    remote.reset(token(body={"access_token": "x", "token_type": "mac"}))
    (client,) = processes(1)
    assert isinstance(raised(client.player, "ada"), ConfigurationError)
    assert remote.token_requests == 1


def test_T16_a_slow_endpoint_gives_all_cold_callers_one_token(remote, tmp_path):
    remote.reset(token_delay=0.5)
    with workers(4, remote.auth_url, remote.api_url, "file", str(tmp_path / "cache")) as site_processes:
        assert site_processes.round(threads=25) == {"ok": 100}
    assert remote.token_requests == 1


def test_T17_a_killed_holder_of_the_lease_is_replaced_at_once_on_files(remote, tmp_path):
    remote.reset(token(do="hold"))
    place = (remote.auth_url, remote.api_url, "file", str(tmp_path / "cache"))
    with workers(1, *place) as killed, workers(1, *place) as next_one:
        killed.start(threads=1)
        remote.wait_for(1, "/auth/token")
        killed.processes[0].send_signal(signal.SIGKILL)
        killed.processes[0].wait()
        assert next_one.round(threads=8) == {"ok": 8}
    remote.release()
    assert remote.token_requests == 2


def test_T17_a_killed_holder_of_a_lease_in_the_cache_is_replaced_when_it_ends(remote, processes, clock):
    dead, living = processes(2)
    store = dead.tokens._store
    assert processes.cache.add(f"{store.key}:lease:none", "of a process that was killed", timeout=15)
    started = clock.monotonic()
    for _ in range(2):  # each waits its six seconds for the one that holds the lease
        assert raised(living.within(Limits()).player, "ada").reason == "no_token"
    assert living.player("ada").id == "ada"
    assert clock.monotonic() - started <= 15.25 + 1
    assert remote.token_requests == 1


def test_T18_a_holder_that_was_stopped_does_not_replace_the_next_ones_token(remote, tmp_path):
    """A process that SIGSTOP stops with the token in its hand. That its lease has run out is set by hand, in the table
    of the cache; nobody waits for twenty seconds."""
    file = tmp_path / "cache.sqlite3"
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)}
    site = (remote.auth_url, remote.api_url, "database", json.dumps({"database": database, "table": "kept"}))
    with workers(1, *site) as stopped, workers(1, *site) as second:
        (holder,) = stopped.processes
        stopped.start(threads=1, stop=True)
        _, status = os.waitpid(holder.pid, os.WUNTRACED)
        try:
            assert os.WIFSTOPPED(status)
            assert (remote.token_requests, tokens_in(file)) == (1, []), "issued, and not kept yet"
            assert end_leases(file) == 1
            assert second.round(threads=1) == {"ok": 1}
            (kept,) = tokens_in(file)
        finally:
            os.kill(holder.pid, signal.SIGCONT)
        assert stopped.finish() == {"ok": 1}
        assert tokens_in(file) == [kept], "the second holder's token stays"
        assert stopped.round(threads=2) == second.round(threads=2) == {"ok": 2}
    assert remote.token_requests == 2
    used = {request["headers"]["authorization"] for request in remote.requests("/v2")}
    assert used == {"Bearer token-canary-0002-abcdefghijklmnop"}, "the first one's was dropped"


def tokens_in(file):
    """The records of tokens in a cache of the database, sealed as they are."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        found = connection.execute("SELECT cache_key, value FROM kept").fetchall()
    return [value for key, value in found if re.fullmatch(r":1:playlyfe:tok:1:\w{20}:\w{12}", key)]


def end_leases(file):
    """Let the time of all leases be over. Returns how many there were."""
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        ended = "UPDATE kept SET expires = '2020-01-01 00:00:00' WHERE cache_key LIKE '%:lease:%'"
        return connection.execute(ended).rowcount


@pytest.mark.parametrize("how", ["bomb", "long"])
def test_T19_an_answer_that_is_too_large_is_cut(how, remote, processes):
    text = json.dumps({"access_token": "x" * (50_000_000 if how == "bomb" else 70_000)}).encode()
    if how == "bomb":
        packed = base64.b64encode(gzip.compress(text)).decode()
        remote.reset(token(base64=packed, headers={"Content-Encoding": "gzip"}, body=""))
    else:
        remote.reset(token(body=text.decode()))
    (client,) = processes(1)
    error = raised(client.player, "ada")
    assert isinstance(error, BadResponse)
    assert error.reason == "too_large"


@pytest.mark.django_db
def test_T20_a_revoked_token_costs_each_caller_one_repeat_and_all_together_one_request(remote, processes):
    site_processes = processes(4)
    for client in site_processes:
        client.player("ada")
    remote.revoke()
    for client in site_processes:
        assert client.player("ada").id == "ada"
    assert remote.token_requests == 2
    assert len(remote.requests("/v2")) == 4 + 2 * 4


def test_T21_processes_that_push_each_other_out_are_warned_about_and_never_loop(remote, processes, caplog):
    remote.reset(only_newest=True)
    site_processes = processes(4, shared=False)
    for _ in range(4):
        for client in site_processes:
            assert client.player("ada").id == "ada"
    assert "processes push each other out" in caplog.text
    calls = len(remote.requests("/v2"))
    assert calls <= 2 * 16, "at most one repeat a call"
    assert remote.token_requests <= 16


def test_an_unnamed_refusal_of_the_token_url_is_remembered_too(remote, processes):
    remote.reset(token(status=418, body={"error": "teapot", "error_description": "no"}))
    first, second = processes(2)
    for client in (first, second):
        assert isinstance(raised(client.player, "ada"), APIError)
    assert remote.token_requests == 1


@pytest.mark.django_db
def test_while_no_token_is_to_be_had_plays_are_owed_and_delivered_later(remote, site, player, clock):
    remote.reset(token(status=500, body=TROUBLE, times=2))
    site(remote.url)
    user = player()
    result = services.play(user, "wave", wait=True)
    assert result.status == "pending"
    drain()
    clock.move(60)
    drain()
    assert rows() == [("play", "delivered")]
    assert len(remote.applied()) == 1
