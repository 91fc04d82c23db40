"""How a score came about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

ScoreValue = int | str | None
"""A number, the name of a state, or None for no score."""


@dataclass(frozen=True)
class MovementPart:
    """What one rule, or one reward of it, did to a score within a call.

    Attributes:
        event: type of the event that says so ("action", "custom_rule", "score", "level", "achievement"), or the kind
            of the call where there is none: "create" is the bootstrap.
        id: of the action or rule; "" where there is none.
        reward: (position of the rule within the action or custom rule, position of the reward in it), from 0; None
            where no reward did it: a compound that followed, a level, an achievement.
        old, new: before and after.
    """

    event: str
    id: str
    reward: tuple[int, int] | None
    old: ScoreValue
    new: ScoreValue


@dataclass(frozen=True)
class Movement:
    """One call that moved a score.

    Attributes:
        key: id of the recorded call, as in :class:`PlayResult`.
        at: the instant that was judged.
        kind: of the call.
        old, new: the stored score before and after; None = none.
        amount: what it added; 0 for a state.
        total: the sum of all amounts so far, with what the score counts as while there is none. It equals ``new``.
        parts: which rules did it.
    """

    key: str
    at: datetime
    kind: str
    old: ScoreValue
    new: ScoreValue
    amount: int
    total: int
    parts: tuple[MovementPart, ...]
