"""What a game backend is. Services call these methods and nothing else; a backend never enqueues."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django_playlyfe.types import (
    Action,
    Event,
    Feedback,
    Leaderboard,
    LeaderboardInfo,
    Listing,
    MetricDefinition,
    Player,
    PlayResult,
)

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

    from django_playlyfe.conf import GameSettings


class GameBackend(ABC):
    """One game of ``settings.PLAYLYFE`` behind one interface.

    Methods raise :class:`~django_playlyfe.exceptions.PlaylyfeError`; which subclass says what happened
    (``reliability.md`` §2.10). Player ids are strings; instants are aware.

    Attributes:
        transactional: writes happen in the caller's database transaction, so services call them there.
        backdating: ``at`` of a play is honoured.
        idempotent: a repeated key is known to be safe.
        rarity, progress, privacy, undo, explain: optional abilities; a widget whose flag is off renders nothing.
    """

    transactional: ClassVar[bool] = False
    backdating: ClassVar[bool] = False
    idempotent: ClassVar[bool] = False
    rarity: ClassVar[bool] = False
    progress: ClassVar[bool] = False
    privacy: ClassVar[bool] = False
    undo: ClassVar[bool] = False
    explain: ClassVar[bool] = False

    def __init__(self, settings: GameSettings) -> None:
        self.settings = settings

    @property
    def alias(self) -> str:
        """The key in ``settings.PLAYLYFE``."""
        return self.settings.alias

    def check(self) -> list[CheckMessage]:
        """System checks of this backend's own settings."""
        return []

    # writes -----------------------------------------------------------------------------------------------------------

    @abstractmethod
    def create_player(self, player_id: str, *, alias: str, email: str | None = None) -> None:
        """Create a player. Raises PlayerExists, InvalidRequest."""

    @abstractmethod
    def update_player(
        self, player_id: str, *, alias: str | None = None, email: str | None = None, enabled: bool | None = None
    ) -> None:
        """Change what is not None. Raises PlayerNotFound, InvalidRequest."""

    @abstractmethod
    def delete_player(self, player_id: str) -> None:
        """Erase a player. Raises PlayerNotFound."""

    @abstractmethod
    def play(
        self,
        player_id: str,
        action: str,
        variables: Mapping[str, Any],
        *,
        count: int = 1,
        scopes: Sequence[Mapping[str, str]] = (),
        idempotency_key: str | None = None,
        at: datetime | None = None,
    ) -> PlayResult:
        """Play an action. Returns an applied result; every refusal is raised, services turn it into an answer.

        Raises ActionLimitReached, AccessDenied (both refusals), ActionNotFound, PlayerNotFound, InvalidRequest,
        Conflict.
        """

    def undo_play(self, player_id: str, action: str, idempotency_key: str) -> PlayResult:
        """Take the play with this key out of history. Raises NotFound(event_not_found) if there is none."""
        raise NotImplementedError

    # reads ------------------------------------------------------------------------------------------------------------

    @abstractmethod
    def profile(self, player_id: str, *, detailed: bool = False) -> Player:
        """A player's profile; ``detailed`` adds unearned, non-hidden items and untouched points."""

    @abstractmethod
    def actions(self, player_id: str) -> Listing[Action]:
        """Actions the player can see, sorted by id."""

    @abstractmethod
    def definitions(self, reader_id: str | None) -> Listing[MetricDefinition]:
        """The game's metrics, sorted by id."""

    @abstractmethod
    def leaderboards(self, reader_id: str | None) -> Listing[LeaderboardInfo]:
        """Boards the reader can see, sorted by id; None = a visitor without a player."""

    @abstractmethod
    def leaderboard(
        self,
        board: str,
        *,
        reader_id: str | None,
        cycle: str = "alltime",
        timestamp: datetime | None = None,
        skip: int = 0,
        limit: int = 10,
        around: str | None = None,
        radius: int = 5,
        scope_id: str | None = None,
    ) -> Leaderboard:
        """A page of a board; ``around`` = a player id gives the window around that player instead.

        ``me`` is filled from ``reader_id`` even if the row is not on the page.
        """

    @abstractmethod
    def activity(self, player_id: str | None, *, limit: int = 20) -> Listing[Event]:
        """The newest ``limit`` events, newest first, of a player, or of the whole game for None."""

    def notifications(self, player_id: str) -> Listing[Event]:  # noqa: ARG002 - optional ability
        """Events addressed to the player, newest first."""
        return Listing()

    def feedback(self, player_id: str, cursor: int) -> tuple[list[Feedback], int]:  # noqa: ARG002 - optional ability
        """Results recorded after ``cursor``, oldest first, and the cursor behind them (transactional backends)."""
        return [], cursor

    @abstractmethod
    def export(self, player_id: str) -> dict[str, Any]:
        """All that is stored about a player, JSON-able. Raises PlayerNotFound."""

    @abstractmethod
    def status(self) -> dict[str, Any]:
        """Whether the game can be used, JSON-able: ``{"ok": bool, "detail": str, …}``. Never raises PlaylyfeError."""
