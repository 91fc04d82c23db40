"""Readers of whole answers, over the readers of single things in :mod:`django_playlyfe.wire`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django_playlyfe import types, wire
from django_playlyfe.client.exchange import Answer
from django_playlyfe.exceptions import BadResponse

T = TypeVar("T")


def read_answer(reader: Callable[[Any], T], answer: Answer) -> T:
    """What ``reader`` makes of an answer.

    Raises:
        BadResponse: wrong shape. Its outcome is APPLIED: the server did what was asked.
    """
    try:
        return reader(answer.data)
    except BadResponse as error:
        error.outcome, error.status, error.request_id = "APPLIED", answer.status, answer.request_id
        raise


def array_of(reader: Callable[[Any], T]) -> Callable[[Any], tuple[T, ...]]:
    """A reader of a bare array; other servers send ``null`` for an empty one."""

    def read(data: Any) -> tuple[T, ...]:
        if data is None:
            return ()
        if not isinstance(data, list):
            raise wire.wrong_shape("a list should be an array")
        return tuple(reader(entry) for entry in data)

    return read


def read_object(data: Any) -> Mapping[str, Any]:
    """Any JSON object."""
    if not isinstance(data, Mapping):
        raise wire.wrong_shape("an object was expected")
    return data


def read_played(data: Any) -> tuple[types.Event, ...]:
    """The events of a play's answer, local ones first."""
    return wire.read_events(read_object(data).get("events"))


def read_players(data: Any) -> tuple[tuple[types.PlayerRef, ...], int]:
    """A page of players, and how many there are in all."""
    page = read_object(data)
    rows = array_of(wire.read_player_ref)(page.get("data"))
    return tuple(row for row in rows if row is not None), wire.read_number(page.get("total")) or 0


def read_notifications(data: Any) -> tuple[types.Event, ...]:
    """``{"data": […], "total": n}``, or ``null`` when there are none."""
    return wire.read_feed(read_object(data).get("data")) if data is not None else ()
