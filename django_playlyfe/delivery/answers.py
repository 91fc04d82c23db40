"""What came of a row, as it is stored in ``Delivery.answer``, and read again as a result."""

from __future__ import annotations

from typing import Any

from django_playlyfe import wire
from django_playlyfe.exceptions import PlaylyfeError
from django_playlyfe.models import Delivery
from django_playlyfe.reading.bodies import read_body, write_body
from django_playlyfe.types import EditResult, Player, PlayResult

State, Kind = Delivery.State, Delivery.Kind


def write_result(result: PlayResult) -> dict[str, Any]:
    """A play that was applied, in the shape of the wire."""
    return {
        "events": {
            "local": [dict(event.data) for event in result.events if not event.is_global],
            "global": [dict(event.data) for event in result.events if event.is_global],
        },
        "replayed": result.replayed,
    }


def write_player(player: Player) -> dict[str, Any]:
    """The profile with which the game has answered an edit."""
    return {"player": write_body(player)}


def write_error(error: PlaylyfeError) -> dict[str, Any]:
    """A refusal or a failure. Its texts are redacted already."""
    return {
        "error": {
            "code": error.code,
            "description": error.description,
            "status": error.status,
            "data": error.data,
            "retry_at": wire.write_instant(error.retry_at) if error.retry_at is not None else None,
        }
    }


def read_error(row: Delivery) -> PlaylyfeError:
    """The typed error of a row that was refused or has failed."""
    stored = (row.answer or {}).get("error") or {"code": row.error_code, "description": row.error_text}
    retry_at = stored.get("retry_at")
    error: PlaylyfeError = wire.make_error(
        stored["code"] or "delivery_failed",
        stored["description"],
        of_play=row.kind == Kind.PLAY,
        status=stored.get("status"),
        data=stored.get("data"),
        retry_at=wire.read_instant(retry_at) if retry_at else None,
        request_id=str(row.key),
    )
    return error


def read_player(row: Delivery) -> Player | None:
    """The profile after an edit; None if nobody could read it, a person has settled the row, or it is purged."""
    stored = (row.answer or {}).get("player")
    player: Player | None = read_body(Player, stored) if stored else None
    return player


def read_edit(row: Delivery) -> EditResult:
    """What an edit has come to by now.

    Raises:
        PlaylyfeError: it cannot succeed: a wrong reward, an unknown player.
    """
    if row.state == State.DEAD:
        raise read_error(row)
    if row.state == State.DELIVERED:
        return EditResult("applied", read_player(row), key=str(row.key))
    return EditResult("pending", key=str(row.key))


def read_result(row: Delivery, *, replayed: bool = False) -> PlayResult:
    """What a play has come to by now.

    Args:
        replayed: an earlier call with the same business key wrote the row.

    Raises:
        PlaylyfeError: the play cannot succeed: an unknown action, a wrong variable.
    """
    key = str(row.key)
    if row.state == State.DELIVERED:
        events = wire.read_events((row.answer or {}).get("events") or {})
        return PlayResult("applied", events, key=key, replayed=replayed)
    if row.state == State.REFUSED:
        return PlayResult("refused", error=read_error(row), key=key, replayed=replayed)
    if row.state == State.DEAD:
        raise read_error(row)
    return PlayResult("pending", key=key, replayed=replayed)
