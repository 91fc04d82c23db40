"""Pauses of a game's queue, seen by every process, and the one probe after each (``reliability.md`` §3.5)."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django_playlyfe import instants, signals
from django_playlyfe.backends import GameBackend
from django_playlyfe.delivery.database import database
from django_playlyfe.delivery.decisions import Pause
from django_playlyfe.delivery.schedule import FIRST_PAUSE, pause_length
from django_playlyfe.models import Delivery, Queue

logger = logging.getLogger("django_playlyfe.delivery")

_LONGEST_REASON = 500


@dataclass(frozen=True)
class Gate:
    """What may be sent now.

    Attributes:
        closed_until: nothing before this instant; None = the gate is open.
        without: kinds of rows that have to wait, until ``reopens_at``.
        probing: pauses whose time is over, and whose probe this drainer is.
    """

    closed_until: datetime | None = None
    without: frozenset[str] = frozenset()
    reopens_at: datetime | None = None
    probing: tuple[Queue, ...] = field(default=())


def look(backend: GameBackend) -> Gate:
    """What may be sent now. Of all drainers that ask when a pause is over, one is elected to try."""
    now = instants.now()
    without: set[str] = set()
    reopens_at: datetime | None = None
    probing: list[Queue] = []
    for pause in Queue.objects.using(database()).filter(game=backend.alias):
        if pause.paused_until <= now and _is_elected(pause, now):
            probing.append(pause)
        elif pause.kind == Queue.Kind.ALL:
            return Gate(closed_until=max(pause.paused_until, now + timedelta(seconds=1)))
        else:
            without.add(Delivery.Kind.CREATE)
            reopens_at = pause.paused_until
    return Gate(without=frozenset(without), reopens_at=reopens_at, probing=tuple(probing))


def set_pause(backend: GameBackend, pause: Pause) -> None:
    """Pause a game's queue, for longer each time in a row."""
    now = instants.now()
    queue, _is_new = Queue.objects.using(database()).get_or_create(
        game=backend.alias, kind=pause.kind, defaults={"paused_until": now, "times": 0}
    )
    queue.times += 1
    until = now + timedelta(seconds=pause_length(queue.times, is_quota=pause.is_quota))
    queue.paused_until = max(until, pause.until or until)
    queue.reason = pause.reason[:_LONGEST_REASON]
    queue.save(using=database())
    logger.error(
        "queue.paused game=%s kind=%s until=%s: %s",
        backend.alias,
        queue.kind,
        queue.paused_until.isoformat(timespec="seconds"),
        queue.reason,
        extra={"event": "queue.paused"},
    )
    signals.queue_paused.send_robust(sender=type(backend), game=backend.alias, reason=queue.reason)


def lift(backend: GameBackend, gate: Gate, row: Delivery) -> None:
    """The probe got an answer that does not concern everybody: end the pause that it was about."""
    for pause in gate.probing:
        if pause.kind == Queue.Kind.CREATE and row.kind != Delivery.Kind.CREATE:
            continue
        Queue.objects.using(database()).filter(pk=pause.pk).delete()
        logger.info("queue.resumed game=%s kind=%s", backend.alias, pause.kind, extra={"event": "queue.resumed"})


def _is_elected(pause: Queue, now: datetime) -> bool:
    """Move the end of the pause; whoever moves it from where all have read it is the probe."""
    as_read = Queue.objects.using(database()).filter(pk=pause.pk, paused_until=pause.paused_until)
    return as_read.update(paused_until=now + timedelta(seconds=FIRST_PAUSE)) == 1
