"""How a metric went, day by day, from a player's newest events; and the line that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from django_playlyfe import instants
from django_playlyfe.types import Event, MetricRef

MOST_EVENTS = 200
MOST_DAYS = 366
WIDTH, HEIGHT, MARGIN = 120, 32, 3


@dataclass(frozen=True)
class Day:
    """The value of a metric at the end of a day."""

    day: date
    value: int


@dataclass(frozen=True)
class Trend:
    """A metric's values over some days, today last."""

    metric: MetricRef
    days: tuple[Day, ...]

    @property
    def first(self) -> int:
        """The value at the end of the first day."""
        return self.days[0].value

    @property
    def last(self) -> int:
        """The value now."""
        return self.days[-1].value

    @property
    def points(self) -> str:
        """The line, for ``<polyline points="…">`` in a box of ``WIDTH`` by ``HEIGHT``."""
        return " ".join(f"{x:g},{y:g}" for x, y in self._places())

    @property
    def end(self) -> dict[str, float]:
        """Where the line ends: ``x`` and ``y``."""
        x, y = self._places()[-1]
        return {"x": x, "y": y}

    def _places(self) -> list[tuple[float, float]]:
        values = [day.value for day in self.days]
        low, high = min(values), max(values)
        step = (WIDTH - 2 * MARGIN) / max(len(values) - 1, 1)
        rise = (HEIGHT - 2 * MARGIN) / (high - low or 1)
        return [
            (round(MARGIN + index * step, 1), round(HEIGHT - MARGIN - (value - low) * rise, 1))
            for index, value in enumerate(values)
        ]


def trend(events: Sequence[Event], metric_id: str, days: int = 14) -> Trend | None:
    """How a point metric went in the last ``days`` days of the reader's time zone.

    Args:
        events: of one player, newest first.
        metric_id: id of a point metric.
        days: 2 to 366. Days before the oldest event known are left out if not all events are known.

    Returns:
        None if none of the events changed the metric.
    """
    changes = [
        (timezone.localdate(event.timestamp), change)
        for event in events
        for change in reversed(event.changes)
        if change.metric.id == metric_id and isinstance(change.new, int)
    ]
    if not changes:
        return None
    today = instants.today()
    first_day = today - timedelta(days=min(max(days, 2), MOST_DAYS) - 1)
    if len(events) >= MOST_EVENTS:
        first_day = min(max(first_day, changes[-1][0]), today - timedelta(days=1))
    closing: dict[date, int] = {}
    for day, change in changes:
        closing.setdefault(day, int(change.new or 0))
    oldest = changes[-1][1].old
    value = int(oldest) if isinstance(oldest, int) else 0
    for day in sorted(day for day in closing if day < first_day):
        value = closing[day]
    found = []
    for number in range((today - first_day).days + 1):
        day = first_day + timedelta(days=number)
        value = closing.get(day, value)
        found.append(Day(day, value))
    return Trend(changes[0][1].metric, tuple(found))
