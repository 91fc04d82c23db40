"""What can be asked of a game somewhere else, and how long an answer counts as fresh (``reliability.md`` §4)."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django_playlyfe.reading.question import Question, StoredPicture
from django_playlyfe.types import (
    Action,
    Event,
    Leaderboard,
    LeaderboardInfo,
    Listing,
    MetricDefinition,
    Player,
    Streak,
)

if TYPE_CHECKING:
    from django_playlyfe.backends.base import GameBackend
    from django_playlyfe.types.pictures import Picture

FRESH = 60.0
FRESH_BOARD = 30.0
FRESH_DEFINITIONS = 15 * 60.0
FRESH_PICTURE = 24 * 3600.0
MISSING_PICTURE = 3600
PICTURE_SIZES = ("original", "large", "medium", "small", "icon")
LONGEST_IDENT = 128
VISITOR = "-"
"""The ident of what a visitor without a player and without ``READER_PLAYER_ID`` sees."""

PROFILE_KINDS = {False: "profile", True: "profile.detailed"}


def profile(backend: GameBackend, player_id: str, *, detailed: bool) -> Question[Player]:
    """A player's scores; ``detailed`` with what is not earned yet."""
    return Question(
        PROFILE_KINDS[detailed],
        player_id,
        Player,
        FRESH,
        lambda: backend.profile(player_id, detailed=detailed),
        player_id,
    )


def actions(backend: GameBackend, player_id: str) -> Question[Listing[Action]]:
    """What a player can do."""
    return Question("actions", player_id, Listing[Action], FRESH, lambda: backend.actions(player_id), player_id)


def activity(backend: GameBackend, player_id: str | None, *, limit: int) -> Question[Listing[Event]]:
    """The newest events of a player, or for None of the game."""
    return Question(
        f"activity.{limit}",
        player_id if player_id is not None else VISITOR,
        Listing[Event],
        FRESH,
        lambda: backend.activity(player_id, limit=limit),
        player_id or "",
    )


def notifications(backend: GameBackend, player_id: str) -> Question[Listing[Event]]:
    """What the game has told a player."""
    return Question(
        "notifications", player_id, Listing[Event], FRESH, lambda: backend.notifications(player_id), player_id
    )


def streak(backend: GameBackend, player_id: str, action: str, unit: str) -> Question[Streak | None]:
    """How many days, weeks or months in a row a player has played."""

    def ask() -> Streak | None:
        return backend.streak_of(player_id, action, unit)

    told = hashlib.sha256(f"{unit}\n{action}".encode()).hexdigest()[
        :16
    ]  # a kind is short, and the ident is the player's
    return Question(f"streak.{told}", player_id, Streak, FRESH, ask, player_id)


def definitions(backend: GameBackend, reader_id: str | None) -> Question[Listing[MetricDefinition]]:
    """The game's metrics."""
    return Question(
        "definitions",
        reader_id or VISITOR,
        Listing[MetricDefinition],
        FRESH_DEFINITIONS,
        lambda: backend.definitions(reader_id),
    )


def leaderboards(backend: GameBackend, reader_id: str | None) -> Question[Listing[LeaderboardInfo]]:
    """The boards that a reader can see."""
    return Question(
        "leaderboards",
        reader_id or VISITOR,
        Listing[LeaderboardInfo],
        FRESH_DEFINITIONS,
        lambda: backend.leaderboards(reader_id),
    )


def leaderboard(
    backend: GameBackend, board: str, *, reader_id: str | None, timestamp: datetime | None, **where: Any
) -> Question[Leaderboard]:
    """A page of a board; ``where`` are the other arguments of :meth:`GameBackend.leaderboard`."""
    told = json.dumps([board, reader_id, timestamp.isoformat() if timestamp else None, where], sort_keys=True)
    return Question(
        "leaderboard",
        hashlib.sha256(told.encode()).hexdigest(),
        Leaderboard,
        FRESH_BOARD,
        lambda: backend.leaderboard(board, reader_id=reader_id, timestamp=timestamp, **where),
    )


def picture(
    backend: GameBackend, kind: str, ident: str, *, item: str, size: str, reader_id: str | None
) -> Question[Picture]:
    """A picture: everybody sees the same one."""
    return Question(
        "picture",
        json.dumps([kind, ident, item, size]),
        StoredPicture,
        FRESH_PICTURE,
        lambda: backend.picture(kind, ident, item=item, size=size, reader_id=reader_id),
        missing_for=MISSING_PICTURE,
    )
