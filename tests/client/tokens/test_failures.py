"""The remembered failure of the token endpoint (``reliability.md`` §1.3 ``K:neg``; §5 T2, T8, T14)."""

from __future__ import annotations

import json

import pytest

from django_playlyfe import exceptions as errors
from django_playlyfe.client.tokens.failures import after_success, read_failure, refused, remember

from ..clocks import Middle

NOW = 1_709_640_000.0
REJECTED = errors.AuthenticationError("Client authentication failed", reason="client_rejected")
LOST = errors.ResponseLost("No answer", reason="read_timeout")


def windows(error, times):
    found, previous, now = [], None, NOW
    for _ in range(times):
        previous = remember(error, previous, now, Middle())
        found.append(previous.until - now)
        now = previous.until
    return found


def test_a_rejected_client_is_asked_again_after_30_seconds_doubling_to_15_minutes():
    assert windows(REJECTED, 7) == pytest.approx([30, 60, 120, 240, 480, 900, 900])


def test_a_configuration_error_waits_as_long():
    assert windows(errors.ConfigurationError("mac"), 2) == pytest.approx([30, 60])


@pytest.mark.parametrize(
    "error",
    [LOST, errors.NotSent("", reason="dns"), errors.BadResponse("", reason="not_json"), errors.ServerError("")],
)
def test_transient_trouble_waits_a_second_doubling_to_30(error):
    assert windows(error, 7) == pytest.approx([1, 2, 4, 8, 16, 30, 30])


def test_retry_after_makes_a_wait_longer_up_to_five_minutes():
    limited = errors.RateLimited("", retry_after=7)
    assert windows(limited, 1) == [pytest.approx(7.35)]
    assert windows(errors.RateLimited("", retry_after=86400), 1) == [pytest.approx(315)]
    assert windows(errors.AuthenticationError("", reason="client_rejected", retry_after=1), 1) == [30]
    assert remember(limited, None, NOW, Middle()).retry_at == pytest.approx(NOW + 7.35)


def test_after_a_quiet_quarter_of_an_hour_the_count_starts_anew():
    first = remember(LOST, None, NOW, Middle())
    assert remember(LOST, first, NOW + 60, Middle()).n == 2
    assert remember(LOST, first, NOW + 1000, Middle()).n == 1


def test_another_sort_of_trouble_starts_its_own_count():
    first = remember(LOST, remember(LOST, None, NOW, Middle()), NOW + 2, Middle())
    assert remember(REJECTED, first, NOW + 10, Middle()).n == 1


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (REJECTED, "REJECTED"),
        (LOST, "NOT_SENT"),
        (errors.NotSent("x", reason="tls"), "NOT_SENT"),
        (errors.BadResponse("x", reason="redirect_refused"), "NOT_SENT"),
        (errors.ServerError("x"), "NOT_SENT"),
        (errors.RateLimited("x"), "NOT_SENT"),
        (errors.NotFound("x", code="route_not_found"), "NOT_SENT"),
    ],
)
def test_a_stored_failure_raises_the_same_error_and_says_that_nothing_was_sent(error, outcome):
    failure = remember(error, None, NOW, Middle())
    stored = json.loads(json.dumps(failure.as_data()))
    assert set(stored) == {"kind", "until", "n", "retry_at", "msg"}
    again = read_failure(stored, NOW).error(NOW)
    assert isinstance(error, type(again))
    assert (again.reason, again.description, again.outcome) == (error.reason, error.description, outcome)
    assert again.retry_after == pytest.approx(failure.until - NOW)


def test_a_stored_configuration_error_stays_one():
    failure = remember(errors.ConfigurationError("mac"), None, NOW, Middle())
    assert isinstance(read_failure(failure.as_data(), NOW).error(NOW), errors.ConfigurationError)


@pytest.mark.parametrize(
    "data",
    [
        None,
        7,
        {},
        {"kind": "client_rejected"},
        {"kind": "no such kind", "until": NOW, "n": 1},
        {"kind": "client_rejected", "until": "soon", "n": 1},
        {"kind": "client_rejected", "until": float("nan"), "n": 1},
        {"kind": "client_rejected", "until": NOW + 86400, "n": 1},
        {"kind": "client_rejected", "until": NOW, "n": "1"},
    ],
)
def test_a_damaged_failure_is_none(data):
    assert read_failure(data, NOW) is None


def test_a_token_after_a_refused_one_is_on_probation():
    failure = refused("The game refuses", NOW)
    assert (failure.kind, failure.until) == ("token_refused", NOW + 30)
    assert after_success(failure, NOW + 40) == refused("The game refuses", NOW + 40)
    assert after_success(failure, NOW + 2000) is None
    assert after_success(remember(LOST, None, NOW, Middle()), NOW + 2) is None
    assert after_success(None, NOW) is None
