"""Metrics, and a player's value of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Ref:
    """Something with an id and a name: a metric, a rule, a team, an action."""

    id: str
    name: str = ""


@dataclass(frozen=True)
class MetricRef:
    """A metric as events and scores name it; ``type`` is point, set, state or compound."""

    id: str
    name: str
    type: str


@dataclass(frozen=True)
class Item:
    """One item of a set metric (a badge) as a player holds it. ``count`` is 0 for one not earned yet."""

    name: str
    description: str = ""
    count: int = 0


@dataclass(frozen=True)
class State:
    """The value of a state metric: a level's name and description."""

    name: str
    description: str = ""


@dataclass(frozen=True)
class LevelMeta:
    """Bounds of a level: inclusive ``low`` and ``high`` of the base metric; None = no bound; ``next`` None = top."""

    low: int | None
    high: int | None
    next: str | None
    base_metric: Ref


@dataclass(frozen=True)
class Score:
    """A player's value of one metric.

    ``value`` is set for point and compound metrics, ``items`` for sets, ``state`` (and ``meta`` where a level rule
    drives it) for states.
    """

    metric: MetricRef
    value: int | None = None
    items: tuple[Item, ...] = ()
    state: State | None = None
    meta: LevelMeta | None = None


@dataclass(frozen=True)
class LevelProgress:
    """A level with the way to the next one: ``value`` of the base metric, ``missing`` points, ``fraction`` in 0..1."""

    metric: MetricRef
    state: State
    base_metric: Ref
    value: int
    low: int | None
    high: int | None
    next: str | None

    @property
    def missing(self) -> int | None:
        """Points missing to the next level, None on the top level (``engine.md`` §9.2)."""
        if self.next is None or self.high is None:
            return None
        return max(self.high - self.value + 1, 0)

    @property
    def fraction(self) -> float:
        """How much of this level is behind the player, 0.0 to 1.0; 1.0 on the top level."""
        if self.next is None or self.high is None:
            return 1.0
        low = min(self.low if self.low is not None else self.value, self.value)
        span = self.high + 1 - low
        return min(max((self.value - low) / span, 0.0), 1.0) if span > 0 else 0.0

    @property
    def percent(self) -> int:
        """``fraction`` as whole percent, rounded down: 100 only when it is reached."""
        return int(self.fraction * 100)


@dataclass(frozen=True)
class MetricDefinition:
    """A metric as the game describes it; ``members`` are item or state names with their descriptions."""

    id: str
    name: str
    type: str
    description: str = ""
    members: Mapping[str, str] = field(default_factory=dict)
    formula: str = ""
