"""What the embedded game can do and not every game (see :class:`~django_playlyfe.backends.abilities.Abilities`)."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django_playlyfe import wire
from django_playlyfe.types import Listing, Movement, PlayResult, Progress, Rarity, Streak

if TYPE_CHECKING:
    from django_playlyfe.engine.realm import Realm, Visit
    from django_playlyfe.engine.services import Recorded


def read_result(recorded: Recorded) -> PlayResult:
    """What a call of the engine's log answers."""
    events = wire.read_events(recorded.events)
    return PlayResult("applied", events, key=str(recorded.call_id), replayed=recorded.replayed)


class EngineAbilities:
    """All optional abilities, of the game and in the environment of ``realm``."""

    undo = True
    explain = True
    progress = True
    streaks = True
    rarity = True

    @property
    def realm(self) -> Realm:
        """Which game in which environment."""
        raise NotImplementedError

    @property
    def visit(self) -> Visit:
        """The realm for reads."""
        raise NotImplementedError

    def undo_play(self, player_id: str, action: str, idempotency_key: str) -> PlayResult:
        """Take the play with this key out of history. Raises NotFound(event_not_found) if there is none."""
        from django_playlyfe.engine import services

        return read_result(services.undo(self.realm, player_id, action, idempotency_key))

    def explain_score(self, player_id: str, metric: str, item: str = "", *, limit: int = 100) -> Listing[Movement]:
        """Read from the log; memory is bounded by ``limit``."""
        from django_playlyfe.engine import history

        newest, total = deque[Movement](maxlen=limit), 0
        for movement in history.explain(self.realm, player_id, metric, item):
            newest.append(movement)
            total += 1
        return Listing(items=tuple(newest), total=total)

    def progress_of(self, player_id: str) -> Listing[Progress]:
        """By three queries."""
        from django_playlyfe.engine import selectors

        return wire.as_listing(selectors.progress(self.visit, player_id))

    def set_timezone(self, player_id: str, zone: str) -> None:
        """Days of earlier plays stay as they were lived."""
        from django_playlyfe.engine import services

        services.update_player(self.realm, player_id, timezone=zone)

    def streak_of(self, player_id: str, action: str, unit: str) -> Streak:
        """By three queries."""
        from django_playlyfe.engine import selectors

        return selectors.streak(self.visit, player_id, action, unit)

    def rarities(self, reader_id: str | None) -> Listing[Rarity]:
        """Counts that are at most five minutes old."""
        from django_playlyfe.engine import selectors

        return wire.as_listing(selectors.rarity(self.visit, reader_id))

    def better_than(
        self,
        player_id: str,
        board: str,
        *,
        cycle: str = "alltime",
        timestamp: datetime | None = None,
        scope_id: str | None = None,
    ) -> float | None:
        """By five queries, quick ones however large the board is."""
        from django_playlyfe.engine import selectors

        where: dict[str, Any] = {"cycle": cycle, "timestamp": timestamp, "scope_id": scope_id}
        return selectors.ranking(self.realm, board, player_id=player_id, **where).better_than(player_id)
