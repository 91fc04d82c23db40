"""Writing what is owed: one row in the transaction of what it tells about (``reliability.md`` §3.1)."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import DatabaseError, IntegrityError, transaction

from django_playlyfe import instants, signals, wire
from django_playlyfe.backends import GameBackend
from django_playlyfe.client.addresses import check_id
from django_playlyfe.models import Delivery, PlayerLink
from django_playlyfe.players.about import About

logger = logging.getLogger("django_playlyfe.delivery")

State, Kind = Delivery.State, Delivery.Kind

LARGEST_PAYLOAD = 64 * 1024
LONGEST_PLAYER_ID = 128
_FRESH = {
    "state": State.PENDING,
    "attempts": 0,
    "sends": 0,
    "keyed": False,
    "owner": "",
    "lease_until": None,
    "answer": None,
    "shown_at": None,
    "error_code": "",
    "error_text": "",
    "evidence": "",
    "settled_at": None,
}
"""A row that is owed anew: a new series of attempts under the same key."""
_FAILED = (State.REFUSED, State.DEAD, State.CANCELLED)
"""Ends at which the game has not done what was asked, so the business key is not used up."""


def owe_creation(link: PlayerLink, about: About, backend: GameBackend, using: str) -> Delivery:
    """Owe the creation of a player."""
    return _insert(
        backend,
        using,
        kind=Kind.CREATE,
        subject=link.player_id,
        user_pk=str(link.user_id),
        payload=_about_payload(about),
    )


def owe_creation_again(link: PlayerLink, about: About, backend: GameBackend, using: str) -> Delivery:
    """Owe a creation that failed before: the same row, as the player's other rows wait for it."""
    rows = Delivery.objects.using(using).filter(game=backend.alias, subject=link.player_id)
    failed = rows.filter(kind=Kind.CREATE, state=State.DEAD).first()
    if failed is None:
        return owe_creation(link, about, backend, using)
    return _renew(failed, {"payload": _about_payload(about), "user_pk": str(link.user_id)}, using)


def owe_update(link: PlayerLink, about: About, backend: GameBackend, using: str) -> Delivery:
    """Owe what has changed about a user."""
    return _insert(
        backend,
        using,
        kind=Kind.UPDATE,
        subject=link.player_id,
        user_pk=str(link.user_id),
        payload=_about_payload(about),
    )


def owe_play(
    backend: GameBackend,
    using: str,
    *,
    player_id: str,
    user_pk: str,
    action: str,
    content: Mapping[str, Any],
    idempotency_key: str | None,
    at: datetime | None,
    is_news: bool = True,
) -> tuple[Delivery, bool]:
    """Owe a play, unless its business key is known.

    Args:
        content: ``variables``, ``count`` and ``scopes``.
        at: when it happened, None for now.
        is_news: whether its player is to be shown what came of it.

    Returns:
        The row, and whether an earlier call wrote it.

    Raises:
        Conflict: the key was used for other content.
        InvalidRequest: the content cannot be written as JSON, or is too large.
    """
    check_id(action, "action")
    payload = {**content, "at": wire.write_instant(at) if at is not None else None}
    values = {
        "payload": payload,
        "played_at": at or instants.now(),
        "user_pk": user_pk,
        "shown_at": None if is_news else instants.now(),
    }
    where = {"subject": player_id, "action": action, "idempotency_key": idempotency_key}
    if idempotency_key is None:
        return _insert(backend, using, kind=Kind.PLAY, **where, **values), False
    known = _find(backend, using, where)
    if known is None:
        try:
            return _insert(backend, using, kind=Kind.PLAY, **where, **values), False
        except IntegrityError:  # another request was faster with the same key
            known = _find(backend, using, where)
            if known is None:
                raise
    if known.state in _FAILED:
        return _renew(known, values, using), False
    if fingerprint(known.payload) != fingerprint(payload):
        raise wire.make_error("idempotency_key_reused", "This key was used for another play")
    return known, True


def owe_edit(player_id: str, user_pk: str, content: Mapping[str, Any], backend: GameBackend, using: str) -> Delivery:
    """Owe an edit by hand.

    Args:
        content: of :func:`~.edits.payload`.

    Raises:
        InvalidRequest: the content cannot be written as JSON, or is too large.
    """
    return _insert(backend, using, kind=Kind.SCORE, subject=player_id, user_pk=user_pk, payload=content)


def owe_deletion(player_id: str, user_pk: str, backend: GameBackend, using: str) -> Delivery:
    """Owe the deletion of a player."""
    return _insert(backend, using, kind=Kind.DELETE, subject=player_id, user_pk=user_pk, payload={})


def drop_owed(player_id: str, backend: GameBackend, using: str) -> bool:
    """Cancel what is owed for a player who is to be forgotten, and scrub what was delivered.

    Returns:
        Whether the game may know the player, so that a deletion is owed.
    """
    rows = Delivery.objects.using(using).filter(game=backend.alias, subject=player_id)
    created = rows.filter(kind=Kind.CREATE).order_by("-id").first()
    now = instants.now()
    rows.filter(state=State.PENDING).update(state=State.CANCELLED, settled_at=now)
    rows.filter(state=State.DEAD, kind=Kind.CREATE).update(state=State.CANCELLED)
    scrub(player_id, backend, using)
    return created is None or created.sends > 0 or created.state == State.DELIVERED


def scrub(player_id: str, backend: GameBackend, using: str) -> None:
    """Take what is personal out of the settled rows of a player who is forgotten."""
    rows = Delivery.objects.using(using).filter(game=backend.alias, subject=player_id)
    rows.filter(state__in=(State.DELIVERED, State.REFUSED, State.CANCELLED)).update(
        payload={}, answer=None, error_text="", idempotency_key=None, shown_at=instants.now()
    )


def mark_shown(key: str, backend: GameBackend) -> None:
    """What came of this play need not be shown any more."""
    rows = Delivery.objects.filter(game=backend.alias, key=key, shown_at__isnull=True)
    rows.update(shown_at=instants.now())


def fingerprint(payload: Mapping[str, Any]) -> str:
    """What two plays under one key must have in common."""
    if "sha256" in payload:  # purged: only this is left
        return str(payload["sha256"])
    content = {name: payload.get(name) for name in ("variables", "count", "scopes", "at")}
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _about_payload(about: About) -> dict[str, Any]:
    return {"alias": about.alias, "email": about.email, "enabled": about.enabled}


def _find(backend: GameBackend, using: str, where: Mapping[str, Any]) -> Delivery | None:
    return Delivery.objects.using(using).filter(game=backend.alias, **where).first()


def _insert(backend: GameBackend, using: str, **values: Any) -> Delivery:
    """One row in a savepoint: if it cannot be written, what the caller has written stays."""
    check_id(values["subject"], "player id")
    if len(values["subject"]) > LONGEST_PLAYER_ID:
        raise wire.make_error("validation_exception", f"A player id has at most {LONGEST_PLAYER_ID} characters.")
    _check_payload(values["payload"])
    now = instants.now()
    row = Delivery(game=backend.alias, not_before=now, created_at=now, **values)
    try:
        with transaction.atomic(using=using):
            row.save(using=using, force_insert=True)
    except IntegrityError:
        raise
    except DatabaseError as error:
        logger.critical(
            "registration.row_failed kind=%s: what is owed to the game %r could not be written down (%s)",
            row.kind,
            backend.alias,
            type(error).__name__,
            extra={"event": "registration.row_failed"},
        )
        signals.delivery_failed.send_robust(
            sender=type(backend), user=None, player_id=row.subject, event=row, game=backend.alias
        )
        raise
    return row


def _renew(row: Delivery, values: Mapping[str, Any], using: str) -> Delivery:
    """Owe a row anew that ended without having been done."""
    now = instants.now()
    for name, value in {**_FRESH, **values, "not_before": now, "created_at": now}.items():
        setattr(row, name, value)
    _check_payload(row.payload)
    row.save(using=using)
    return row


_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""Its escape in JSON, after an even number of backslashes."""


def _check_payload(payload: Mapping[str, Any]) -> None:
    try:
        size = len(json.dumps(payload, allow_nan=False))
        text = json.dumps(payload, ensure_ascii=False)
        text.encode()  # not where half a character is in it
    except (TypeError, ValueError, RecursionError) as error:
        raise wire.make_error("validation_exception", f"What is owed cannot be written as JSON: {error}") from None
    if _NUL.search(text):  # PostgreSQL stores it nowhere, and the engine refuses it too
        raise wire.make_error("validation_exception", "What is owed cannot hold the character NUL.")
    if size > LARGEST_PAYLOAD:
        raise wire.make_error("request_too_large", f"What is owed has at most {LARGEST_PAYLOAD // 1024} KiB.")
