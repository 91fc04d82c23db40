"""What becomes of a row after an attempt (the tables of ``reliability.md`` §2.10, §3.3). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from random import uniform

from django_playlyfe.client.outcomes import is_systemic, lacked_token
from django_playlyfe.delivery.schedule import HORIZON, Chance, asked, next_attempt
from django_playlyfe.exceptions import (
    AccessDenied,
    ActionLimitReached,
    BadResponse,
    ConfigurationError,
    PlayerExists,
    PlayerNotFound,
    PlaylyfeError,
    QuotaExceeded,
    RateLimited,
    Suppressed,
)
from django_playlyfe.models import Delivery, Queue

State = Delivery.State
Kind = Delivery.Kind

MOST_POISON = 3
"""Attempts that may fail in our own code before a row is given up."""
REPEATABLE = frozenset({Kind.CREATE, Kind.UPDATE, Kind.DELETE})
"""Done twice, these come to the same."""


@dataclass(frozen=True)
class Pause:
    """That sending has to pause: ``kind`` is what waits, ``until`` what the game asked for."""

    kind: str
    reason: str
    until: datetime | None = None
    is_quota: bool = False


@dataclass(frozen=True)
class Decision:
    """What becomes of a row.

    Attributes:
        state: its next state.
        not_before: of a PENDING row.
        takes_back_attempt: the attempt is not counted.
        takes_back_send: nothing reached the wire.
        evidence: replaces the row's, unless empty.
        pause: the trouble concerns every row.
        ends_run: the trouble concerns the host, so the next row would fare no better now.
    """

    state: str
    not_before: datetime | None = None
    takes_back_attempt: bool = False
    takes_back_send: bool = False
    evidence: str = ""
    pause: Pause | None = None
    ends_run: bool = False


def decide(
    row: Delivery, error: Exception | None, now: datetime, uncertain: Mapping[str, str], chance: Chance = uniform
) -> Decision:
    """Judge an attempt.

    Args:
        row: as claimed: ``attempts`` and ``sends`` count this attempt.
        error: what the backend raised, None if it did what was asked.
        now: of the injected clock.
        uncertain: ``DeliveryPolicy.uncertain``.
    """
    if error is None:
        return Decision(State.DELIVERED)
    if isinstance(error, ConfigurationError):
        return _systemic(error, None, now, chance, takes_back_send=True)
    if not isinstance(error, PlaylyfeError):
        return _poison(row, now, chance)
    return _expire(_of_outcome(row, error, now, uncertain, chance), row, now)


def after_lapse(row: Delivery, uncertain: Mapping[str, str], now: datetime) -> Decision:
    """Judge a row whose sender died or was cut off: nobody knows whether it arrived."""
    return _expire(_unknown(row, now, None, uncertain, uniform), row, now)


def _of_outcome(
    row: Delivery, error: PlaylyfeError, now: datetime, uncertain: Mapping[str, str], chance: Chance
) -> Decision:
    if error.outcome == "NOT_SENT":
        return _not_sent(row, error, now, chance)
    if is_systemic(error):
        return _systemic(error, error, now, chance)
    if error.outcome == "APPLIED":
        return Decision(State.DELIVERED, evidence="unread" if isinstance(error, BadResponse) else "")
    if error.outcome == "UNKNOWN":
        return _unknown(row, now, error.retry_at, uncertain, chance)
    return _rejected(row, error, now, chance)


def _not_sent(row: Delivery, error: PlaylyfeError, now: datetime, chance: Chance) -> Decision:
    if is_systemic(error):
        return _systemic(error, error, now, chance, takes_back_send=True)
    return Decision(
        State.PENDING,
        next_attempt(row.attempts, now, error.retry_at, chance),
        takes_back_attempt=isinstance(error, Suppressed) or lacked_token(error),
        takes_back_send=True,
        ends_run=True,
    )


def _systemic(
    error: Exception,
    answer: PlaylyfeError | None,
    now: datetime,
    chance: Chance,
    *,
    takes_back_send: bool = False,
) -> Decision:
    """Wrong credentials, a wrong URL, a spent quota: no row is to blame, so none loses an attempt."""
    retry_at = answer.retry_at if answer is not None else None
    is_of_players = isinstance(error, QuotaExceeded) and error.code == "player_limit_exceeded"
    pause = Pause(
        Queue.Kind.CREATE if is_of_players else Queue.Kind.ALL,
        str(error),
        asked(now, retry_at, chance),
        is_quota=isinstance(error, QuotaExceeded),
    )
    return Decision(
        State.PENDING,
        asked(now, retry_at, chance) or now,
        takes_back_attempt=True,
        takes_back_send=takes_back_send,
        pause=pause,
        ends_run=not is_of_players,
    )


def _unknown(
    row: Delivery, now: datetime, retry_at: datetime | None, uncertain: Mapping[str, str], chance: Chance
) -> Decision:
    """Repeated where twice is as good as once; what could count twice waits for a person (§3.7). Edited scores have
    no action: ``"*"`` decides about them."""
    again = Decision(State.PENDING, next_attempt(row.attempts, now, retry_at, chance))
    if row.kind in REPEATABLE or row.keyed:
        return again
    if uncertain.get(row.action, uncertain.get("*", "hold")) == "resend":
        return replace(again, evidence="resent")
    return Decision(State.UNCERTAIN)


def _rejected(row: Delivery, error: PlaylyfeError, now: datetime, chance: Chance) -> Decision:
    if row.kind == Kind.PLAY and isinstance(error, (ActionLimitReached, AccessDenied)):
        return Decision(State.REFUSED)
    if isinstance(error, RateLimited):
        wait = next_attempt(1, now, error.retry_at, chance)
        return Decision(State.PENDING, wait, takes_back_attempt=True, ends_run=True)
    if row.kind == Kind.CREATE and isinstance(error, PlayerExists):
        return Decision(State.DELIVERED, evidence="exists")
    if row.kind == Kind.DELETE and isinstance(error, PlayerNotFound):
        return Decision(State.DELIVERED)
    return Decision(State.DEAD)


def _poison(row: Delivery, now: datetime, chance: Chance) -> Decision:
    """An exception in our own code: this row's trouble, and the loop goes on."""
    if row.attempts >= MOST_POISON:
        return Decision(State.DEAD, evidence="poison")
    return Decision(State.PENDING, next_attempt(row.attempts, now, None, chance), takes_back_send=True)


def _expire(decision: Decision, row: Delivery, now: datetime) -> Decision:
    if decision.state == State.PENDING and now - row.created_at > HORIZON:
        return replace(decision, state=State.DEAD, not_before=None, evidence="expired")
    return decision
