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
        missing_for: seconds in which nobody asks again for what is not there; None = as long as after any failure.
    """

    kind: str
    ident: str
    shape: Any
    fresh_for: float
    ask: Callable[[], T] = field(compare=False, repr=False)
    player_id: str = ""
    missing_for: int | None = None


@dataclass(frozen=True)
class StoredPicture:
    """A :class:`~django_playlyfe.types.pictures.Picture` as the cache keeps it."""

    content_type: str
    data: bytes = field(repr=False)
    etag: str = ""
    last_modified: str = ""
