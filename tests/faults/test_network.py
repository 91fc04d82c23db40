"""N1 to N16: connections, resolvers, proxies and certificates in trouble (``reliability.md`` §5).

N5 and N10 to N13 are proved beside the code: ``tests/client/test_session.py``, ``tests/client/test_per_process.py``.
"""

from __future__ import annotations

import select
import socket
import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from django_playlyfe import services
from django_playlyfe.client import Limits
from django_playlyfe.client.connections import Flight
from django_playlyfe.delivery import drain
from django_playlyfe.exceptions import InvalidRequest, ResponseLost, Suppressed
from django_playlyfe.models import Delivery, Queue
from tests.faultserver.steps import ALWAYS, Step
from tests.faultserver.wire import CERTIFICATES

from .conftest import in_each_mode, of_each_kind, owe, raised, rows, the_play, the_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def nobody():
    """The address of a port on which nobody listens, and nobody will."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


def test_N1_a_reset_before_the_request_was_not_sent(remote, site, player, clock, monkeypatch):
    board = Flight.board

    def board_and_wait_for_the_reset(flight, connected):
        board(flight, connected)
        select.select([connected], [], [], 0.5)

    remote.reset(announces=False)
    site(remote.url)
    user = player()
    services.play(user, "wave")
    drain()
    remote.then(Step(on="accept", do="reset", times=1))
    clock.move(2)  # so that the connection of before is not used
    monkeypatch.setattr(Flight, "board", board_and_wait_for_the_reset)
    services.play(user, "wave")
    drain()
    row = the_play()
    assert (row.state, row.sends, row.error_code) == ("pending", 0, "not_sent")
    assert len(remote.plays) == 1
    monkeypatch.setattr(Flight, "board", board)
    clock.move(60)
    drain()
    assert (the_play().state, len(remote.applied())) == ("delivered", 2)


@pytest.mark.parametrize("do", ["reset", "close"])
@pytest.mark.parametrize("apply", [True, False], ids=["applied", "not applied"])
@of_each_kind
@in_each_mode
def test_N2_a_connection_that_ends_after_the_request_leaves_it_open(do, apply, mode, kind, once_star):
    once_star(mode, Step(on=kind, do=do, apply=apply), kind=kind)


@pytest.mark.parametrize("late", [pytest.param("before", id="N3"), pytest.param("after", id="N4")])
@of_each_kind
@in_each_mode
def test_N3_N4_a_play_that_takes_effect_after_the_client_has_given_up(late, mode, kind, once_star):
    hanging = Step(on=kind, do="hang", apply=True)
    once_star(mode, hanging, kind=kind, late=late, TIMEOUT=(20, 1))


def test_N6_a_resolver_that_takes_seconds_holds_up_no_page(remote, site, player, page, monkeypatch):
    resolve, over, asked = socket.getaddrinfo, threading.Event(), threading.Event()

    def slow(*arguments, **options):
        asked.set()
        over.wait(20)
        return resolve(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    site(remote.url, PAGE_BUDGET=0.2)
    user = player()
    try:
        page(user)
        assert asked.is_set()
        assert not over.is_set(), "the page did not wait for the resolver"
        assert remote.requests() == []
    finally:
        over.set()
    services.play(user, "wave")
    drain()
    assert rows() == [("play", "delivered")]


@pytest.mark.parametrize("do", ["drip_head", "drip"])
def test_N7_a_200_that_drips_is_cut_and_not_believed(do, remote, processes, site, player):
    remote.reset(Step(on="get", do=do), Step(on="play", do=do))
    (client,) = processes(1)
    client.status()
    error = raised(client.within(Limits(20, 20, 0.6)).player, "ada")
    assert (type(error), error.reason, error.outcome) == (ResponseLost, "deadline", "UNKNOWN")
    site(remote.url, HARD_LIMIT=0.6)
    services.play(player(), "wave")
    drain()
    assert (the_play().state, the_play().error_code) == ("pending", "response_lost")
    assert len(remote.applied()) == 1


# The test's clock is; certificates are judged by the real one.
@pytest.mark.filterwarnings("ignore:System time is way off")
@pytest.mark.parametrize("certificate", ["expired", "wrong_host", "self_signed"])
@of_each_kind
def test_N8_a_host_that_cannot_prove_who_it_is_gets_nothing(kind, certificate, remote, site, player, page, hear, clock):
    from django_playlyfe import signals

    port = remote.listen(certificate, "good" if certificate == "self_signed" else certificate)
    remote.reset()
    heard = hear(signals.queue_paused)
    bundle = None if certificate == "self_signed" else str(CERTIFICATES / "ca.pem")
    site(remote.url, API_URL=f"https://127.0.0.1:{port}/v2", CA_BUNDLE=bundle)
    user = player()
    result = owe(kind, user, wait=True)
    assert result.status == "pending"
    row = the_row(kind)
    assert (row.state, row.attempts, row.sends) == ("pending", 0, 0)
    assert (Queue.objects.get().kind, len(heard)) == ("all", 1)
    assert "TLS" in Queue.objects.get().reason
    record = remote.record(certificate)
    assert (record["connections"], record["requests"]) == (1, [])
    page(user)
    drain()
    assert remote.record(certificate)["connections"] == 1


@pytest.mark.parametrize("status", [403, 407])
def test_N9_a_proxy_that_refuses_was_sent_nothing_of_ours(status, remote, site, player):
    remote.reset(Step(on="connect", status=status, body="", times=ALWAYS), check_tokens=False)
    proxy = remote.url.replace("http://", "http://user:proxy-canary-password@")
    site(remote.url, API_URL="https://game.example/v2", PROXIES={"https": proxy})
    services.play(player(), "wave")
    drain()
    row = the_play()
    assert (row.state, row.sends, row.error_code) == ("pending", 0, "not_sent")
    assert "proxy" in row.error_text
    connects = [request for request in remote.requests() if request["method"] == "CONNECT"]
    assert connects
    assert remote.plays == []


def test_N14_a_game_that_is_gone_for_good_leaves_the_site_standing(nobody, site, player, page, make_user, clock):
    site(nobody)
    user = player()
    for day in range(13):
        services.play(user, "wave")
        page(user)
        drain()
        assert Delivery.objects.filter(state="pending").count() == day + 1
        clock.move(86400)
    assert services.status()["ok"] is False
    assert set(Delivery.objects.values_list("state", flat=True)) == {"pending"}
    clock.move(2 * 86400)
    drain()
    assert Delivery.objects.filter(state="dead", evidence="expired").count() == 1, "14 days are over; the row is kept"
    assert Delivery.objects.count() == 13


def test_N15_five_failures_then_one_elected_probe_and_the_next_time_twice_as_long(remote, processes, clock):
    remote.reset(Step(on="get", status=500, body="", times=5))
    several = processes(3)
    for _ in range(5):
        raised(several[0].within(Limits()).player, "ada")
    record = several[0].throttle.record()
    assert record.until - clock.now() == pytest.approx(30, rel=0.2)
    clock.move(2)
    for client in several:
        assert raised(client.player, "ada").reason == "throttled"
    assert len(remote.requests("/players")) == 5
    clock.move(40)
    admitted = [client.throttle.admit(may_probe=True) for client in several[:1]]
    for client in several[1:]:
        assert isinstance(raised(client.player, "ada"), Suppressed)
    assert admitted[0].probing is not None
    second = several[0].throttle.succeeded(admitted[0])
    assert several[0].throttle.succeeded(second).probing is None
    clock.move(1)
    for client in several:
        assert client.player("ada").id == "ada"
    remote.then(Step(on="get", status=500, body="", times=5))
    for _ in range(5):
        raised(several[1].within(Limits()).player, "ada")
    assert several[1].throttle.record().until - clock.now() == pytest.approx(60, rel=0.2)


def test_N15_the_probe_is_one_request_of_its_own_before_the_calls_own(remote, processes, clock):
    remote.reset(Step(on="get", status=503, body=""))
    first, second = processes(2)
    raised(first.within(Limits()).player, "ada")
    clock.move(40)
    assert second.player("ada").id == "ada"
    assert [request["target"] for request in remote.requests("/v2")][1:] == ["/v2/admin", "/v2/admin/players/ada"]
    assert not second.throttle.record().is_active


@pytest.mark.parametrize(
    ("player_id", "path"),
    [
        ("a/b", "a%2Fb"),
        ("a?b#c", "a%3Fb%23c"),
        ("%2e%2e", "%252e%252e"),
        ("\u00e9", "%C3%A9"),
        ("e\u0301", "%C3%A9"),
        ("日本", "%E6%97%A5%E6%9C%AC"),
        ("😀", "%F0%9F%98%80"),
        ("a" * 200, "a" * 200),
        ("..", None),
        (".", None),
        ("", None),
        ("a\x00b", None),
        ("a\r\nb", None),
        ("a" * 201, None),
    ],
)
def test_N16_an_id_arrives_exactly_or_is_refused_before_anything_is_sent(player_id, path, remote, processes):
    (client,) = processes(1)
    if path is None:
        assert isinstance(raised(client.delete_player, player_id), InvalidRequest)
        assert remote.requests() == []
        return
    client.delete_player(player_id)
    (request,) = remote.requests("/v2")
    assert (request["method"], request["target"]) == ("DELETE", f"/v2/admin/players/{path}")


def test_a_page_that_only_reads_finds_out_that_the_game_is_back(remote, site, player, page, clock):
    """Nothing is owed, so no drainer ever probes: the pool of the pages does, and no visitor waits for it."""
    remote.reset(Step(on="get", status=503, body=""))
    backend = site(remote.url)
    user = player()
    page(user)
    assert backend.client.throttle.record().is_active
    clock.move(60)
    page(user)
    assert not backend.client.throttle.record().is_active


def test_a_row_whose_time_has_not_come_is_left_alone(remote, site, player):
    site(remote.url)
    services.play(player(), "wave")
    Delivery.objects.update(not_before=timezone.now() + timedelta(hours=1))
    drain()
    assert remote.requests() == []
