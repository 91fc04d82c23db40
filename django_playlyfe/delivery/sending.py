"""One attempt for one claimed row: the call, and what is written down about it."""

from __future__ import annotations

import hashlib
import logging
import traceback
from functools import partial
from typing import Any

from django_playlyfe import instants, wire
from django_playlyfe.backends import GameBackend
from django_playlyfe.client.outcomes import is_of_the_host, is_systemic
from django_playlyfe.delivery import claim, edits, pauses
from django_playlyfe.delivery.answers import write_error, write_player, write_result
from django_playlyfe.delivery.decisions import Decision, decide
from django_playlyfe.delivery.effects import announce, take_effect
from django_playlyfe.delivery.pauses import Gate
from django_playlyfe.delivery.streaks import break_streak
from django_playlyfe.exceptions import (
    APIError,
    AuthenticationError,
    Conflict,
    InvalidRequest,
    PlayerExists,
    PlayerNotFound,
    PlaylyfeError,
)
from django_playlyfe.models import Delivery
from django_playlyfe.players.about import About
from django_playlyfe.players.links import link_of_player

logger = logging.getLogger("django_playlyfe.delivery")

State, Kind = Delivery.State, Delivery.Kind

_ONCE = (Kind.PLAY, Kind.SCORE)
"""Sent twice, these count twice, unless the game honours keys."""
_LONGEST_CODE, _LONGEST_TEXT = 100, 500
_SUFFIX = 4


def attempt(backend: GameBackend, row: Delivery, gate: Gate) -> Decision:
    """Send a claimed row and settle it. Raises nothing but what the database raises.

    Args:
        gate: what let the row through; a pause that it probes ends with an answer.
    """
    answer: dict[str, Any] | None = None
    failure: Exception | None = None
    try:
        answer = _send(backend, row)
    except Exception as error:  # whatever it is, the row must be settled and the loop go on
        failure = error
        if not isinstance(error, PlaylyfeError):
            _log_poison(row, error)
    decision = decide(row, failure, instants.now(), backend.delivery.uncertain)
    changes = _changes(row, decision, failure, answer)
    is_mine = claim.settle(row, changes, also=partial(take_effect, backend, row, decision.state))
    if decision.pause is not None:
        pauses.set_pause(backend, decision.pause)
        if isinstance(failure, PlaylyfeError) and is_of_the_host(failure):
            backend.leave_alone(failure.code)
    elif gate.probing and not decision.takes_back_send and decision.state != State.UNCERTAIN:
        pauses.lift(backend, gate, row)
    if is_mine:
        _log(row)
        announce(backend, row)
        if decision.state == State.DEAD:
            break_streak(backend, row)
    return decision


def _send(backend: GameBackend, row: Delivery) -> dict[str, Any] | None:
    """Call the game; a player whom it does not know is created, and the call made once more."""
    if row.kind in _ONCE and row.sends == 1 and not row.keyed:
        _learn(backend)
        claim.note_abilities(row, backend)
    try:
        return _call(backend, row)
    except PlayerNotFound:
        if row.kind not in (Kind.PLAY, Kind.SCORE, Kind.UPDATE) or not _create_missing(backend, row):
            raise
    return _call(backend, row)


def _learn(backend: GameBackend) -> None:
    """Know what the game has announced before what may count twice is sent for the first time."""
    try:
        backend.learn_abilities()
    except PlaylyfeError as error:
        if not is_systemic(error):
            error.outcome = "NOT_SENT"  # it is the question that failed; the row has not left
        raise


def _call(backend: GameBackend, row: Delivery) -> dict[str, Any] | None:
    about = row.payload
    if row.kind == Kind.CREATE:
        _create(backend, row.subject, about, str(row.key), is_first=row.sends == 1)
    elif row.kind == Kind.UPDATE:
        backend.update_player(row.subject, alias=about["alias"], email=about["email"], enabled=about["enabled"])
    elif row.kind == Kind.DELETE:
        backend.delete_player(row.subject)
    elif row.kind == Kind.PLAY:
        return write_result(_play(backend, row))
    elif row.kind == Kind.SCORE:
        return write_player(edits.make(backend, row.subject, row.payload, str(row.key)))
    return None


def _play(backend: GameBackend, row: Delivery) -> Any:
    content, told = row.payload, row.payload.get("played_at")
    return backend.play(
        row.subject,
        row.action,
        content["variables"],
        count=content["count"],
        scopes=content["scopes"],
        idempotency_key=str(row.key),
        at=wire.read_instant(told) if told else None,
    )


def _create(backend: GameBackend, player_id: str, about: dict[str, Any], key: str, *, is_first: bool = True) -> None:
    """Create a player. One whom the game has already, as after a restored backup, is brought up to date if the game
    lets us: what counts is that the player is there.

    Args:
        is_first: no earlier attempt may have done it, so a player who exists is worth a line in the log.
    """
    try:
        _create_with_some_alias(backend, player_id, about, key)
    except PlayerExists:
        if is_first:
            logger.info(
                "delivery.settled key=%s: the player was there already", key, extra={"event": "delivery.settled"}
            )
        try:
            backend.update_player(player_id, alias=about["alias"], email=about["email"], enabled=about["enabled"])
        except APIError as error:
            if error.outcome != "REJECTED" or isinstance(error, AuthenticationError):
                raise
    else:
        if not about["enabled"]:
            backend.update_player(player_id, enabled=False)


def _create_with_some_alias(backend: GameBackend, player_id: str, about: dict[str, Any], key: str) -> None:
    """Create a player; where the game knows somebody of that name already, once more with a suffix."""
    alias, email = about["alias"], about["email"]
    try:
        backend.create_player(player_id, alias=alias, email=email, idempotency_key=key)
    except (InvalidRequest, Conflict) as error:
        is_of_name = "alias" in f"{error.code} {error.description} {error.data or ''}".lower()
        if isinstance(error, PlayerExists) or not is_of_name:
            raise
        suffix = hashlib.sha256(player_id.encode()).hexdigest()[:_SUFFIX]
        backend.create_player(player_id, alias=f"{alias}-{suffix}", email=email, idempotency_key=f"{key}-alias")


def _create_missing(backend: GameBackend, row: Delivery) -> bool:
    """Create the player of a linked user whom the game has lost. Returns whether there is such a user."""
    link = link_of_player(row.subject, backend.alias)
    if link is None:
        return False
    about = About.of(link.user, backend)
    values = {"alias": about.alias, "email": about.email, "enabled": about.enabled}
    _create(backend, row.subject, values, f"{row.key}-player")
    return True


def _changes(
    row: Delivery, decision: Decision, failure: Exception | None, answer: dict[str, Any] | None
) -> dict[str, Any]:
    """The columns after an attempt."""
    changes: dict[str, Any] = {
        "state": decision.state,
        "evidence": decision.evidence or row.evidence,
        "error_code": _code(failure),
        "error_text": _text(failure),
    }
    if decision.state == State.PENDING:
        changes["not_before"] = decision.not_before
        changes["sends"] = row.sends - decision.takes_back_send
        changes["attempts"] = row.attempts - decision.takes_back_attempt
    else:
        changes["settled_at"] = instants.now()
    if decision.state == State.DELIVERED:
        changes["answer"] = answer
    elif decision.state in (State.REFUSED, State.DEAD) and isinstance(failure, PlaylyfeError):
        changes["answer"] = write_error(failure)
    return changes


def _code(failure: Exception | None) -> str:
    if failure is None:
        return ""
    code = failure.code if isinstance(failure, PlaylyfeError) else type(failure).__name__
    return code[:_LONGEST_CODE]


def _text(failure: Exception | None) -> str:
    """What people may read of a failure: of ours the redacted text, of a stranger's its type only."""
    if failure is None:
        return ""
    text = failure.description if isinstance(failure, PlaylyfeError) else type(failure).__name__
    return text[:_LONGEST_TEXT]


def _log_poison(row: Delivery, error: Exception) -> None:
    """Where it happened, for us; not what the exception says, which may be anything."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "-"
    logger.error(
        "delivery.poison key=%s kind=%s error=%s at %s",
        row.key,
        row.kind,
        type(error).__name__,
        where,
        extra={"event": "delivery.dead"},
    )


def _log(row: Delivery) -> None:
    level = logging.WARNING if row.state in (State.DEAD, State.UNCERTAIN) else logging.INFO
    event = {
        State.DELIVERED: "delivery.settled",
        State.REFUSED: "delivery.refused",
        State.DEAD: "delivery.dead",
        State.UNCERTAIN: "delivery.uncertain",
    }.get(State(row.state), "delivery.sent")
    logger.log(
        level,
        "%s key=%s kind=%s state=%s attempts=%d code=%s",
        event,
        row.key,
        row.kind,
        row.state,
        row.attempts,
        row.error_code or "-",
        extra={"event": event},
    )
