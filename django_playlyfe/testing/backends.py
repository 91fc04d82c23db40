"""Backends over a :class:`~.games.FakeGame`: no engine, no network, no table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django_playlyfe import signals, wire
from django_playlyfe.backends import GameBackend
from django_playlyfe.exceptions import ConfigurationError, PlaylyfeError
from django_playlyfe.models import PlayerLink
from django_playlyfe.testing.games import FakeGame, FakePlayer
from django_playlyfe.types import (
    Action,
    Event,
    Feedback,
    Item,
    Leaderboard,
    LeaderboardInfo,
    LeaderboardRow,
    Listing,
    MetricDefinition,
    MetricRef,
    Player,
    PlayResult,
    Ref,
    Score,
    State,
    Streak,
)

if TYPE_CHECKING:
    from django_playlyfe.conf import GameSettings


class FakeBackend(GameBackend):
    """A game on a server that does not exist: writes are owed and wait for ``drain()``, as with ``HttpBackend``.

    OPTIONS:
        GAME: the :class:`~django_playlyfe.testing.FakeGame`; a new one without it.
    """

    transactional = False
    backdating = True
    idempotent = True
    streaks = True

    def __init__(self, settings: GameSettings) -> None:
        super().__init__(settings)
        game = settings.options.get("GAME")
        if game is not None and not isinstance(game, FakeGame):
            raise ConfigurationError(f"PLAYLYFE[{settings.alias!r}]['OPTIONS']['GAME'] should be a FakeGame.")
        self.game = game if game is not None else FakeGame()

    # writes -----------------------------------------------------------------------------------------------------------

    def create_player(
        self, player_id: str, *, alias: str, email: str | None = None, idempotency_key: str | None = None
    ) -> None:
        """Create a player without scores. Raises PlayerExists."""
        lost = self.game.failing("create_player")
        if player_id in self.game.players:
            raise wire.make_error("player_exists", f"The player {player_id!r} exists already")
        self.game.players[player_id] = FakePlayer(player_id, alias, email)
        _lose(lost)

    def update_player(
        self, player_id: str, *, alias: str | None = None, email: str | None = None, enabled: bool | None = None
    ) -> None:
        """Change what is not None. Raises PlayerNotFound."""
        lost = self.game.failing("update_player")
        player = self.game.player(player_id)
        player.alias = player.alias if alias is None else alias
        player.email = player.email if email is None else email
        player.enabled = player.enabled if enabled is None else enabled
        _lose(lost)

    def set_timezone(self, player_id: str, zone: str) -> None:
        """Remember the zone, which changes nothing else. Raises PlayerNotFound, InvalidRequest."""
        lost = self.game.failing("set_timezone")
        self.game.set_timezone(player_id, zone)
        _lose(lost)

    def delete_player(self, player_id: str) -> None:
        """Erase a player and all plays. Raises PlayerNotFound."""
        lost = self.game.failing("delete_player")
        self.game.player(player_id)
        del self.game.players[player_id]
        self.game.plays[:] = [played for played in self.game.plays if played.player_id != player_id]
        self.game.edits[:] = [edit for edit in self.game.edits if edit.player_id != player_id]
        _lose(lost)

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
        """Play, unless a test has scripted something else."""
        lost = self.game.failing("play", action)
        played, is_known = self.game.play(player_id, action, dict(variables), count, idempotency_key, at)
        _lose(lost)
        return PlayResult("applied", played.events, key=played.events[0].id, replayed=is_known)

    def adjust_scores(
        self,
        player_id: str,
        rewards: Sequence[Mapping[str, Any]],
        *,
        by: str = "",
        reason: str = "",
        idempotency_key: str | None = None,
    ) -> Player:
        """Change scores; nothing follows from it."""
        lost = self.game.failing("adjust_scores")
        self.game.adjust(player_id, rewards, idempotency_key)
        return self._profile_after(player_id, lost)

    def revert_events(
        self,
        player_id: str,
        event_ids: Sequence[str],
        *,
        by: str = "",
        reason: str = "",
        idempotency_key: str | None = None,
    ) -> Player:
        """Take the changes of events back. Raises NotFound(event_not_found)."""
        lost = self.game.failing("revert_events")
        self.game.revert(player_id, event_ids, idempotency_key)
        return self._profile_after(player_id, lost)

    def reset_player(
        self, player_id: str, *, by: str = "", reason: str = "", idempotency_key: str | None = None
    ) -> Player:
        """Take all scores away."""
        lost = self.game.failing("reset_player")
        self.game.reset(player_id, idempotency_key)
        return self._profile_after(player_id, lost)

    def _profile_after(self, player_id: str, lost: Exception | None) -> Player:
        _lose(lost)
        return _read_player(self.game.player(player_id))

    # reads ------------------------------------------------------------------------------------------------------------

    def profile(self, player_id: str, *, detailed: bool = False) -> Player:
        """Scores in the order they were first earned; ``detailed`` adds what the actions could give."""
        self.game.failing("profile")
        player = self.game.player(player_id)
        known = {metric: _no_score(metric, kind) for metric, kind in self.game.metrics.items()} if detailed else {}
        return _read_player(player, known)

    def actions(self, player_id: str) -> Listing[Action]:
        """All of them, with how often the player has played each."""
        self.game.failing("actions")
        self.game.player(player_id)
        mine = [played for played in self.game.plays if played.player_id == player_id]
        names = sorted(self.game.actions if self.game.actions is not None else {played.action for played in mine})
        counts = {name: sum(played.count for played in mine if played.action == name) for name in names}
        return wire.as_listing(Action(name, _name(name), count=counts[name]) for name in names)

    def definitions(self, reader_id: str | None) -> Listing[MetricDefinition]:
        """What the actions give and the players have."""
        self.game.failing("definitions")
        metrics = sorted(self.game.metrics.items())
        return wire.as_listing(MetricDefinition(metric, _name(metric), kind) for metric, kind in metrics)

    def leaderboards(self, reader_id: str | None) -> Listing[LeaderboardInfo]:
        """All of them, for everybody."""
        self.game.failing("leaderboards")
        return wire.as_listing(
            LeaderboardInfo(board, _name(board), "players", MetricRef(metric, _name(metric), "point"))
            for board, metric in sorted(self.game.boards.items())
        )

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
        """A page of a board; cycles and scopes all show the same, of all time."""
        self.game.failing("leaderboard")
        rows = [
            LeaderboardRow(rank, score, player.id, player.alias, is_me=player.id == reader_id)
            for rank, score, player in self.game.ranking(board)
        ]
        if around is not None:
            place = next((index for index, row in enumerate(rows) if row.player_id == around), None)
            if place is None:
                raise wire.make_error("player_not_found", f"The player {around!r} is not on this board")
            skip, limit = max(place - radius, 0), min(place, radius) + 1 + radius
        metric = self.game.boards[board]
        return Leaderboard(
            board,
            _name(board),
            cycle,
            tuple(rows[skip : skip + limit]),
            len(rows),
            next((row for row in rows if row.is_me), None),
            MetricRef(metric, _name(metric), "point"),
        )

    def better_than(
        self,
        player_id: str,
        board: str,
        *,
        cycle: str = "alltime",
        timestamp: datetime | None = None,
        scope_id: str | None = None,
    ) -> float | None:
        """The share of the others who have less; cycles and scopes all show the same, of all time."""
        self.game.failing("better_than")
        scores = {player.id: score for _, score, player in self.game.ranking(board)}
        own = scores.pop(player_id, None)
        if own is None:
            return None
        return 100.0 * sum(score < own for score in scores.values()) / len(scores) if scores else 100.0

    def streak_of(self, player_id: str, action: str, unit: str) -> Streak:
        """What a test has said with ``set_streak``. Raises PlayerNotFound, ActionNotFound, InvalidRequest."""
        self.game.failing("streak_of")
        return self.game.streak(player_id, action, unit)

    def activity(self, player_id: str | None, *, limit: int = 20) -> Listing[Event]:
        """The newest plays, newest first."""
        self.game.failing("activity")
        return wire.as_listing(self.game.events(player_id)[:limit])

    def export(self, player_id: str) -> dict[str, Any]:
        """What the game knows of a player."""
        self.game.failing("export")
        player = asdict(self.game.player(player_id))
        events = [dict(event.data) for event in self.game.events(player_id)]
        return {"profile": {**player, "created": wire.write_instant(player["created"])}, "activity": events}

    def status(self) -> dict[str, Any]:
        """Well, unless a test has scripted something else."""
        try:
            self.game.failing("status")
        except PlaylyfeError as error:
            return {"ok": False, "detail": str(error)}
        return {"ok": True, "detail": f"a game in memory with {len(self.game.players)} players"}


class FakeEmbeddedBackend(FakeBackend):
    """A game that answers at once and can take plays back, as ``EngineBackend`` does.

    What a test rolls back in the database stays in this memory: where that matters, run the engine itself.
    """

    transactional = True
    undo = True

    def play(self, player_id: str, action: str, variables: Mapping[str, Any], **options: Any) -> PlayResult:
        """Play, and tell the receivers of ``action_played`` after the commit."""
        result = super().play(player_id, action, variables, **options)
        if not result.replayed:
            link = PlayerLink.objects.filter(game=self.alias, player_id=player_id).select_related("user").first()
            signals.send_after_commit(
                signals.action_played,
                None,
                sender=type(self),
                user=link.user if link is not None else None,
                player_id=player_id,
                result=result,
                game=self.alias,
            )
        return result

    def undo_play(self, player_id: str, action: str, idempotency_key: str) -> PlayResult:
        """Take the play with this key back. Raises NotFound(event_not_found) if there is none."""
        self.game.failing("undo_play", action)
        events = self.game.undo(player_id, action, idempotency_key)
        return PlayResult("applied", events, key=events[0].id)

    def feedback(self, player_id: str, cursor: int) -> tuple[list[Feedback], int]:
        """What came of the plays with a number above ``cursor``."""
        news = [
            Feedback("applied", event.action or Ref(played.action), event.earned, timestamp=played.at)
            for played in self.game.plays
            if played.player_id == player_id and played.number > cursor
            for event in played.events
        ]
        return news, max(cursor, self.feedback_cursor(player_id))

    def feedback_cursor(self, player_id: str) -> int:
        """The number of the newest play of all."""
        return max((played.number for played in self.game.plays), default=0)


def _lose(error: Exception | None) -> None:
    """The answer of a call that was applied does not come."""
    if error is not None:
        raise error


def _name(identifier: str) -> str:
    return identifier.replace("_", " ").capitalize()


def _read_player(player: FakePlayer, known: Mapping[str, Score] | None = None) -> Player:
    held = {metric: _read_score(metric, value) for metric, value in player.scores.items()}
    scores = tuple({**(known or {}), **held}.values())
    return Player(player.id, player.alias, player.enabled, player.created, scores)


def _read_score(metric: str, value: Any) -> Score:
    if isinstance(value, Mapping):
        items = tuple(Item(name, count=count) for name, count in value.items())
        return Score(MetricRef(metric, _name(metric), "set"), items=items)
    if isinstance(value, str):
        return Score(MetricRef(metric, _name(metric), "state"), state=State(value))
    return Score(MetricRef(metric, _name(metric), "point"), value=value)


def _no_score(metric: str, kind: str) -> Score:
    return Score(MetricRef(metric, _name(metric), kind), value=0 if kind == "point" else None)
