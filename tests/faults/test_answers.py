"""A1 to A28: answers of the API that are no ordinary ones (``reliability.md`` §5)."""

from __future__ import annotations

import base64
import functools
import gzip
import json
import tracemalloc
import zlib
from datetime import timedelta

import pytest

from django_playlyfe import instants, services
from django_playlyfe.client import Limits
from django_playlyfe.delivery import drain
from django_playlyfe.exceptions import (
    AccessDenied,
    APIError,
    AuthenticationError,
    BadResponse,
    PlayerNotFound,
    PlaylyfeError,
    RateLimited,
    ServerError,
)
from django_playlyfe.models import Delivery, PlayerLink, Queue
from tests.faultserver.steps import ALWAYS, Step

from .conftest import in_each_mode, of_each_kind, owe, raised, rows, the_play, the_row

pytestmark = pytest.mark.django_db

HTML = "<html><h1>502 Bad Gateway</h1> token-canary-0001-abcdefghijklmnop</html>"
ACCESS_DENIED = {"error": "access_denied", "error_description": "You cannot do that"}


def refusal(name, text="no"):
    return {"error": name, "error_description": text}


def on_play(**values):
    return Step(on="play", **values)


def on(kind, **values):
    return Step(on=kind, **values)


@of_each_kind
def test_A1_a_token_refused_once_is_renewed_and_the_play_applied_once(kind, remote, site, player, events):
    site(remote.url)
    user = player()
    owe(kind, user)
    drain()
    remote.revoke()
    owe(kind, user)
    drain()
    assert the_row(kind).state == "delivered"
    assert (len(remote.sent(kind)), len(remote.applied(kind)), remote.token_requests) == (3, 2, 2)
    first, again = remote.sent(kind)[1:]
    assert first["headers"]["idempotency-key"] == again["headers"]["idempotency-key"]
    assert first["headers"]["authorization"] != again["headers"]["authorization"]
    assert events().count("token.refused") == 1


def test_A2_a_server_that_refuses_every_token_costs_one_renewal_in_thirty_seconds(
    remote, processes, clock, site, player, page, events
):
    remote.reset(refuse_all=True)
    first, second = processes(2)
    for client in (first, second, first):
        error = raised(client.within(Limits()).player, "ada")
        assert isinstance(error, AuthenticationError)
        assert error.reason == "token_refused"
        assert "TOKEN_IN" in str(error)
        assert "'query'" in str(error)
    assert (remote.token_requests, len(remote.requests("/v2"))) == (2, 3), "the first and one renewal"
    clock.move(31)
    raised(second.within(Limits()).player, "ada")
    assert remote.token_requests <= 3
    site(remote.url)
    user = player()
    services.play(user, "wave")
    drain()
    assert (the_play().state, the_play().attempts) == ("pending", 0)
    assert Queue.objects.get().kind == "all"
    assert "queue.paused" in events()
    assert remote.applied() == []
    assert "Not available at the moment." in page(user)


def test_A3_access_denied_never_renews_whatever_its_status(remote, site, player, page, processes):
    remote.reset(Step(on="get", status=401, body=ACCESS_DENIED), on_play(status=401, body=ACCESS_DENIED))
    (client,) = processes(1)
    assert isinstance(raised(client.player, "ada"), AccessDenied)
    site(remote.url)
    user = player()
    result = services.play(user, "wave", wait=True)
    assert (result.status, type(result.error)) == ("refused", AccessDenied)
    assert the_play().state == "refused"
    assert remote.token_requests == 2, "one of the client, one of the site"
    page(user)


def test_A3_an_edit_that_is_denied_has_failed_and_renews_nothing(remote, site, player, page):
    remote.reset(on("score", status=401, body=ACCESS_DENIED))
    site(remote.url)
    user = player()
    assert isinstance(raised(owe, "score", user, wait=True), AccessDenied)
    assert (the_row("score").state, remote.token_requests, len(remote.sent("score"))) == ("dead", 1, 1)
    page(user)


@of_each_kind
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        pytest.param({"Retry-After": "120"}, 120, id="A4"),
        pytest.param(
            {"Date": "Tue, 05 Mar 2024 11:00:00 GMT", "Retry-After": "Tue, 05 Mar 2024 11:02:00 GMT"}, 120, id="A5"
        ),
        pytest.param({}, 5, id="A6-none"),
        pytest.param({"Retry-After": "soon"}, 5, id="A6-garbage"),
        pytest.param({"Retry-After": "-5"}, 5, id="A6-negative"),
        pytest.param({"Retry-After": "315360000"}, 6 * 3600, id="A6-ten years"),
    ],
)
def test_A4_A5_A6_a_429_is_waited_out_by_everybody_and_costs_no_attempt(
    headers, wait, kind, remote, site, player, page, clock, events
):
    remote.reset(on(kind, status=429, headers=headers, body={}))
    backend = site(remote.url)
    user = player()
    owe(kind, user)
    now = instants.now()
    drain()
    row = the_row(kind)
    assert (row.state, row.attempts) == ("pending", 0)
    assert "throttle.set" in events()
    page(user)
    longest = wait * 1.1 if wait > 5 else wait
    assert timedelta(seconds=wait * 0.5) <= row.not_before - now <= timedelta(seconds=longest + 0.1)
    record = backend.client.throttle.record()
    assert record.why == "rate"
    expected = min(max(wait, 30), 300) if wait > 5 else 30
    assert expected * 0.8 <= record.until - clock.now() <= expected * 1.2
    drain()
    assert len(remote.requests("/v2")) == 2, "its status and the play; then the host is left alone, by pages too"
    clock.move(7 * 3600)
    drain()
    assert (the_row(kind).state, len(remote.applied(kind))) == ("delivered", 1)


def test_A7_503_with_rate_limit_exceeded_is_a_refusal_of_the_game(remote, site, player):
    remote.reset(on_play(status=503, body=refusal("rate_limit_exceeded", "only once a day")))
    backend = site(remote.url)
    user = player()
    result = services.play(user, "wave", wait=True)
    assert (result.status, str(result.error.description)) == ("refused", "only once a day")
    drain()
    assert (len(remote.plays), the_play().state) == (1, "refused")
    assert backend.client.throttle.record() is None
    assert len(services.feedback(user)) == 1


def test_A7_503_with_rate_limit_exceeded_on_an_edit_is_the_limit_of_the_client(remote, site, player, clock):
    remote.reset(on("score", status=503, body=refusal("rate_limit_exceeded", "slow down")))
    backend = site(remote.url)
    assert owe("score", player(), wait=True).status == "pending"
    row = the_row("score")
    assert (row.state, row.attempts) == ("pending", 0)
    assert backend.client.throttle.record().why == "rate"
    clock.move(3600)
    drain()
    assert (the_row("score").state, len(remote.applied("score"))) == ("delivered", 1)


@of_each_kind
@in_each_mode
def test_A8_a_plain_503_throttles_and_leaves_open_what_happened(mode, kind, once_star, events):
    once_star(mode, on(kind, status=503, body="busy"), kind=kind)
    assert "throttle.set" in events()


@of_each_kind
@in_each_mode
def test_A9_a_500_after_applying_is_not_applied_twice(mode, kind, once_star):
    row = once_star(mode, on(kind, status=500, body=refusal("internal_error"), apply=True), kind=kind)
    if (mode, kind) == ("announced", "play"):
        assert len(row.answer["events"]["local"]) == 1


@of_each_kind
@in_each_mode
def test_A10_html_of_a_proxy_is_no_answer(mode, kind, once_star):
    once_star(mode, on(kind, status=502, body=HTML, headers={"Content-Type": "text/html"}), kind=kind)


def test_A10_a_read_is_repeated_once_in_the_background(remote, processes):
    remote.reset(Step(on="get", status=502, body=HTML, times=3))
    (client,) = processes(1)
    assert isinstance(raised(client.player, "ada"), ServerError)
    assert len(remote.requests("/players")) == 2
    assert isinstance(raised(client.within(Limits()).player, "ada"), ServerError)


def test_A11_a_spent_plan_pauses_everything_for_an_hour_and_kills_nothing(remote, site, player, page, clock, events):
    remote.reset(on_play(status=403, body=refusal("plan_limit_exceeded")))
    site(remote.url)
    user = player()
    assert "as of" not in page(user)
    for _ in range(3):
        services.play(user, "wave")
    drain()
    pause = Queue.objects.get()
    assert (pause.kind, pause.paused_until) == ("all", instants.now() + timedelta(hours=1))
    assert events().count("queue.paused") == 1
    clock.move(120)
    asked = len(remote.requests("/v2"))
    text = page(user)
    assert "as of" in text, "what is stored, with its date"
    assert "pending (3)" in text
    assert len(remote.requests("/v2")) == asked
    clock.move(-120)
    assert rows() == [("play", "pending")] * 3
    clock.move(3599)
    drain()
    assert len(remote.plays) == 1
    clock.move(600)
    drain()
    assert rows() == [("play", "delivered")] * 3


def test_A12_a_limit_of_players_pauses_creations_and_nobody_elses_plays(remote, site, player, make_user):
    remote.reset(Step(on="create", status=403, body=refusal("player_limit_exceeded")))
    site(remote.url)
    user = player()
    late = make_user()
    services.play(late, "wave")
    services.play(user, "wave")
    drain()
    drain()
    assert Queue.objects.get().kind == "create"
    assert rows() == [("create", "pending"), ("play", "pending"), ("play", "delivered")]


@of_each_kind
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"body": "<html>"}, id="A13"),
        pytest.param({"length": 9999}, id="A14-length"),
        pytest.param({"chunked": "broken"}, id="A14-chunked"),
    ],
)
def test_A13_A14_a_play_whose_answer_cannot_be_read_was_applied(fault, kind, remote, site, player):
    remote.reset(on(kind, apply=True, **fault))
    site(remote.url)
    user = player()
    result = owe(kind, user, wait=True)
    assert result.status == "applied"
    assert not (result.events if kind == "play" else result.player)
    drain()
    row = the_row(kind)
    assert (row.state, row.evidence, row.answer) == ("delivered", "unread", None)
    assert (len(remote.sent(kind)), len(remote.applied(kind))) == (1, 1)


def test_A13_a_read_that_is_no_json_is_a_bad_response(remote, processes):
    remote.reset(Step(on="get", body="<html>"))
    (client,) = processes(1)
    error = raised(client.player, "ada")
    assert (type(error), error.reason) == (BadResponse, "not_json")


def _nested(times):
    data = b"{}"
    for _ in range(times):
        data = gzip.compress(data)
    return data


@functools.cache
def _bomb():
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(300)) + packer.flush()


@pytest.mark.parametrize(
    ("make", "encoding", "reasons"),
    [
        pytest.param(lambda: b"no gzip at all", "gzip", {"undecodable"}, id="A15-bad"),
        pytest.param(lambda: _nested(6), ", ".join(["gzip"] * 6), {"undecodable"}, id="A15-nested"),
        pytest.param(_bomb, "gzip", {"too_large"}, id="A15-300 MB"),
    ],
)
def test_A15_hostile_compression_stays_small(make, encoding, reasons, remote, processes):
    packed = make()
    body = base64.b64encode(packed).decode()
    remote.reset(Step(on="get", base64=body, headers={"Content-Encoding": encoding}))
    (client,) = processes(1)
    client.status()  # the token, and the libraries' own caches
    tracemalloc.start()
    try:
        error = raised(client.within(Limits()).player, "ada")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(error, BadResponse)
    assert error.reason in reasons
    assert peak < 10_000_000
    assert len(remote.requests("/players")) == 1


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"id": NaN}', id="A16-NaN"),
        pytest.param(b"[" * 200_000, id="A16-nesting"),
        pytest.param(b'{"id": ' + b"1" * 5_000 + b"}", id="A16-digits"),
        pytest.param(b'{"id": "ada", "id": "eve", "alias": "Ada"}', id="A16-duplicate keys"),
        pytest.param(b'{"id": "\\ud800"}', id="A16-surrogate"),
        pytest.param('{"id": "ada"}'.encode("utf-16"), id="A16-UTF-16"),
        pytest.param(b'{"id": "\xff"}', id="A16-not UTF-8"),
    ],
)
def test_A16_hostile_json_is_refused_or_read_and_nothing_else(body, remote, processes):
    remote.reset(Step(on="get", base64=base64.b64encode(body).decode()))
    (client,) = processes(1)
    if b"eve" in body:
        assert client.within(Limits()).player("ada").id == "eve", "the last one counts, as everywhere in Python"
    else:
        assert raised(client.within(Limits()).player, "ada").reason == "not_json"
    assert len(remote.requests("/players")) == 1


@pytest.mark.parametrize(
    ("body", "is_null"),
    [pytest.param(body, False, id=f"A17-{json.dumps(body)}") for body in (None, [], "text", 5, {}, {"alias": "x"})]
    + [pytest.param(None, True, id="A17-null feed")],
)
def test_A17_a_wrong_shape_is_a_bad_response_and_a_null_feed_is_empty(body, is_null, remote, processes):
    remote.reset(Step(on="get", base64=base64.b64encode(json.dumps(body).encode()).decode()))
    (client,) = processes(1)
    if is_null:
        assert client.game_activity() == ()
        return
    error = raised(client.player, "ada")
    assert (type(error), error.reason, error.outcome) == (BadResponse, "wrong_shape", "APPLIED")


def test_A18_no_content_is_fine_where_nothing_is_due(remote, processes):
    remote.reset(Step(on="delete", status=204, base64="", body=""), Step(on="get", body=""))
    (client,) = processes(1)
    assert client.delete_player("ada") is None
    assert raised(client.player, "ada").reason == "wrong_shape"


@of_each_kind
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_A19_a_redirected_play_pauses_the_queue_and_goes_nowhere(status, kind, remote, site, player, events):
    other = remote.listen("other")
    remote.reset(on(kind, status=status, headers={"Location": f"http://127.0.0.1:{other}/v2/x"}, body=""))
    site(remote.url)
    result = owe(kind, player(), wait=True)
    assert result.status == "pending"
    row = the_row(kind)
    assert (row.state, row.attempts) == ("pending", 0)
    assert "redirect" in Queue.objects.get().reason
    assert "queue.paused" in events()
    assert (remote.record("other")["connections"], remote.record("other")["bytes"]) == (0, 0)
    assert len(remote.sent(kind)) == 1


def test_A20_a_wrong_base_url_kills_no_play(remote, site, player, clock):
    remote.reset(Step(on="api", status=404, body=refusal("route_not_found"), times=ALWAYS))
    backend = site(remote.url)
    user = player()
    services.play(user, "wave")
    row = the_play()
    others = [
        Delivery(game="default", subject=f"p{n}", action="wave", kind="play", payload=row.payload,
                 played_at=row.played_at, not_before=row.not_before, created_at=row.created_at)
        for n in range(499)
    ]  # fmt: skip
    Delivery.objects.bulk_create(others)
    for _ in range(5):
        drain()
    assert len(remote.plays) <= 5
    assert set(Delivery.objects.values_list("state", "attempts")) == {("pending", 0)}
    assert Delivery.objects.count() == 500
    assert Queue.objects.get().kind == "all"
    assert backend.client.throttle.record().is_active, "pages leave it alone too"


@of_each_kind
def test_A21_a_play_that_cannot_be_right_does_not_hold_up_the_next_one(kind, remote, site, player, caplog):
    remote.reset(on(kind, status=400, body=refusal("validation_exception", "pages is missing")))
    site(remote.url)
    user = player()
    owe(kind, user)
    owe(kind, user)
    drain()
    assert rows() == [(kind, "dead"), (kind, "delivered")]
    assert Delivery.objects.first().error_text == "pages is missing"
    assert len(remote.applied(kind)) == 1
    dead = [record for record in caplog.records if getattr(record, "event", "") == "delivery.dead"]
    assert [(record.levelname, "code=validation_exception" in record.getMessage()) for record in dead] == [
        ("WARNING", True)
    ]


@of_each_kind
def test_A22_a_lost_player_is_created_and_the_play_delivered(kind, remote, site, player):
    remote.reset(on(kind, status=404, body=refusal("player_not_found")))
    site(remote.url)
    user = player()
    owe(kind, user)
    drain()
    assert the_row(kind).state == "delivered"
    assert [entry["kind"] for entry in remote.record()["applied"]] == ["create", kind]


def test_A23_a_player_who_exists_is_linked_and_said_so(remote, site, make_user, caplog):
    site(remote.url)
    remote.reset(Step(on="create", status=409, body=refusal("player_exists")))
    user = make_user()
    drain()
    assert rows() == [("create", "delivered")]
    assert PlayerLink.objects.get(user=user).state == PlayerLink.State.LINKED
    assert "was there already" in caplog.text


def test_A24_a_player_who_exists_after_an_own_lost_answer_is_no_news(remote, site, make_user, clock, caplog):
    site(remote.url)
    remote.reset(Step(on="create", do="close", apply=True))
    user = make_user()
    drain()
    assert rows() == [("create", "pending")]
    assert len(remote.applied("create")) == 1
    clock.move(3600)
    drain()
    assert rows() == [("create", "delivered")]
    assert len(remote.applied("create")) == 1
    assert PlayerLink.objects.get(user=user).state == PlayerLink.State.LINKED
    assert "was there already" not in caplog.text


@pytest.mark.parametrize(("times", "state"), [(1, "delivered"), (2, "dead")])
def test_A25_an_alias_that_is_taken_gets_a_suffix_once(times, state, remote, site, make_user):
    site(remote.url)
    taken = {**refusal("validation_exception", "The data is wrong"), "data": {"alias": "is taken"}}
    remote.reset(Step(on="create", status=400, body=taken, times=times))
    user = make_user()
    drain()
    assert rows() == [("create", state)]
    first, second = [json.loads(request["body"])["alias"] for request in remote.requests("/admin/players")]
    assert first == user.get_username()
    assert second.startswith(f"{first}-")
    user.refresh_from_db()
    assert user.is_active


def test_A26_an_unknown_refusal_counts_for_the_rule_of_five(remote, site, player, clock):
    remote.reset(on_play(status=418, body=refusal("teapot", "short and stout"), times=5))
    site(remote.url)
    users = [player() for _ in range(6)]
    services.play(users[0], "wave")
    drain()
    assert (the_play().state, the_play().error_code) == ("dead", "teapot")
    for user in users[1:]:
        services.play(user, "wave")
    drain()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"pending"}
    assert "teapot" in Queue.objects.get().reason
    clock.move(7 * 3600)
    drain()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    assert len(remote.applied()) == 6


def test_A26_is_an_api_error_for_a_caller(remote, processes):
    remote.reset(Step(on="get", status=418, body=refusal("teapot")))
    (client,) = processes(1)
    assert type(raised(client.player, "ada")) is APIError


def test_A27_cookies_are_never_sent_back(remote, processes):
    remote.reset(Step(on="any", headers={"Set-Cookie": "session=eve; Path=/"}, times=ALWAYS))
    (client,) = processes(1)
    for _ in range(3):
        client.player("ada")
    requests = remote.requests()
    assert len(requests) == 4
    assert not any("cookie" in request["headers"] for request in requests)


MANY = "HTTP/1.1 200 OK\r\n" + "".join(f"X-{n}: y\r\n" for n in range(200)) + "\r\n"
LONG = f"HTTP/1.1 200 OK\r\nX-Long: {'y' * 70_000}\r\nContent-Length: 2\r\n\r\n{{}}"


@pytest.mark.parametrize("head", [MANY, LONG], ids=["many lines", "a long line"])
@of_each_kind
@in_each_mode
def test_A28_unreadable_headers_leave_open_what_a_play_did(head, mode, kind, once_star):
    once_star(mode, on(kind, do="raw", body=head, apply=True), kind=kind)


@pytest.mark.parametrize("head", [MANY, LONG], ids=["many lines", "a long line"])
def test_A28_unreadable_headers_of_a_read_are_a_bad_response(head, remote, processes):
    remote.reset(Step(on="get", do="raw", body=head))
    (client,) = processes(1)
    assert raised(client.within(Limits()).player, "ada").reason == "undecodable"


def test_a_rate_limit_of_the_client_is_no_refusal_of_a_play(remote, processes):
    remote.reset(Step(on="get", status=503, body=refusal("rate_limit_exceeded")))
    (client,) = processes(1)
    assert isinstance(raised(client.within(Limits()).player, "ada"), RateLimited)
    assert issubclass(RateLimited, PlaylyfeError)
    assert issubclass(PlayerNotFound, APIError)
