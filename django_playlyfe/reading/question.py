"""One thing to ask of a game somewhere else, and where its answer is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Question(Generic[T]):
    """One thing to ask.

    Attributes:
        kind, ident: name the answer in the cache and among the snapshots. What belongs to one player has the player's
            id as ident, whatever the kind.
        shape: the type of the answer.
        fresh_for: seconds.
        ask: makes the call.
        player_id: whose writes make the answer old; "" for what is everybody's.
    """

    kind: str
    ident: str
    shape: Any
    fresh_for: float
    ask: Callable[[], T] = field(compare=False, repr=False)
    player_id: str = ""
