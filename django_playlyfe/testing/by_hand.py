"""What people who run a game do to a player of a :class:`~.games.FakeGame`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django_playlyfe import wire
from django_playlyfe.types import Change, Event

Scores = dict[str, Any]
"""Metric id -> points, the name of a state, or item -> count."""


@dataclass(frozen=True)
class Edit:
    """A change that is no play.

    Attributes:
        number: grows with plays and edits alike.
        apply: what it does to scores.
        events: what it told.
        reverted: ids of events that it took back.
        idempotency_key, asked: the key it came with, and what was asked under it.
    """

    number: int
    player_id: str
    apply: Callable[[Scores], None]
    events: tuple[Event, ...] = ()
    reverted: frozenset[str] = frozenset()
    idempotency_key: str | None = None
    asked: Any = None


def adjusting(rewards: Sequence[Mapping[str, Any]], known: Mapping[str, str]) -> Callable[[Scores], None]:
    """What these rewards do to scores.

    Args:
        known: metric id -> type. A metric that is not there may come from a function, so it exists too.

    Raises:
        InvalidRequest: a metric is of another type, or a verb is wrong.
    """
    for reward in rewards:
        metric, verb = reward["metric"], reward["verb"]
        is_other = known.get(metric["id"], metric["type"]) != metric["type"]
        if is_other or verb not in ("add", "remove", "set") or (metric["type"] == "state" and verb != "set"):
            raise wire.make_error("validation_exception", f"There is no such reward: {dict(reward)!r}")

    def apply(scores: Scores) -> None:
        for reward in rewards:
            name, kind, value = reward["metric"]["id"], reward["metric"]["type"], reward["value"]
            if kind == "state":
                scores[name] = value
            elif kind == "set":
                held = scores.get(name) or {}
                scores[name] = held | {item: _after(held.get(item), reward["verb"], n) for item, n in value.items()}
            else:
                scores[name] = _after(scores.get(name), reward["verb"], value)

    return apply


def reverting(events: Iterable[Event]) -> Callable[[Scores], None]:
    """What taking these events back does to scores."""
    changes = [change for event in events for change in event.changes]

    def apply(scores: Scores) -> None:
        for change in changes:
            _take_back(change, scores)

    return apply


def _after(old: int | None, verb: str, value: Any) -> int:
    number = int(value)
    if verb == "set":
        return number
    return max((old or 0) + (number if verb == "add" else -number), 0)


def _take_back(change: Change, scores: Scores) -> None:
    name = change.metric.id
    if change.metric.type == "set":
        held = scores.get(name) or {}
        lost = {item.name: held.get(item.name, 0) - (item.new or 0) + (item.old or 0) for item in change.items}
        scores[name] = held | {item: max(count, 0) for item, count in lost.items()}
    elif change.metric.type == "state":
        scores[name] = change.old
    else:
        scores[name] = max(scores.get(name, 0) - int(change.new or 0) + int(change.old or 0), 0)
