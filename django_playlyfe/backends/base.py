"""What a game backend is. Services call these methods and nothing else; a backend never enqueues."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django_playlyfe.backends.abilities import Abilities, of_each
from django_playlyfe.exceptions import AccessDenied, ConfigurationError, PlaylyfeError
from django_playlyfe.types import (
    Action,
    Event,
    Feedback,
    Leaderboard,
    LeaderboardInfo,
    Listing,
    MetricDefinition,
    Player,
    PlayOf,
    PlayResult,
)
from django_playlyfe.wire import make_error

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

    from django_playlyfe.conf import GameSettings
    from django_playlyfe.reading.shelf import Shelf
    from django_playlyfe.types.pictures import Picture


T = TypeVar("T")

NOTIFICATIONS_SINCE = timedelta(days=30)
"""How far back notifications are read."""

FLAGS = ("transactional", "backdating", "idempotent", "rarity", "progress", "streaks", "privacy", "undo", "explain")
"""What backends may differ in (``interface.md`` §3.9)."""


@dataclass(frozen=True)
class DeliveryPolicy:
    """How the writes that are owed to a remote game are sent (``reliability.md``, the table of ``OPTIONS``).

    Attributes:
        mode: "thread", or "worker" where only ``playlyfe_deliver`` sends.
        rate: sends per second and process.
        send_budget: seconds that a play with ``wait=True`` lets its caller wait.
        hard_limit: seconds that one call may take.
        uncertain: action id, or "*" for the rest -> "hold" (a person decides) or "resend" (harmless if doubled).
    """

    mode: str = "thread"
    rate: float = 20
    send_budget: float = 2.0
    hard_limit: float = 15.0
    uncertain: Mapping[str, str] = field(default_factory=lambda: {"*": "hold"})


class GameBackend(Abilities, ABC):
    """One game of ``settings.PLAYLYFE`` behind one interface.

    Methods raise :class:`~django_playlyfe.exceptions.PlaylyfeError`; which subclass says what happened
    (``reliability.md`` §2.10). Player ids are strings; instants are aware.

    Attributes:
        transactional: writes happen in the caller's database transaction, so services call them there. Each is whole
            or not at all: one that raises leaves that transaction usable.
        backdating: ``at`` of a play is honoured.
        idempotent: a repeated key is known to be safe.
        privacy: on everywhere unless switched off: the site hides (``services/privacy.py``). All other optional
            abilities are those of :class:`.Abilities`.
    """

    transactional: ClassVar[bool] = False
    backdating: ClassVar[bool] = False
    idempotent: ClassVar[bool] = False
    privacy: ClassVar[bool] = True

    def __init__(self, settings: GameSettings) -> None:
        self.settings = settings

    @property
    def alias(self) -> str:
        """The key in ``settings.PLAYLYFE``."""
        return self.settings.alias

    def check(self) -> list[CheckMessage]:
        """System checks of this backend's own settings."""
        return []

    def known_actions(self) -> Mapping[str, frozenset[str]] | None:
        """Ids of all actions with the names of their variables; None if only another computer knows them.

        Raises:
            ConfigurationError: the game cannot be used.
        """
        return None

    def close(self) -> None:
        """Let go of connections; the settings that made this backend are gone."""
        return

    # delivery of what is owed (backends that are not transactional) ---------------------------------------------------

    @property
    def delivery(self) -> DeliveryPolicy:
        """How writes are sent."""
        return DeliveryPolicy()

    def bounded(self, seconds: float) -> AbstractContextManager[None]:
        """Calls made inside, by this thread, end within this time."""
        return nullcontext()

    def learn_abilities(self) -> None:
        """Find out what the game has announced, if that is not known yet: ``idempotent``, ``backdating``.

        Raises:
            PlaylyfeError: the game cannot be asked now.
        """
        return

    def leave_alone(self, why: str) -> None:
        """Something is wrong that concerns every call: pages should not run into it either for a while.

        Args:
            why: the error's name. A probe that meets it again is no sign of life.
        """
        return

    # reads that are kept (backends that are somewhere else) -----------------------------------------------------------

    @property
    def shelf(self) -> Shelf | None:
        """Where answers are kept between requests (``reliability.md`` §4); None where each request asks anew."""
        return None

    @property
    def page_seconds(self) -> float:
        """How long one page may wait for the game, all its reads together."""
        return 0.8

    # the token (backends that have one) -------------------------------------------------------------------------------

    def token_status(self) -> dict[str, Any]:
        """How the token is doing, JSON-able, without the token. Raises ConfigurationError: the game has none."""
        raise self._no_token()

    def reset_token(self) -> None:
        """Forget a remembered failure to get one. Raises ConfigurationError: the game has none."""
        raise self._no_token()

    def _no_token(self) -> ConfigurationError:
        return ConfigurationError(f"The game {self.alias!r} needs no token: {self.settings.backend} calls no server.")

    # writes -----------------------------------------------------------------------------------------------------------

    @abstractmethod
    def create_player(
        self, player_id: str, *, alias: str, email: str | None = None, idempotency_key: str | None = None
    ) -> None:
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

    def play_many(self, plays: Sequence[PlayOf]) -> list[PlayResult | PlaylyfeError]:
        """Several plays, in the order given for each player: a result, or the error that :meth:`play` raises, for each.

        One after the other here; a backend that can does better.
        """
        return [self._play_one(wanted) for wanted in plays]

    def _play_one(self, wanted: PlayOf) -> PlayResult | PlaylyfeError:
        try:
            return self.play(
                wanted.player_id,
                wanted.action,
                wanted.variables,
                count=wanted.count,
                scopes=wanted.scopes,
                idempotency_key=wanted.idempotency_key,
                at=wanted.at,
            )
        except PlaylyfeError as error:
            return error

    def adjust_scores(
        self,
        player_id: str,
        rewards: Sequence[Mapping[str, Any]],
        *,
        by: str = "",
        reason: str = "",
        idempotency_key: str | None = None,
    ) -> Player:
        """Change scores by rewards as a design has them; answers the profile. The same key with the same rewards
        changes nothing where keys are honoured.

        Raises PlayerNotFound; InvalidRequest for a wrong reward; Conflict for a key that was used for something else;
        AccessDenied (``adjust_unavailable``) where the game cannot do it.
        """
        raise self._cannot_adjust()

    def revert_events(
        self,
        player_id: str,
        event_ids: Sequence[str],
        *,
        by: str = "",
        reason: str = "",
        idempotency_key: str | None = None,
    ) -> Player:
        """Take the changes of these events back; answers the profile.

        Raises PlayerNotFound; NotFound (``event_not_found``), then nothing is changed; as :meth:`adjust_scores`.
        """
        raise self._cannot_adjust()

    def reset_player(
        self, player_id: str, *, by: str = "", reason: str = "", idempotency_key: str | None = None
    ) -> Player:
        """Give a player the state of a new one; answers the profile. Raises as :meth:`adjust_scores`."""
        raise self._cannot_adjust()

    def _cannot_adjust(self) -> AccessDenied:
        return AccessDenied(f"The game {self.alias!r} cannot adjust scores", code="adjust_unavailable")

    # reads ------------------------------------------------------------------------------------------------------------

    @abstractmethod
    def profile(self, player_id: str, *, detailed: bool = False) -> Player:
        """A player's profile; ``detailed`` adds unearned, non-hidden items and untouched points."""

    def profiles(self, player_ids: Iterable[str], *, detailed: bool = False) -> dict[str, Player]:
        """Several profiles by player id, who is not a player left out. One by one, unless the backend knows better."""
        return of_each(player_ids, lambda player_id: self.profile(player_id, detailed=detailed))

    @abstractmethod
    def actions(self, player_id: str) -> Listing[Action]:
        """Actions the player can see, sorted by id."""

    def actions_of(self, player_ids: Iterable[str]) -> dict[str, Listing[Action]]:
        """What several players can see, by player id; as :meth:`profiles`."""
        return of_each(player_ids, self.actions)

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
        """A page of a board, in the cycle that contains ``timestamp`` (now if None) and in one scope of a custom board;
        ``around`` = a player id gives the window around that player instead.

        ``me`` is filled from ``reader_id`` even if the row is not on the page.
        """

    def leaderboard_of_each(self, board: str, reader_ids: Collection[str]) -> dict[str, Leaderboard]:
        """The first ten rows of a board, of all time, as each of several readers sees it; as :meth:`profiles`."""
        return of_each(reader_ids, lambda reader_id: self.leaderboard(board, reader_id=reader_id))

    @abstractmethod
    def activity(self, player_id: str | None, *, limit: int = 20) -> Listing[Event]:
        """The newest ``limit`` events, newest first, of a player, or of the whole game for None."""

    def activities(self, player_ids: Iterable[str], *, limit: int = 20) -> dict[str, Listing[Event]]:
        """The newest events of several players, by player id; as :meth:`profiles`."""
        return of_each(player_ids, lambda player_id: self.activity(player_id, limit=limit))

    def notifications(self, player_id: str) -> Listing[Event]:
        """Events addressed to the player in the last 30 days, newest first."""
        return Listing()

    def notifications_of(self, player_ids: Iterable[str]) -> dict[str, Listing[Event]]:
        """Events addressed to each of several players, by player id; as :meth:`profiles`."""
        return of_each(player_ids, self.notifications)

    def mark_notifications(self, player_id: str, event_ids: Sequence[str]) -> None:
        """Remember that the player has read these; unknown ids are passed over. Nothing to do without notifications.

        Raises InvalidRequest for what can be no id.
        """
        return

    def feedback(self, player_id: str, cursor: int) -> tuple[list[Feedback], int]:
        """Results recorded after ``cursor``, oldest first, and the cursor behind them (transactional backends)."""
        return [], cursor

    def feedback_cursor(self, player_id: str) -> int:
        """The cursor behind all that is recorded by now, for a player whose history is not to be shown as news."""
        return 0

    def newest_results(self, player_ids: Iterable[str], without: Iterable[int]) -> dict[str, int]:
        """The cursor behind the newest result of each of several players (transactional backends), by player id: the
        calls ``without`` left out, and who has none."""
        return {}

    def player_page(self, player_id: str) -> str:
        """The address of the page about a player in the admin of this site; "" if there is none."""
        return ""

    def picture(self, kind: str, ident: str, *, item: str, size: str, reader_id: str | None) -> Picture:
        """A picture: of the "game", a "player" or a "metric", there with ``item`` of one of its items or states.

        Raises NotFound: there is none, and no stock picture either.
        """
        raise make_error("image_not_found")

    def pictured(self) -> frozenset[tuple[str, str]] | None:
        """Which items and states have a picture of their own: pairs of the metric's type ("set", "state") and a name;
        None where only asking for a picture tells."""
        return frozenset()

    @abstractmethod
    def export(self, player_id: str) -> dict[str, Any]:
        """All that is stored about a player, JSON-able. Raises PlayerNotFound."""

    @abstractmethod
    def status(self) -> dict[str, Any]:
        """Whether the game can be used, JSON-able: ``{"ok": bool, "detail": str, …}``. Never raises PlaylyfeError."""
