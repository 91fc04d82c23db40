"""What not every game can do. A flag says whether it can; the methods here are those of a game that cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import ClassVar, TypeVar

from django_playlyfe.exceptions import PlayerNotFound
from django_playlyfe.types import Listing, Movement, PlayResult, Progress, Rarity, Streak

T = TypeVar("T")


def of_each(player_ids: Iterable[str], read: Callable[[str], T]) -> dict[str, T]:
    """What is read of each player, one by one; who is not a player is left out."""
    found = {}
    for player_id in player_ids:
        with suppress(PlayerNotFound):
            found[player_id] = read(player_id)
    return found


class Abilities:
    """The optional part of :class:`~django_playlyfe.backends.base.GameBackend`.

    Attributes:
        undo, explain, progress, streaks, rarity: whether the game can; a widget whose flag is off renders nothing.
    """

    undo: ClassVar[bool] = False
    explain: ClassVar[bool] = False
    progress: ClassVar[bool] = False
    streaks: ClassVar[bool] = False
    rarity: ClassVar[bool] = False

    def undo_play(self, player_id: str, action: str, idempotency_key: str) -> PlayResult:
        """Take the play with this key out of history. Raises NotFound(event_not_found) if there is none."""
        raise NotImplementedError

    def explain_score(self, player_id: str, metric: str, item: str = "", *, limit: int = 100) -> Listing[Movement]:
        """The last ``limit`` calls that moved a score, oldest first (flag ``explain``); ``total`` counts all of them.

        Raises PlayerNotFound; NotFound for an unknown metric or item.
        """
        return Listing()

    def better_than(
        self,
        player_id: str,
        board: str,
        *,
        cycle: str = "alltime",
        timestamp: datetime | None = None,
        scope_id: str | None = None,
    ) -> float | None:
        """The share of the others on a board, in per cent, who have a lower score; 100 for who is alone on it.

        None: the player is not on the board, or the backend cannot tell.
        """
        return None

    def progress_of(self, player_id: str) -> Listing[Progress]:
        """The way to each level and achievement, in design order (flag ``progress``). Raises PlayerNotFound."""
        return Listing()

    def progress_of_each(self, player_ids: Iterable[str]) -> dict[str, Listing[Progress]]:
        """The way of each of several players, by player id; as :meth:`profiles`."""
        return of_each(player_ids, self.progress_of)

    def set_timezone(self, player_id: str, zone: str) -> None:
        """Whose days the player's streaks count from now on: an IANA name, "" = the game's (flag ``streaks``).

        Raises PlayerNotFound; InvalidRequest for an unknown zone.
        """
        return

    def streak_of(self, player_id: str, action: str, unit: str) -> Streak | None:
        """Days, weeks or months in a row with a play of the action, "" = of any (flag ``streaks``); None = not known.

        Raises PlayerNotFound, ActionNotFound; InvalidRequest for another unit.
        """
        return None

    def rarities(self, reader_id: str | None) -> Listing[Rarity]:
        """How many players hold each item (flag ``rarity``); secret ones only if the reader holds them."""
        return Listing()

    def rarities_of_each(self, reader_ids: Iterable[str]) -> dict[str, Listing[Rarity]]:
        """What each of several readers sees of that, by player id; as :meth:`profiles`."""
        return of_each(reader_ids, self.rarities)
