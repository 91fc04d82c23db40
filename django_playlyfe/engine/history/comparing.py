"""Where what is stored and what the log says are not the same, in words and as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django_playlyfe.engine.boards.crediting import Rows
from django_playlyfe.engine.history.projected import Projected
from django_playlyfe.wire import write_instant

Kind = Literal["score", "count", "once", "feed", "board", "histogram", "log"]


@dataclass(frozen=True)
class Difference:
    """One stored thing that the log does not give, or one that is missing.

    Attributes:
        kind: "score", "count" (of an action, with its rate limit's memory and its
            days), "once" (what a once-only rule or a best
            attempt has paid), "feed", "board"; "histogram" of a large board; "log" for a call that does not go on
            where the one before ended, which no repair can mend.
        name: which one, such as ``badges.bookworm`` or ``top_readers w2024-03-03``; of a histogram and the log a text.
        stored: what the tables say; None = nothing.
        expected: what the log says; None = nothing.
    """

    kind: Kind
    name: str
    stored: Any = None
    expected: Any = None

    def __str__(self) -> str:
        if self.kind in ("histogram", "log"):
            return self.name
        return f"{self.kind} {self.name}: stored {_said(self.stored)}, by the log {_said(self.expected)}"


def differences(stored: Projected, expected: Projected) -> Iterator[Difference]:
    """All differences, scores first."""
    yield from (Difference("log", text) for text in expected.breaks)
    yield from _differing("score", stored.projections.scores, expected.projections.scores)
    yield from _differing("count", stored.projections.counts, expected.projections.counts)
    yield from _differing("once", stored.projections.guards, expected.projections.guards)
    yield from _differing("feed", stored.feed, expected.feed)
    yield from differing_rows(stored.rows, expected.rows)


def differing_rows(stored: Rows, expected: Rows) -> Iterator[Difference]:
    """The differences of leaderboard rows."""
    return _differing("board", stored, expected)


def _differing(kind: Kind, stored: Mapping[Any, Any], expected: Mapping[Any, Any]) -> Iterator[Difference]:
    for key in {**expected, **stored}:
        if stored.get(key) != expected.get(key):
            yield Difference(kind, _name(kind, key), _plain(stored.get(key)), _plain(expected.get(key)))


def _name(kind: Kind, key: Any) -> str:
    if kind == "count":
        return str(key)
    if kind == "score":
        metric, item = key
        return f"{metric}.{item}" if item else metric
    if kind == "once":
        return " ".join(filter(None, key))
    if kind == "feed":
        call, tick = key
        return f"event {tick} of call {call}"
    return " ".join(filter(None, [key.board, key.cycle or "alltime", key.scope, f"entity {key.entity}"]))


def _plain(value: Any) -> Any:
    """As JSON: a number or state with its instant, a count with its usage and days."""
    if value is None or isinstance(value, int):
        return value
    if hasattr(value, "usage"):
        return {"count": value.count, "usage": value.usage, "days": value.days}
    if hasattr(value, "reached_at"):
        return {"value": value.value, "reached_at": write_instant(value.reached_at)}
    return write_instant(value)


def _said(value: Any) -> str:
    if value is None:
        return "nothing"
    return " ".join(f"{key} {part}" for key, part in value.items()) if isinstance(value, dict) else str(value)
