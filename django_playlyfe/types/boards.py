"""Leaderboards and their rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django_playlyfe.types.freshness import Read
from django_playlyfe.types.scores import MetricRef


@dataclass(frozen=True)
class LeaderboardInfo:
    """A leaderboard that can be read."""

    id: str
    name: str
    entity_type: str
    metric: MetricRef
    scope_type: str = "game"
    cycles: tuple[str, ...] = ("alltime",)
    description: str = ""

    @property
    def usual_cycle(self) -> str:
        """The cycle to show first: all time, or the first one of a board that does not rank all time."""
        return "alltime" if "alltime" in self.cycles or not self.cycles else self.cycles[0]


@dataclass(frozen=True)
class LeaderboardRow:
    """One row; ``user`` is the linked site user where the site loaded it; ``is_me`` marks the viewer."""

    rank: int
    score: int
    player_id: str
    alias: str = ""
    user: Any = field(default=None, compare=False)
    is_me: bool = False


@dataclass(frozen=True)
class Standing:
    """Where a player stands on a board.

    Attributes:
        total: how many are on the board.
        percentile: the share of the others, in per cent, who have a lower score; 100.0 for who is alone; None where
            the backend cannot tell.
    """

    board: str
    rank: int
    score: int
    total: int
    percentile: float | None = None


@dataclass(frozen=True)
class Leaderboard(Read):
    """A page of a board.

    Attributes:
        cycle: "alltime", "yearly", "monthly", "weekly" or "daily".
        when: an instant of the cycle that was asked for; None = the present one.
        scope: id of the scope of a custom board, "" for others.
        total: counts the whole board.
        me: the viewer's row even if it is not on the page.
    """

    id: str
    name: str
    cycle: str
    rows: tuple[LeaderboardRow, ...] = ()
    total: int = 0
    me: LeaderboardRow | None = None
    metric: MetricRef | None = None
    when: datetime | None = None
    scope: str = ""
