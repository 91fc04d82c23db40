"""One call from the gate to the log (``reliability.md`` §1.4, §2.2, §2.3, §2.8; §5 A1-A14, T1)."""

from __future__ import annotations

import logging
import time

import pytest

from django_playlyfe import exceptions as errors
from django_playlyfe.client import Limits, page_limits

from .clocks import MemoryCache, Middle
from .servers import Game, Reply, http, raw_server

DENIED = {"error": "access_denied", "error_description": "You are not allowed to access this api route"}
LIMIT = {"error": "rate_limit_exceeded", "error_description": "can only be triggered 1 times every day"}


@pytest.fixture
def timed(remote: Game, make_client, clock):
    """A client whose time the test moves."""
    return make_client(auth_url=remote.auth_url, api_url=remote.api_url, clock=clock, chance=Middle())


# a refused token ------------------------------------------------------------------------------------------------------


def test_a_revoked_token_is_renewed_and_the_play_repeated_once(remote: Game, client):
    client.status()
    remote.revoke()
    assert client.play("ada", "finish_book", idempotency_key="k").status == "applied"
    plays = [seen for seen in remote.requests if seen.method == "POST"]
    assert [seen.headers["Idempotency-Key"] for seen in plays] == ["k", "k"]
    assert plays[0].headers["Authorization"] != plays[1].headers["Authorization"]
    assert len(remote.token_requests) == 2


def test_a_server_that_refuses_every_token_costs_one_renewal_in_thirty_seconds(remote: Game, timed, clock):
    remote.refuse_all = True
    for _ in range(5):
        with pytest.raises(errors.AuthenticationError, match="set TOKEN_IN to 'query'") as caught:
            timed.play("ada", "finish_book")
        assert (caught.value.reason, caught.value.outcome) == ("token_refused", "REJECTED")
    assert len(remote.requests) == 2
    assert len(remote.token_requests) == 2
    clock.move(31)
    with pytest.raises(errors.AuthenticationError):
        timed.play("ada", "finish_book")
    assert len(remote.token_requests) == 3


@pytest.mark.parametrize("status", [401, 403, 503])
def test_access_denied_never_renews(remote: Game, client, status):
    remote.replies += [Reply(status, DENIED), Reply(status, DENIED)]
    with pytest.raises(errors.AccessDenied):
        client.status()
    with pytest.raises(errors.AccessDenied):
        client.play("ada", "finish_book")
    assert len(remote.requests) == 2
    assert len(remote.token_requests) == 1


def test_the_token_can_travel_in_the_query(remote: Game, make_client):
    client = make_client(auth_url=remote.auth_url, api_url=remote.api_url, token_in="query")
    client.profile("ada")
    assert remote.requests[0].query["access_token"][0].startswith("token-canary")
    assert "Authorization" not in remote.requests[0].headers


# repeats --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, 408])
def test_a_read_is_repeated_once_after_server_trouble(remote: Game, timed, clock, status):
    remote.replies += [Reply(status, b"<html>Bad gateway</html>")]
    assert timed.profile("ada").id == "ada"
    assert len(remote.requests) == 2
    assert clock.slept == [pytest.approx(0.2)]
    remote.replies += [Reply(status, b""), Reply(status, b"")]
    with pytest.raises(errors.ServerError):
        timed.profile("ada")


def test_a_play_is_never_repeated_after_trouble(remote: Game, timed):
    remote.replies += [Reply(500, b"")]
    with pytest.raises(errors.ServerError) as caught:
        timed.play("ada", "finish_book")
    assert caught.value.outcome == "UNKNOWN"
    assert len(remote.requests) == 1


def test_a_page_has_one_attempt(remote: Game, timed):
    remote.replies += [Reply(502, b"")]
    with pytest.raises(errors.ServerError):
        timed.within(page_limits(0.8)).profile("ada")
    assert len(remote.requests) == 1


def test_no_repeat_starts_when_the_time_is_over(remote: Game, timed):
    remote.replies += [Reply(502, b"")]
    with pytest.raises(errors.ServerError):
        timed.within(Limits(wall=0.1, attempts=2)).profile("ada")
    assert len(remote.requests) == 1


def test_a_read_waits_out_a_short_window_of_the_token_endpoint(remote: Game, timed, clock):
    remote.token_replies += [Reply(500, b"")]
    assert timed.profile("ada").id == "ada"
    assert len(remote.token_requests) == 2
    assert clock.slept == [pytest.approx(1.0)]


def test_a_play_does_not_wait_for_the_token_endpoint_and_was_not_sent(remote: Game, timed):
    remote.token_replies += [Reply(500, b"")]
    with pytest.raises(errors.ServerError) as caught:
        timed.play("ada", "finish_book")
    assert caught.value.outcome == "NOT_SENT"
    assert remote.requests == []


@pytest.mark.parametrize("wall", [0.0, -1.0])
def test_a_call_without_time_is_not_made(remote: Game, client, wall):
    client.status()
    with pytest.raises(errors.Suppressed) as caught:
        client.within(Limits(wall=wall)).profile("ada")
    assert (caught.value.reason, caught.value.outcome) == ("budget", "NOT_SENT")
    assert len(remote.requests) == 1


def test_a_slow_answer_is_cut_for_a_page_and_waited_for_in_the_background(remote: Game, client):
    client.status()
    remote.replies += [Reply(200, {"id": "ada"}, delay=2)]
    started = time.monotonic()
    with pytest.raises(errors.ResponseLost):
        client.within(page_limits(0.1)).profile("ada")
    assert time.monotonic() - started < 1.8
    remote.replies += [Reply(200, {"id": "ada"}, delay=0.3)]
    assert client.profile("ada").id == "ada"


# limits of the game and of the host -----------------------------------------------------------------------------------


def test_a_business_limit_with_503_is_a_refusal_and_the_host_is_not_left_alone(remote: Game, timed):
    remote.replies += [Reply(503, LIMIT, {"Retry-After": "3600"})]
    with pytest.raises(errors.ActionLimitReached) as caught:
        timed.play("ada", "finish_book")
    assert caught.value.retry_after == 3600
    assert timed.play("ada", "finish_book").status == "applied"


@pytest.mark.parametrize("reply", [Reply(429, b""), Reply(429, LIMIT), Reply(503, b"")])
def test_after_a_429_or_503_nothing_is_sent_until_its_time_is_over(remote: Game, timed, clock, reply):
    reply = Reply(reply.status, reply.body, {"Retry-After": "7"})
    remote.replies += [reply]
    with pytest.raises(errors.APIError) as caught:
        timed.profile("ada")
    assert caught.value.retry_after == 7
    for _ in range(3):
        with pytest.raises(errors.Suppressed) as held:
            timed.play("ada", "finish_book")
        assert (held.value.reason, held.value.outcome) == ("throttled", "NOT_SENT")
        assert held.value.retry_at is not None
    assert len(remote.requests) == 1
    clock.move(7.5)
    assert timed.profile("ada").id == "ada"
    assert [seen.path for seen in remote.requests[1:]] == ["/v2/admin", "/v2/runtime/player"]


def test_an_exhausted_quota_stops_everything_for_an_hour(remote: Game, timed, clock):
    remote.replies += [Reply(429, {"error": "plan_limit_exceeded", "error_description": "Upgrade"})]
    with pytest.raises(errors.QuotaExceeded):
        timed.profile("ada")
    clock.move(3590)
    with pytest.raises(errors.Suppressed):
        timed.profile("ada")
    clock.move(20)
    assert timed.profile("ada").id == "ada"


def test_a_limit_of_players_stops_nobody_else(remote: Game, timed):
    remote.replies += [Reply(403, {"error": "player_limit_exceeded", "error_description": "Full"})]
    with pytest.raises(errors.QuotaExceeded):
        timed.create_player("ada")
    assert timed.play("ada", "finish_book").status == "applied"


def test_five_failures_in_a_row_throttle_and_a_success_between_starts_anew(remote: Game, timed, clock):
    """N15: set for 30 s, one probe, cleared after two successes, the next time 60 s."""
    bad = Reply(500, b"")
    one_try = timed.within(Limits())
    remote.replies += [bad] * 4 + [Reply(404, b"")] + [bad] * 5
    for _ in range(10):
        with pytest.raises(errors.APIError):
            one_try.profile("ada")
    with pytest.raises(errors.Suppressed):
        one_try.profile("ada")
    record = timed.throttle.record()
    assert (record.why, record.n, record.until - clock.now()) == ("failure", 1, pytest.approx(30))
    clock.move(31)
    remote.requests.clear()
    with pytest.raises(errors.Suppressed):
        timed.within(page_limits(0.8)).profile("ada")  # a visitor's call never tests the host
    assert remote.requests == []
    assert one_try.profile("ada").id == "ada"
    assert [seen.path for seen in remote.requests] == ["/v2/admin", "/v2/runtime/player"]
    assert not timed.throttle.record().is_active
    assert timed.within(page_limits(0.8)).profile("ada").id == "ada"
    remote.replies += [bad] * 5
    for _ in range(5):
        with pytest.raises(errors.ServerError):
            one_try.profile("ada")
    assert timed.throttle.record().until - clock.now() == pytest.approx(60)


def test_a_probe_that_fails_sets_the_record_again(remote: Game, timed, clock):
    remote.replies += [Reply(503, b""), Reply(503, b"")]
    with pytest.raises(errors.ServerError):
        timed.profile("ada")
    clock.move(31)
    with pytest.raises(errors.Suppressed, match="still"):
        timed.profile("ada")
    assert (len(remote.requests), timed.throttle.record().n) == (2, 2)
    assert timed.throttle.record().until - clock.now() == pytest.approx(60)


# what cannot be read --------------------------------------------------------------------------------------------------


def test_a_play_whose_answer_is_no_json_was_applied(remote: Game, client):
    remote.replies += [Reply(200, b"<html>")]
    with pytest.raises(errors.BadResponse) as caught:
        client.play("ada", "finish_book")
    assert (caught.value.outcome, caught.value.reason) == ("APPLIED", "not_json")


def test_a_feed_may_be_larger_than_other_answers(remote: Game, client):
    blank = b"[" + b" " * (3 * 1024 * 1024) + b"]"
    remote.replies += [Reply(200, blank), Reply(200, blank)]
    assert client.activity("ada") == ()
    with pytest.raises(errors.BadResponse) as caught:
        client.actions("ada")
    assert caught.value.reason == "too_large"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirected_token_request_gives_the_secret_to_nobody(make_client, status):
    with raw_server(lambda server, connection, number: server.read_request(connection)) as thief:
        moved = http(b"", status=f"{status} Moved", headers=f"Location: {thief.url}/\r\n")

        def script(server, connection, number):
            server.read_request(connection)
            connection.sendall(moved)

        with raw_server(script) as server:
            client = make_client(auth_url=server.url + "/auth/token", api_url=server.url + "/v2")
            with pytest.raises(errors.BadResponse) as caught:
                client.play("ada", "finish_book")
        assert (caught.value.reason, caught.value.outcome) == ("redirect_refused", "NOT_SENT")
        assert thief.connections == 0
        assert len(server.received) == 1


# features and the log -------------------------------------------------------------------------------------------------


def test_announced_features_are_noted_for_all_processes(remote: Game, make_client, clock):
    cache = MemoryCache(clock)
    options = {"auth_url": remote.auth_url, "api_url": remote.api_url, "clock": clock}
    first, second = (make_client(**options, cache=lambda: cache, hmac_key="k") for _ in range(2))
    assert first.features == frozenset()
    remote.headers["Playlyfe-Features"] = "idempotency, played-at"
    first.status()
    assert first.features == second.features == {"idempotency", "played-at"}
    remote.replies += [Reply(404, b"")]
    del remote.headers["Playlyfe-Features"]
    with pytest.raises(errors.NotFound):
        first.profile("ada")  # may come from a proxy: says nothing
    assert "idempotency" in first.features
    first.status()
    assert first.features == frozenset()


def test_one_line_a_call_with_its_route_template_and_no_player(remote: Game, client, caplog):
    client.status()
    with caplog.at_level(logging.INFO, logger="django_playlyfe.client"):
        client.play("ada-lovelace", "finish_book", idempotency_key="k-1")
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("call method=POST route=/runtime/actions/{id}/play attempt=1 request=k-1 status=200 code=- ")
    assert "outcome=APPLIED" in line
    assert "ada" not in line
    assert caplog.records[0].event == "call"


@pytest.mark.parametrize("kind", ["write", "play"])
def test_a_write_is_not_repeated_even_if_its_limits_would_allow_two(remote: Game, timed, kind):
    remote.replies += [Reply(502, b"")]
    with pytest.raises(errors.ServerError):
        timed.within(Limits(attempts=2)).call("POST", "/runtime/x", player_id="ada", kind=kind)
    assert len(remote.requests) == 1


def test_a_call_that_was_not_sent_is_in_the_log_at_debug(remote: Game, timed, caplog):
    timed.throttle.trip("rate", 60)
    with caplog.at_level(logging.DEBUG, logger="django_playlyfe.client"), pytest.raises(errors.Suppressed):
        timed.profile("ada")
    assert caplog.records[-1].getMessage().endswith("outcome=NOT_SENT reason=throttled")


def test_players_appear_at_debug_only_and_hashed(remote: Game, client, caplog):
    with caplog.at_level(logging.DEBUG, logger="django_playlyfe.client"):
        client.profile("ada-lovelace")
    line = caplog.records[-1].getMessage()
    assert " player=" in line
    assert "lovelace" not in line


def test_the_client_describes_what_it_knows_without_asking(remote: Game, timed, clock):
    assert timed.describe() == {
        "host": timed.throttle._key.removeprefix("playlyfe:thr:1:"),
        "cache": "process",
        "shares_with_others": False,
        "token": None,
        "tokens_of_this_process": {"requests": 0, "refused": 0},
        "tokens_of_all_processes": None,
        "clock_offset_seconds": None,
        "throttle": None,
        "features": [],
    }
    timed.status()
    clock.move(10)
    timed.throttle.trip("rate", 60)
    described = timed.describe()
    assert described["token"] == {"age": 10, "expires_in": 86390}
    assert (described["throttle"]["why"], described["throttle"]["n"]) == ("rate", 1)
    assert len(remote.requests) == 1
