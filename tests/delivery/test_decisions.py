"""What becomes of a row, as a table; and when it is tried again."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_playlyfe import exceptions as errors
from django_playlyfe.delivery.decisions import decide
from django_playlyfe.delivery.schedule import BACK_OFF, next_attempt, pause_length
from django_playlyfe.exceptions import ConfigurationError
from django_playlyfe.models import Delivery

NOW = dt.datetime(2024, 3, 5, 12, tzinfo=dt.timezone.utc)
SOON = NOW + dt.timedelta(seconds=60)
HOLD = {"*": "hold"}


def row(kind="play", **values):
    return Delivery(**{"kind": kind, "action": "wave", "attempts": 1, "sends": 1, "created_at": NOW, **values})


def lost():
    return errors.ResponseLost("lost", reason="read_timeout", outcome="UNKNOWN")


@pytest.mark.parametrize(
    ("kind", "error", "state"),
    [
        ("play", None, "delivered"),
        ("play", errors.ActionLimitReached("no"), "refused"),
        ("play", errors.AccessDenied("no", code="access_denied"), "refused"),
        ("update", errors.AccessDenied("no", code="access_denied"), "dead"),
        ("play", errors.AccessDenied("You are not allowed to access this api route", code="access_denied"), "pending"),
        ("play", errors.ActionNotFound("no"), "dead"),
        ("play", errors.InvalidRequest("no"), "dead"),
        ("play", errors.PlayerNotFound("no"), "dead"),
        ("delete", errors.PlayerNotFound("no"), "delivered"),
        ("create", errors.PlayerExists("there"), "delivered"),
        ("create", errors.InvalidRequest("no"), "dead"),
        ("play", errors.NotFound("no", code="route_not_found"), "pending"),
        ("play", errors.BadResponse("no", reason="redirect_refused"), "pending"),
        ("play", errors.BadResponse("?", reason="not_json", outcome="APPLIED"), "delivered"),
        ("play", errors.QuotaExceeded("no"), "pending"),
        ("play", errors.AuthenticationError("no"), "pending"),
        ("play", errors.RateLimited("slow down"), "pending"),
        ("play", errors.NotSent("dns", reason="dns"), "pending"),
        ("play", errors.Suppressed("throttled", reason="throttled"), "pending"),
        ("play", lost(), "uncertain"),
        ("score", None, "delivered"),
        ("score", errors.AccessDenied("no", code="forbidden"), "dead"),
        ("score", errors.InvalidRequest("no"), "dead"),
        ("score", errors.PlayerNotFound("no"), "dead"),
        ("score", errors.NotFound("no", code="event_not_found"), "dead"),
        ("score", errors.Conflict("no", code="idempotency_key_reused"), "dead"),
        ("score", errors.RateLimited("slow down"), "pending"),
        ("score", errors.BadResponse("?", reason="not_json", outcome="APPLIED"), "delivered"),
        ("score", errors.BadResponse("no", reason="redirect_refused"), "pending"),
        ("score", errors.QuotaExceeded("no"), "pending"),
        ("score", errors.NotSent("dns", reason="dns"), "pending"),
        ("score", lost(), "uncertain"),
        ("score", errors.ServerError("oops"), "uncertain"),
        ("create", lost(), "pending"),
        ("update", lost(), "pending"),
        ("delete", lost(), "pending"),
        ("play", errors.ServerError("oops"), "uncertain"),
        ("play", ConfigurationError("wrong URL"), "pending"),
        ("play", ValueError("ours"), "pending"),
    ],
)
def test_an_end_of_an_attempt_has_one_meaning(kind, error, state):
    assert decide(row(kind), error, NOW, HOLD).state == state


@pytest.mark.parametrize("kind", ["play", "score"])
def test_what_is_keyed_is_sent_again(kind):
    assert decide(row(kind, keyed=True), lost(), NOW, HOLD).state == "pending"


def test_resending_is_chosen_per_action():
    policy = {"*": "hold", "wave": "resend"}
    assert decide(row(), lost(), NOW, policy).evidence == "resent"
    assert decide(row(action="pay"), lost(), NOW, policy).state == "uncertain"
    assert decide(row("score", action=""), lost(), NOW, policy).state == "uncertain"
    assert decide(row("score", action=""), lost(), NOW, {"*": "resend"}).evidence == "resent"


@pytest.mark.parametrize(
    ("error", "attempt_back", "send_back"),
    [
        (errors.NotSent("dns", reason="dns"), False, True),
        (errors.Suppressed("throttled", reason="throttled"), True, True),
        (errors.RateLimited("slow down"), True, False),
        (errors.AuthenticationError("no"), True, False),
        (errors.NotSent("certificate", reason="tls"), True, True),
        (lost(), False, False),
    ],
)
def test_what_is_not_the_rows_fault_costs_it_no_attempt(error, attempt_back, send_back):
    decision = decide(row("create"), error, NOW, HOLD)
    assert (decision.takes_back_attempt, decision.takes_back_send) == (attempt_back, send_back)


@pytest.mark.parametrize(
    ("error", "kind", "is_quota"),
    [
        (errors.AuthenticationError("no"), "all", False),
        (errors.QuotaExceeded("no", code="plan_limit_exceeded"), "all", True),
        (errors.QuotaExceeded("no", code="player_limit_exceeded"), "create", True),
        (errors.NotSent("certificate", reason="tls"), "all", False),
        (ConfigurationError("wrong URL"), "all", False),
    ],
)
def test_trouble_that_concerns_every_row_pauses_the_queue(error, kind, is_quota):
    pause = decide(row("create"), error, NOW, HOLD).pause
    assert (pause.kind, pause.is_quota) == (kind, is_quota)


def test_what_the_game_asks_for_is_waited_for():
    error = errors.RateLimited("slow down", retry_at=SOON)
    assert decide(row(), error, NOW, HOLD).not_before >= SOON


@given(
    attempts=st.integers(1, 50),
    asked=st.none() | st.integers(-(10**6), 10**7),
    chance=st.floats(0, 1),
)
def test_a_wait_is_raised_by_the_game_and_never_lowered(attempts, asked, chance):
    retry_at = None if asked is None else NOW + dt.timedelta(seconds=asked)
    again = next_attempt(attempts, NOW, retry_at, lambda low, high: low + (high - low) * chance)
    wait = (again - NOW).total_seconds()
    assert wait >= BACK_OFF[min(attempts, len(BACK_OFF)) - 1] / 2
    assert wait <= 1.1 * 6 * 3600
    if asked is not None:
        assert wait >= min(asked, 6 * 3600) - 0.001


def test_pauses_double_up_to_five_minutes_and_a_quota_takes_an_hour():
    assert [pause_length(times, is_quota=False) for times in (1, 2, 3, 4, 5, 6, 99)] == [
        30,
        60,
        120,
        240,
        300,
        300,
        300,
    ]
    assert pause_length(1, is_quota=True) == 3600
