"""Ids of events: version-1 UUIDs that tell the call's instant (``engine.md`` §10.1, ``http-api.md`` §4.2)."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

_GREGORIAN_EPOCH = datetime(1582, 10, 15, tzinfo=timezone.utc)
"""Where the clock of a version-1 UUID starts (RFC 9562 §5.1)."""
_MICROSECOND = timedelta(microseconds=1)
_TICKS_A_MICROSECOND = 10
_TICKS_A_MILLISECOND = 10_000
_MULTICAST = 0x01_00_00_00_00_00
"""Bit of a node that no network card has: RFC 9562 §6.10 wants it set in random nodes."""


def first_id(at: datetime, random_bits: Callable[[int], int] = secrets.randbits) -> uuid.UUID:
    """The id of the first event of a call.

    Args:
        at: the call's instant, whole milliseconds.
        random_bits: number of bits -> random integer; clock sequence and node come from it.
    """
    ticks = (at - _GREGORIAN_EPOCH) // _MICROSECOND * _TICKS_A_MICROSECOND
    return _build(ticks, random_bits(14), random_bits(48) | _MULTICAST)


def nth_id(first: uuid.UUID, tick: int) -> uuid.UUID:
    """The id of the event number ``tick`` (from 0) of the call whose first event is ``first``."""
    return _build(first.time + tick, first.clock_seq, first.node) if tick else first


def tick_of(event: uuid.UUID) -> int:
    """Which event of its call an id is of, from 0: calls are at whole milliseconds."""
    return event.time % _TICKS_A_MILLISECOND


def first_of(event: uuid.UUID) -> uuid.UUID:
    """The id of the first event of the same call."""
    return _build(event.time - tick_of(event), event.clock_seq, event.node)


def again(first: uuid.UUID, bits: int) -> uuid.UUID:
    """Another id of the same instant; ``bits``, 62 of them, decide which."""
    return _build(first.time, bits & 0x3FFF, (bits >> 14) & 0xFFFF_FFFF_FFFF | _MULTICAST)


def instant_of(event_id: uuid.UUID) -> datetime | None:
    """The instant of an event's call, whole milliseconds; None for an id that no event can have."""
    if event_id.version != 1:
        return None
    milliseconds = event_id.time // (_TICKS_A_MICROSECOND * 1000)
    try:
        return _GREGORIAN_EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def _build(ticks: int, clock_sequence: int, node: int) -> uuid.UUID:
    """The fields of RFC 9562 §5.1, put into one number here: ``uuid.UUID`` takes three times as long."""
    low, middle, high = ticks & 0xFFFF_FFFF, ticks >> 32 & 0xFFFF, ticks >> 48 & 0x0FFF
    version, variant = 0x1000, 0x8000
    clock = clock_sequence & 0x3FFF | variant
    return uuid.UUID(int=low << 96 | middle << 80 | (high | version) << 64 | clock << 48 | node)
