"""How far a player is, and how rare a thing is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django_playlyfe.types.freshness import Read
from django_playlyfe.types.scores import MetricRef, Ref


@dataclass(frozen=True)
class ProgressCondition:
    """One condition of an achievement or level, and how far the player is.

    Attributes:
        kind: "metric", "action", "streak", "team", "time" or "var".
        subject: the metric or action; of a streak of any plays its id is "".
        item: name of an item, for a set.
        operator: "ge", "gt", "eq", "ne", "lt" or "le".
        have, need: numbers or names of states; None where they cannot be said.
        fraction: 0.0 to 1.0; 1.0 exactly if it is met.
        is_met: whether it holds now.
        is_negated: it is asked that it does not hold.
        unit: of a streak "day", "week" or "month".
    """

    kind: str
    subject: Ref
    item: str
    operator: str
    have: int | str | None
    need: int | str | None
    fraction: float
    is_met: bool
    is_negated: bool = False
    unit: str = ""


@dataclass(frozen=True)
class Progress:
    """The way to an achievement, or to the next level.

    Attributes:
        kind: "achievement" or "level".
        rule: the rule that gives it.
        metric: where it is kept.
        names: of the items, or of the level that comes next (of the present one on the top).
        is_earned: the player has it; of a level: there is no higher one.
        fraction: 0.0 to 1.0; 1.0 exactly if it is earned, or its condition holds.
        conditions: what it takes; conditions on secret items are left out.
    """

    kind: Literal["achievement", "level"]
    rule: Ref
    metric: MetricRef
    names: tuple[str, ...]
    description: str = ""
    is_earned: bool = False
    fraction: float = 0.0
    conditions: tuple[ProgressCondition, ...] = ()

    @property
    def percent(self) -> int:
        """``fraction`` as whole percent, rounded down: 100 only when it is reached."""
        return int(self.fraction * 100)


@dataclass(frozen=True, kw_only=True)
class Streak(Read):
    """Days, weeks or months in a row with a play, by the player's own calendar.

    Attributes:
        length: how many there are, to this one or the one before; 0 once a whole one has passed without a play.
        longest: the most there ever were.
        is_kept: whether this day, week or month has its play; if not, the streak ends with it.
        unit: "day", "week" or "month".
        action: id of the action that counts; "" = any play does.
    """

    length: int
    longest: int
    is_kept: bool
    unit: str = "day"
    action: str = ""


@dataclass(frozen=True)
class Rarity:
    """How many players hold an item of a set. ``share`` is 0.0 to 1.0 of all players."""

    metric: MetricRef
    item: str
    holders: int
    share: float
