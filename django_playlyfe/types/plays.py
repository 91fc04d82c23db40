"""One play, or one edit by hand: what goes in, what comes out, and what its user has not seen yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from django_playlyfe.types.events import Change, Earned, Event, summarise
from django_playlyfe.types.players import Player
from django_playlyfe.types.scores import Ref

PlayStatus = Literal["applied", "pending", "refused"]


@dataclass(frozen=True)
class PlayResult:
    """What came of a play (``interface.md`` §3).

    Attributes:
        status: "applied"; "pending" (owed to a remote game); "refused" (``error`` says why).
        events: local events first, then global ones.
        key: id of the recorded play: the engine's call id, or the delivery's UUID.
        replayed: an earlier play with the same idempotency key answered.
    """

    status: PlayStatus
    events: tuple[Event, ...] = ()
    error: Exception | None = None
    key: str = ""
    replayed: bool = False

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes of all events, in order."""
        return tuple(change for event in self.events for change in event.changes)

    @property
    def earned(self) -> tuple[Earned, ...]:
        """Net effect for people: "+32 experience", a new badge, a new level."""
        return summarise(self.events)

    def __bool__(self) -> bool:
        """True unless refused."""
        return self.status != "refused"


@dataclass(frozen=True)
class EditResult:
    """What came of an edit by hand: adjusted scores, events taken back, a new beginning.

    Attributes:
        status: "applied"; "pending" (owed to a remote game); "refused" (it could not be written down).
        player: the profile as it was then. None while it is pending, and where the game's answer could not be read.
        error: why not.
        key: the delivery's UUID; "" where the game is part of the site's database.
    """

    status: PlayStatus
    player: Player | None = None
    error: Exception | None = None
    key: str = ""

    def __bool__(self) -> bool:
        """True unless refused."""
        return self.status != "refused"


@dataclass(frozen=True)
class Play:
    """One play for ``services.play_many``; the fields are the arguments of ``services.play``."""

    user: Any
    action: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    count: int = 1
    scopes: Sequence[Mapping[str, str]] = ()
    idempotency_key: str | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class PlayOf:
    """One of many plays, as backends take them; the fields are the arguments of a single play."""

    player_id: str
    action: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    count: int = 1
    scopes: Sequence[Mapping[str, str]] = ()
    idempotency_key: str | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class Feedback:
    """A result that has not been shown to its user yet: what was earned, or why nothing was."""

    status: PlayStatus
    action: Ref
    earned: tuple[Earned, ...] = ()
    error: Exception | None = None
    timestamp: datetime | None = None
