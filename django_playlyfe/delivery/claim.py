"""Whose a row is: claims with leases, and the one statement that settles a row (``reliability.md`` §3.4).

``not_before`` is compared with the clock of this process, which tests move; leases with the clock of the database, so
that a host whose clock is wrong cannot steal one. Every change of owner is one conditional UPDATE, which is right on
every database; nothing is locked and no transaction is open while the game is called.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from random import choice
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from django_playlyfe import instants, wire
from django_playlyfe.backends import GameBackend
from django_playlyfe.delivery.database import database, drop_broken_connections
from django_playlyfe.delivery.decisions import after_lapse
from django_playlyfe.instants import DatabaseNow, InstantField
from django_playlyfe.models import Delivery

logger = logging.getLogger("django_playlyfe.delivery")

State, Kind = Delivery.State, Delivery.Kind

SHORTEST_LEASE = 60.0
LATE = timedelta(minutes=1)
"""A play that is sent later than this tells the game when it happened. Not sooner: clocks differ a little between
hosts, and a game refuses what happens in its future."""
_CANDIDATES = 8
_TRIES = 5
_SETTLE_FOR, _SETTLE_EVERY = 5.0, 0.05


def take(
    backend: GameBackend,
    *,
    player_id: str | None = None,
    up_to: int | None = None,
    without: Collection[str] = (),
) -> Delivery | None:
    """Claim a row that is due; None if there is none.

    Args:
        player_id: only rows of this player, in their order.
        up_to: only rows up to this id.
        without: kinds that are paused.
    """
    _settle_lapsed(backend, player_id)
    for _try in range(_TRIES):
        rows = next_in_line(backend).filter(not_before__lte=instants.now())
        if player_id is not None:
            rows = rows.filter(subject=player_id)
        if up_to is not None:
            rows = rows.filter(pk__lte=up_to)
        found = list(rows.exclude(kind__in=without).order_by("not_before", "pk")[:_CANDIDATES])
        if not found:
            return None
        row = choice(found)  # noqa: S311 - so that several drainers seldom want the same one
        if _claim(row, backend):
            return row
    return None


def next_in_line(backend: GameBackend) -> QuerySet[Delivery]:
    """Owed rows that wait for nothing but their time: nothing earlier of the same player is owed
    (``reliability.md`` §3.6)."""
    rows = Delivery.objects.using(database()).filter(game=backend.alias, state=State.PENDING)
    earlier = Delivery.objects.filter(game=OuterRef("game"), subject=OuterRef("subject"), pk__lt=OuterRef("pk"))
    is_blocked = Exists(earlier.filter(state__in=(State.PENDING, State.SENDING)))
    has_no_player = Exists(earlier.filter(state=State.DEAD, kind=Kind.CREATE))
    return rows.filter(~is_blocked).filter(Q(kind=Kind.DELETE) | ~has_no_player)


def settle(row: Delivery, changes: Mapping[str, Any], also: Callable[[], None]) -> bool:
    """Write down what became of a claimed row, unless somebody else has claimed it meanwhile.

    ``also`` is done in the same transaction.

    A database that is locked, has chosen us as the victim of a deadlock, or was restarted, is asked again for five
    seconds, on a new connection if the old one is broken.
    """
    mine = Delivery.objects.using(database()).filter(
        pk=row.pk,
        owner=row.owner,
        attempts=row.attempts,
        state__in=(State.SENDING, State.PENDING, State.UNCERTAIN),
    )
    give_up_at = time.monotonic() + _SETTLE_FOR
    while True:
        try:
            with transaction.atomic(using=database()):
                is_mine = mine.update(**changes, owner="", lease_until=None) == 1
                if is_mine:
                    also()
            break
        except (OperationalError, InterfaceError):
            if time.monotonic() >= give_up_at or _is_in_transaction():
                raise
            time.sleep(_SETTLE_EVERY)
            drop_broken_connections()
    if not is_mine:
        logger.warning("delivery.late key=%s state=%s", row.key, changes.get("state"), extra={"event": "delivery.late"})
        return False
    for name, value in {**changes, "owner": "", "lease_until": None}.items():
        setattr(row, name, value)
    return True


def _is_in_transaction() -> bool:
    """Whether a transaction is open around us: what failed in it cannot be repeated."""
    return bool(transaction.get_connection(database()).in_atomic_block)


def note_abilities(row: Delivery, backend: GameBackend) -> None:
    """Write down, before the first send, what the game has announced since the row was claimed."""
    changes = _of_first_send(row, backend)
    if any(getattr(row, name) != value for name, value in changes.items()):
        Delivery.objects.using(database()).filter(pk=row.pk, owner=row.owner).update(**changes)
        for name, value in changes.items():
            setattr(row, name, value)


def _claim(row: Delivery, backend: GameBackend) -> bool:
    """Make a row ours, if it is as we have read it. Committed before anything is sent."""
    lease = max(4 * backend.delivery.hard_limit, SHORTEST_LEASE)
    changes: dict[str, Any] = {
        "state": State.SENDING,
        "owner": secrets.token_hex(8),
        "attempts": row.attempts + 1,
        "sends": row.sends + 1,
        "sent_at": instants.now(),
    }
    if row.sends == 0:
        changes |= _of_first_send(row, backend)
    until = ExpressionWrapper(DatabaseNow() + timedelta(seconds=lease), output_field=InstantField())
    as_read = Delivery.objects.using(database()).filter(
        pk=row.pk, state=State.PENDING, owner=row.owner, attempts=row.attempts
    )
    if as_read.update(**changes, lease_until=until) != 1:
        return False
    for name, value in changes.items():
        setattr(row, name, value)
    return True


def _of_first_send(row: Delivery, backend: GameBackend) -> dict[str, Any]:
    """What stays as it is for all later sends: the same key has to go with the same content."""
    if row.kind != Kind.PLAY:
        return {"keyed": backend.idempotent}
    is_late = bool(row.payload.get("at")) or (row.played_at is not None and instants.now() - row.played_at > LATE)
    told = wire.write_instant(row.played_at) if row.played_at and is_late and backend.backdating else None
    return {"keyed": backend.idempotent, "payload": {**row.payload, "played_at": told}}


def _settle_lapsed(backend: GameBackend, player_id: str | None) -> None:
    """Rows whose lease is over: their sender died, or was stopped. Owner and attempts stay, so that an answer that
    comes all the same is still believed until the row is claimed anew."""
    lapsed = Delivery.objects.using(database()).filter(
        game=backend.alias, state=State.SENDING, lease_until__lt=DatabaseNow()
    )
    if player_id is not None:
        lapsed = lapsed.filter(subject=player_id)
    for row in lapsed.order_by("pk")[:_CANDIDATES]:
        decision = after_lapse(row, backend.delivery.uncertain, instants.now())
        still = lapsed.filter(pk=row.pk, owner=row.owner, attempts=row.attempts)
        still.update(
            state=decision.state,
            not_before=instants.now(),  # it has waited for the length of a lease already
            evidence=decision.evidence or row.evidence,
        )
        logger.warning(
            "delivery.lapsed key=%s state=%s", row.key, decision.state, extra={"event": "delivery.uncertain"}
        )
