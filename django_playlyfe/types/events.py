"""What happened to a player, and what came of it in sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from django_playlyfe.types.players import PlayerRef
from django_playlyfe.types.scores import MetricRef, Ref

EarnedKind = Literal["points", "item", "level"]


@dataclass(frozen=True)
class ItemChange:
    """Counts of one set item before and after; ``old`` None = never held."""

    name: str
    old: int | None
    new: int | None


@dataclass(frozen=True)
class Change:
    """One altered score: ``old`` and ``new`` are numbers, for states names; sets use ``items``."""

    metric: MetricRef
    old: int | str | None = None
    new: int | str | None = None
    items: tuple[ItemChange, ...] = ()


@dataclass(frozen=True)
class Event:
    """An entry of a play's answer or of a feed. ``data`` is the whole wire object, also for types unknown here."""

    type: str
    id: str
    timestamp: datetime
    actor: PlayerRef | None = None
    action: Ref | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    rule: Ref | None = None
    count: int = 1
    changes: tuple[Change, ...] = ()
    is_global: bool = False
    data: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def earned(self) -> tuple[Earned, ...]:
        """What the event gave or took, summed per metric, compounds left out."""
        return summarise((self,))

    @property
    def is_unread(self) -> bool:
        """Whether this is a notification that its player has not read yet (``http-api.md`` §10)."""
        return self.data.get("seen") is False


@dataclass(frozen=True)
class Earned:
    """One line of feedback. ``amount`` is negative for a loss.

    ``kind``: "points" (``name`` is the metric's), "item" (the item's), "level" (the new state's; "" when lost).
    """

    kind: EarnedKind
    metric: MetricRef
    name: str
    amount: int = 1


def summarise(events: Sequence[Event]) -> tuple[Earned, ...]:
    """Net effect of some events, in order of first appearance; what sums to nothing is left out.

    Compound metrics are left out: they follow from the others.
    """
    totals: dict[tuple[str, str, str], int] = {}
    metrics: dict[str, MetricRef] = {}
    levels: dict[str, tuple[str, str]] = {}
    for event in events:
        for change in event.changes:
            metric = change.metric
            metrics[metric.id] = metric
            if metric.type == "point" and isinstance(change.new, int):
                baseline = change.old if isinstance(change.old, int) else 0
                key = ("points", metric.id, metric.name)
                totals[key] = totals.get(key, 0) + change.new - baseline
            elif metric.type == "state":
                before = levels.get(metric.id, (str(change.old or ""), ""))[0]
                levels[metric.id] = (before, str(change.new or ""))
            for item in change.items:
                key = ("item", metric.id, item.name)
                totals[key] = totals.get(key, 0) + (item.new or 0) - (item.old or 0)
    lines = [
        Earned("points" if kind == "points" else "item", metrics[metric_id], name, amount)
        for (kind, metric_id, name), amount in totals.items()
        if amount
    ]
    lines += [Earned("level", metrics[i], after) for i, (before, after) in levels.items() if before != after]
    return tuple(lines)
