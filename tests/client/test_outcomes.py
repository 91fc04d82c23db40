"""What answers and failures mean: ``reliability.md`` §2.3, §2.10 and every name of ``http-api.md`` §11."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from django_playlyfe import exceptions as errors
from django_playlyfe.client.outcomes import (
    Arrived,
    Failed,
    is_systemic,
    judge_answer,
    judge_failure,
    judge_token_answer,
    may_repeat,
)
from django_playlyfe.wire import ERRORS


def answer(status, body=None, **headers):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Arrived(status, CaseInsensitiveDict({name.replace("_", "-"): text for name, text in headers.items()}), data)


def envelope(name, **more):
    return {"error": name, "error_description": "Because", **more}


# failures -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["dns", "refused", "connect_timeout", "tls", "proxy"])
def test_before_the_first_byte_nothing_was_sent(reason):
    verdict = judge_failure(Failed(reason, sent=False))
    assert (verdict.outcome, verdict.error, verdict.reason) == ("NOT_SENT", errors.NotSent, reason)
    assert verdict.strain == "failure"


def test_a_hard_limit_before_the_first_byte_is_not_sent_either():
    verdict = judge_failure(Failed("deadline", sent=False))
    assert (verdict.outcome, verdict.reason) == ("NOT_SENT", "connect_timeout")


@pytest.mark.parametrize(
    ("reason", "error", "said"),
    [
        ("read_timeout", errors.ResponseLost, "read_timeout"),
        ("connection_lost", errors.ResponseLost, "connection_lost"),
        ("tls", errors.ResponseLost, "connection_lost"),
        ("deadline", errors.ResponseLost, "deadline"),
        ("unreadable", errors.BadResponse, "undecodable"),
    ],
)
def test_after_the_first_byte_nobody_knows(reason, error, said):
    verdict = judge_failure(Failed(reason, sent=True))
    assert (verdict.outcome, verdict.error, verdict.reason) == ("UNKNOWN", error, said)


# successes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"null", b"[]", b"", b'"text"', b"7", b'{"error": "an alias"}'])
def test_a_2xx_was_applied_whatever_its_shape(body):
    verdict = judge_answer(answer(200, body), "play")
    assert (verdict.outcome, verdict.error, verdict.strain) == ("APPLIED", None, "")


@pytest.mark.parametrize(
    ("arrived", "reason"),
    [
        (answer(200, b"<html>"), "not_json"),
        (Arrived(200, {}, trouble="truncated"), "undecodable"),
        (Arrived(200, {}, trouble="too_large"), "too_large"),
        (Arrived(200, {}, trouble="undecodable"), "undecodable"),
    ],
)
def test_a_2xx_that_cannot_be_read_was_applied_too(arrived, reason):
    verdict = judge_answer(arrived, "play")
    assert (verdict.outcome, verdict.error, verdict.reason) == ("APPLIED", errors.BadResponse, reason)
    assert verdict.strain == "failure"


def test_a_body_that_stops_coming_leaves_it_open():
    verdict = judge_answer(Arrived(200, {}, trouble="timeout"), "play")
    assert (verdict.outcome, verdict.error, verdict.reason) == ("UNKNOWN", errors.ResponseLost, "read_timeout")


def test_a_known_name_in_a_2xx_needs_no_description_to_be_a_refusal():
    verdict = judge_answer(answer(200, {"error": "player_not_found"}), "play")
    assert (verdict.outcome, verdict.error) == ("REJECTED", errors.PlayerNotFound)
    assert judge_token_answer(answer(200, {"error": "invalid_client"})).reason == "client_rejected"
    assert judge_answer(answer(200, {"error": "none"}), "play").outcome == "APPLIED", "a field of some other answer"


def test_an_error_envelope_in_a_2xx_is_a_refusal():
    verdict = judge_answer(answer(200, envelope("player_not_found")), "read")
    assert (verdict.outcome, verdict.error) == ("REJECTED", errors.PlayerNotFound)
    verdict = judge_answer(answer(200, envelope("something_new")), "read")
    assert (verdict.outcome, verdict.error) == ("REJECTED", errors.APIError)


# refusals -------------------------------------------------------------------------------------------------------------

REFUSED_TOKEN = {"invalid_access_token", "access_token_invalid"}
OF_THE_CLIENT = {"client_auth_fail", "invalid_client", "unauthorized_client"}
OF_THE_SERVER = {"internal_error", "service_unavailable"}


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_every_name_of_the_table_has_its_class(name):
    verdict = judge_answer(answer(ERRORS[name].status, envelope(name)), "read")
    assert verdict.error is ERRORS[name].error
    assert verdict.code == name
    assert verdict.outcome == ("UNKNOWN" if name in OF_THE_SERVER else "REJECTED")
    assert verdict.refuses_token == (name in REFUSED_TOKEN)
    if name in OF_THE_CLIENT:
        assert verdict.reason == "client_rejected"


@pytest.mark.parametrize("name", sorted(set(ERRORS) - OF_THE_SERVER - REFUSED_TOKEN))
@pytest.mark.parametrize("status", [400, 401, 403, 404, 418, 429, 500, 502, 503])
def test_a_known_name_decides_whatever_the_status(name, status):
    verdict = judge_answer(answer(status, envelope(name)), "read")
    assert (verdict.outcome, verdict.error) == ("REJECTED", ERRORS[name].error)
    assert not verdict.refuses_token


@pytest.mark.parametrize("status", [429, 503, 500, 400])
def test_a_rate_limit_on_a_play_is_the_players_and_leaves_the_host_alone(status):
    verdict = judge_answer(answer(status, envelope("rate_limit_exceeded"), Retry_After="3600"), "play")
    assert (verdict.outcome, verdict.error, verdict.strain) == ("REJECTED", errors.ActionLimitReached, "")
    assert verdict.retry_after == 3600


@pytest.mark.parametrize("kind", ["read", "write"])
def test_a_rate_limit_elsewhere_is_the_clients(kind):
    verdict = judge_answer(answer(429, envelope("rate_limit_exceeded")), kind)
    assert (verdict.error, verdict.strain) == (errors.RateLimited, "rate")


@pytest.mark.parametrize(
    ("status", "body", "error", "outcome", "strain"),
    [
        (429, b"slow down", errors.RateLimited, "REJECTED", "rate"),
        (429, envelope("whatever"), errors.RateLimited, "REJECTED", "rate"),
        (503, b"", errors.ServerError, "UNKNOWN", "unavailable"),
        (503, envelope("service_unavailable"), errors.ServerError, "UNKNOWN", "unavailable"),
        (500, envelope("internal_error"), errors.ServerError, "UNKNOWN", "failure"),
        (502, b"<html>Bad gateway</html>", errors.ServerError, "UNKNOWN", "failure"),
        (408, b"", errors.ServerError, "UNKNOWN", "failure"),
        (400, b"", errors.InvalidRequest, "REJECTED", ""),
        (403, b"", errors.AccessDenied, "REJECTED", ""),
        (404, b"", errors.NotFound, "REJECTED", ""),
        (409, b"", errors.Conflict, "REJECTED", ""),
        (413, b"", errors.InvalidRequest, "REJECTED", ""),
        (415, b"", errors.InvalidRequest, "REJECTED", ""),
        (422, b"", errors.InvalidRequest, "REJECTED", ""),
        (418, envelope("teapot"), errors.APIError, "REJECTED", ""),
        (429, envelope("plan_limit_exceeded"), errors.QuotaExceeded, "REJECTED", "quota"),
        (403, envelope("player_limit_exceeded"), errors.QuotaExceeded, "REJECTED", ""),
        (404, envelope("gadget_not_found"), errors.NotFound, "REJECTED", ""),
        (500, envelope("gadget_not_found"), errors.NotFound, "REJECTED", ""),
        (400, envelope("gadget_exists"), errors.Conflict, "REJECTED", ""),
        (400, envelope("invalid_gadget"), errors.InvalidRequest, "REJECTED", ""),
    ],
)
def test_without_a_known_name_pattern_and_status_decide(status, body, error, outcome, strain):
    verdict = judge_answer(answer(status, body), "play")
    assert (verdict.error, verdict.outcome, verdict.strain) == (error, outcome, strain)


@pytest.mark.parametrize("body", [b"", b"<html>", envelope("invalid_token"), envelope("unauthorized"), b'{"error": 7}'])
def test_a_401_without_a_known_name_is_a_refused_token(body):
    verdict = judge_answer(answer(401, body), "play")
    assert verdict.refuses_token
    assert (verdict.outcome, verdict.error, verdict.reason) == ("REJECTED", errors.AuthenticationError, "token_refused")


def test_access_denied_never_renews():
    verdict = judge_answer(answer(401, envelope("access_denied"), WWW_Authenticate="Bearer invalid_token"), "play")
    assert (verdict.error, verdict.refuses_token) == (errors.AccessDenied, False)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_a_redirect_is_refused(status):
    verdict = judge_answer(answer(status), "play")
    assert (verdict.outcome, verdict.error, verdict.reason) == ("REJECTED", errors.BadResponse, "redirect_refused")


def test_a_proxy_that_wants_a_password_kept_the_request():
    verdict = judge_answer(answer(407, b""), "play")
    assert (verdict.outcome, verdict.error, verdict.reason) == ("NOT_SENT", errors.NotSent, "proxy")


def test_the_report_of_a_validation_error_is_kept():
    verdict = judge_answer(answer(400, envelope("validation_exception", data={"valid": False})), "play")
    assert verdict.data == {"valid": False}


@given(st.integers(200, 599), st.binary(max_size=30), st.sampled_from(["read", "write", "play"]))
def test_every_answer_has_exactly_one_meaning(status, body, kind):
    verdict = judge_answer(answer(status, body), kind)
    assert (verdict.error is None) == (verdict.outcome == "APPLIED" and not verdict.reason)
    if 200 <= status < 300:
        assert verdict.outcome in {"APPLIED", "REJECTED"}
    if verdict.outcome == "UNKNOWN":
        assert status == 408 or status >= 500


# the token endpoint ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, envelope("client_auth_fail")),
        (401, envelope("invalid_client")),
        (400, envelope("unauthorized_client")),
        (400, envelope("invalid_request")),
        (400, envelope("invalid_grant")),
        (400, envelope("unsupported_grant_type")),
        (401, b"<html>"),
        (401, envelope("who_are_you")),
    ],
)
def test_at_the_token_url_these_reject_the_client(status, body):
    verdict = judge_token_answer(answer(status, body))
    assert (verdict.error, verdict.reason) == (errors.AuthenticationError, "client_rejected")


@pytest.mark.parametrize(
    ("arrived", "error", "reason"),
    [
        (answer(200, b"<html>"), errors.BadResponse, "not_json"),
        (answer(200, []), errors.BadResponse, "wrong_shape"),
        (answer(200, b""), errors.BadResponse, "wrong_shape"),
        (answer(307, b""), errors.BadResponse, "redirect_refused"),
        (answer(500, b""), errors.ServerError, None),
        (answer(429, b""), errors.RateLimited, None),
        (answer(429, envelope("rate_limit_exceeded")), errors.RateLimited, None),
        (answer(404, envelope("route_not_found")), errors.NotFound, None),
    ],
)
def test_other_answers_of_the_token_url_mean_what_they_mean_elsewhere(arrived, error, reason):
    verdict = judge_token_answer(arrived)
    assert (verdict.error, verdict.reason) == (error, reason)


# what follows ---------------------------------------------------------------------------------------------------------


def test_only_network_trouble_is_worth_a_repeat():
    assert may_repeat(judge_failure(Failed("read_timeout", sent=True)))
    assert may_repeat(judge_failure(Failed("refused", sent=False)))
    assert may_repeat(judge_answer(answer(502, b""), "read"))
    assert not may_repeat(judge_failure(Failed("tls", sent=False)))
    assert not may_repeat(judge_answer(answer(503, b""), "read"))
    assert not may_repeat(judge_answer(answer(404, b""), "read"))
    assert not may_repeat(judge_answer(answer(200, b"<html>"), "read"))


@pytest.mark.parametrize(
    ("error", "systemic"),
    [
        (errors.ConfigurationError("x"), True),
        (errors.AuthenticationError("x"), True),
        (errors.QuotaExceeded("x"), True),
        (errors.NotFound("x", code="route_not_found"), True),
        (errors.BadResponse("x", reason="redirect_refused"), True),
        (errors.NotSent("x", reason="tls"), True),
        (errors.AccessDenied("You are not allowed to access this api route"), True),
        (errors.AccessDenied("You cannot do that"), False),
        (errors.NotSent("x", reason="dns"), False),
        (errors.PlayerNotFound("x"), False),
        (errors.InvalidRequest("x"), False),
        (ValueError("x"), False),
    ],
)
def test_some_errors_concern_every_call(error, systemic):
    assert is_systemic(error) is systemic
