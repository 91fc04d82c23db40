"""A game of the embedded engine, and its news as signals (see the package)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.dispatch import Signal

from django_playlyfe import conf, memo, signals, wire
from django_playlyfe.backends.base import NOTIFICATIONS_SINCE, GameBackend
from django_playlyfe.backends.engine.abilities import EngineAbilities, read_result
from django_playlyfe.backends.engine.by_hand import ByHand
from django_playlyfe.backends.engine.lists import ListsOfPlayers
from django_playlyfe.exceptions import ConfigurationError, PlaylyfeError
from django_playlyfe.players.links import link_of_player
from django_playlyfe.types import (
    Action,
    Event,
    Feedback,
    Leaderboard,
    LeaderboardInfo,
    LeaderboardRow,
    Listing,
    MetricDefinition,
    Player,
    PlayOf,
    PlayResult,
    summarise,
)
from django_playlyfe.types.pictures import Picture

if TYPE_CHECKING:
    from django_playlyfe.engine.realm import Realm, Visit
    from django_playlyfe.engine.services import Recorded

_SIGNALS = {"level": signals.level_changed, "achievement": signals.achievement_unlocked}
"""Type of event -> public signal."""
_PUBLIC = (signals.action_played, *_SIGNALS.values())
_ANNOUNCED = frozenset({"play", "undo", "rule", "score", "revert", "award"})
"""Kinds of calls whose events are news; a player's bootstrap is silent (``engine.md`` §10.1)."""

ENVIRONMENTS = ("production", "staging")
OPTIONS = ("GAME", "ENVIRONMENT")


class EngineBackend(EngineAbilities, ByHand, ListsOfPlayers, GameBackend):
    """A game of the embedded engine.

    OPTIONS:
        GAME: id of the game; may be left out while the engine holds only one.
        ENVIRONMENT: "production" (default) or "staging".
    """

    transactional = True
    backdating = True
    idempotent = True

    @property
    def realm(self) -> Realm:
        """Which game in which environment: the first argument of every engine function."""
        from django_playlyfe.engine.realm import Realm

        options = self.settings.options
        return Realm(options.get("GAME", ""), options.get("ENVIRONMENT", "production"))

    @property
    def visit(self) -> Visit:
        """The realm for reads: within a request the same one, until something is written."""
        from django_playlyfe.engine.realm import Visit

        realm = self.realm
        return memo.remember(self.alias, "visit", lambda: Visit(realm.game, realm.environment))

    def check(self) -> list[CheckMessage]:
        """Wrong options, and an engine that is not installed."""
        where = f"PLAYLYFE[{self.alias!r}]"
        options = self.settings.options
        problems = [
            f"{where}['OPTIONS'] has the unknown key {key!r}"
            + conf.nearest(key, OPTIONS, f"; the embedded engine knows {' and '.join(OPTIONS)}.")
            for key in options
            if key not in OPTIONS
        ]
        if options.get("ENVIRONMENT", "production") not in ENVIRONMENTS:
            problems.append(f"{where}['OPTIONS']['ENVIRONMENT'] should be one of {', '.join(ENVIRONMENTS)}.")
        if not isinstance(options.get("GAME", ""), str):
            problems.append(f"{where}['OPTIONS']['GAME'] should be the id of a game, as text.")
        messages: list[CheckMessage] = [Error(problem, id="django_playlyfe.E006") for problem in problems]
        if not apps.is_installed(conf.ENGINE_APP):
            messages.append(
                Error(
                    f"{where} uses the embedded engine, which is not installed.",
                    hint=f'Add "{conf.ENGINE_APP}" to INSTALLED_APPS.',
                    id="django_playlyfe.E006",
                )
            )
        return messages

    # writes -----------------------------------------------------------------------------------------------------------

    def create_player(
        self, player_id: str, *, alias: str, email: str | None = None, idempotency_key: str | None = None
    ) -> None:
        """Create a player with the design's bootstrap scores. Raises PlayerExists, InvalidRequest."""
        from django_playlyfe.engine import services

        services.create_player(self.realm, player_id, alias=alias, email=email)

    def update_player(
        self, player_id: str, *, alias: str | None = None, email: str | None = None, enabled: bool | None = None
    ) -> None:
        """Change what is not None. Raises PlayerNotFound, InvalidRequest."""
        from django_playlyfe.engine import services

        services.update_player(self.realm, player_id, alias=alias, email=email, enabled=enabled)

    def delete_player(self, player_id: str) -> None:
        """Erase a player; nameless calls stay in the log. Raises PlayerNotFound."""
        from django_playlyfe.engine import services

        services.delete_player(self.realm, player_id)

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
        """Play in the caller's transaction; see :meth:`GameBackend.play`."""
        from django_playlyfe.engine import services

        recorded = services.play(
            self.realm,
            player_id,
            action,
            variables,
            count=count,
            scopes=scopes,
            idempotency_key=idempotency_key,
            at=at,
        )
        return read_result(recorded)

    def play_many(self, plays: Sequence[PlayOf]) -> list[PlayResult | PlaylyfeError]:
        """Play in the caller's transaction, a chunk of plays by a constant number of queries."""
        from django_playlyfe.engine import services

        answers = services.play_many(self.realm, plays)
        return [answer if isinstance(answer, PlaylyfeError) else read_result(answer) for answer in answers]

    # reads ------------------------------------------------------------------------------------------------------------

    def profile(self, player_id: str, *, detailed: bool = False) -> Player:
        """Scores, badges and levels."""
        from django_playlyfe.engine import selectors

        return wire.read_player(selectors.profile(self.visit, player_id, detailed=detailed))

    def actions(self, player_id: str) -> Listing[Action]:
        """What the player can see."""
        from django_playlyfe.engine import selectors

        return wire.as_listing(map(wire.read_action, selectors.actions(self.visit, player_id)))

    def definitions(self, reader_id: str | None) -> Listing[MetricDefinition]:
        """The metrics; the same for every reader."""
        from django_playlyfe.engine import selectors

        return wire.as_listing(map(wire.read_metric_definition, selectors.metrics(self.visit)))

    def leaderboards(self, reader_id: str | None) -> Listing[LeaderboardInfo]:
        """Boards whose requirements the reader meets; for a visitor those without any."""
        from django_playlyfe.engine import selectors

        return wire.as_listing(map(wire.read_leaderboard_info, selectors.leaderboards(self.visit, reader_id)))

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
        """A page of a board, and the reader's own row by a second read if the page does not hold it."""
        from django_playlyfe.engine import selectors

        where: dict[str, Any] = {"player_id": reader_id, "cycle": cycle, "timestamp": timestamp, "scope_id": scope_id}
        if around is None:
            page = selectors.leaderboard(self.visit, board, **where, skip=skip, limit=limit)
        else:
            page = selectors.leaderboard(
                self.visit, board, **where, ranking="relative", entity_id=around, radius=radius
            )
        rows, total = wire.read_leaderboard_rows(page, me=reader_id)
        info = next(info for info in self.leaderboards(reader_id) if info.id == board)
        return Leaderboard(
            id=info.id,
            name=info.name,
            cycle=cycle,
            rows=rows,
            total=total,
            me=next((row for row in rows if row.is_me), None) or self._own_row(board, reader_id, where),
            metric=info.metric,
            when=timestamp,
            scope=scope_id or "",
        )

    def _own_row(self, board: str, reader_id: str | None, where: Mapping[str, Any]) -> LeaderboardRow | None:
        """The reader's row of a board; None for a visitor and for a reader who is not on the board."""
        from django_playlyfe.engine import selectors

        if reader_id is None:
            return None
        row = selectors.leaderboard_row(self.visit, board, **where)
        if row is None:
            return None
        (mine,), _total = wire.read_leaderboard_rows({"data": [row], "total": 1}, me=reader_id)
        return mine

    def activity(self, player_id: str | None, *, limit: int = 20) -> Listing[Event]:
        """The newest events, newest first."""
        from django_playlyfe.engine import selectors

        return wire.as_listing(wire.read_feed(selectors.latest_activity(self.visit, player_id, limit)))

    def notifications(self, player_id: str) -> Listing[Event]:
        """What notified the player in the last 30 days, newest first."""
        from django_playlyfe.engine import selectors

        start = datetime.now(timezone.utc) - NOTIFICATIONS_SINCE
        told = selectors.notifications(self.visit, player_id, start=start)
        return wire.as_listing(reversed(wire.read_feed(told["data"])))

    def mark_notifications(self, player_id: str, event_ids: Sequence[str]) -> None:
        """Remember that the player has read these. Raises InvalidRequest for what can be no id."""
        from django_playlyfe.engine import services

        services.mark_seen(self.realm, player_id, event_ids)

    def feedback(self, player_id: str, cursor: int) -> tuple[list[Feedback], int]:
        """Plays and undos recorded after ``cursor``, oldest first, and the cursor behind them."""
        from django_playlyfe.engine import selectors

        results = selectors.results_after(self.visit, player_id, cursor)
        news = [
            Feedback(
                "applied",
                wire.read_ref(result["action"]),
                earned=summarise(wire.read_events(result["events"])),
                timestamp=wire.read_instant(result["at"]),
            )
            for result in results
        ]
        return news, max([cursor, *(result["call_id"] for result in results)])

    def feedback_cursor(self, player_id: str) -> int:
        """The player's newest row of the log."""
        from django_playlyfe.engine import selectors

        return selectors.newest_call_id(self.visit, player_id)

    def newest_results(self, player_ids: Iterable[str], without: Iterable[int]) -> dict[str, int]:
        """Rows of the log, by two queries."""
        from django_playlyfe.engine import selectors

        return selectors.newest_results(self.visit, player_ids, without)

    def picture(self, kind: str, ident: str, *, item: str, size: str, reader_id: str | None) -> Picture:
        """A picture, its own or the stock one; a player without one has none."""
        from django_playlyfe.engine import selectors

        return Picture.whole("image/png", selectors.image_of(self.visit, kind, ident, size, item))

    def pictured(self) -> frozenset[tuple[str, str]]:
        """Those for which the design names an image that is no stock image. One query."""
        from django_playlyfe.engine import selectors

        return selectors.pictured(self.visit)

    def export(self, player_id: str) -> dict[str, Any]:
        """Everything stored about a player. Raises PlayerNotFound."""
        from django_playlyfe.engine import selectors

        return selectors.export(self.visit, player_id)

    def status(self) -> dict[str, Any]:
        """Whether a design is active, and which."""
        from django_playlyfe.engine import selectors

        try:
            status = selectors.status(self.visit)
        except ConfigurationError as error:
            return {"ok": False, "detail": str(error)}
        design = status["design"]
        return {
            "ok": True,
            "detail": f"{status['game']['title']}: design {design['number']} in {status['environment']}",
            "game_id": status["game"]["id"],
            "environment": status["environment"],
            "design": design,
        }

    # signals ----------------------------------------------------------------------------------------------------------

    def is_about(self, realm: Realm) -> bool:
        """Whether a realm is this backend's; a realm without a game is the only one there is."""
        mine = self.realm
        return mine.environment == realm.environment and (not mine.game or not realm.game or mine.game == realm.game)

    def announce(self, call: Recorded) -> None:
        """Send the public signals for a call of the engine's log, whoever made it: site, admin or HTTP client."""
        memo.forget(self.alias)
        if call.replayed or call.kind not in _ANNOUNCED:
            return
        wanted = [signal for signal in _PUBLIC if signal.has_listeners(type(self))]
        if not wanted:  # as usual; then nobody needs the events in the shape of the public types
            return
        events = wire.read_events(call.events)
        sent: list[tuple[Signal, dict[str, Any]]] = [
            (_SIGNALS[event.type], {"event": event}) for event in events if event.type in _SIGNALS
        ]
        if call.kind == "play":
            result = PlayResult("applied", events, key=str(call.call_id))
            sent.insert(0, (signals.action_played, {"result": result}))
        sent = [(signal, argument) for signal, argument in sent if signal in wanted]
        if not sent:
            return
        link = link_of_player(call.player_id, self.alias)
        user = link.user if link is not None else None
        for signal, argument in sent:
            signal.send_robust(sender=type(self), user=user, player_id=call.player_id, game=self.alias, **argument)


def connect() -> None:
    """Listen to the engine. Called once, by the app, if the engine is installed."""
    from django_playlyfe.engine.signals import recorded

    recorded.connect(_announce, dispatch_uid="django_playlyfe.backends.engine")


def _announce(call: Recorded, **_kwargs: Any) -> None:
    """Receiver of ``engine.signals.recorded``, which is sent after the commit."""
    from django_playlyfe.backends import games

    for backend in games.all():
        if isinstance(backend, EngineBackend) and backend.is_about(call.realm):
            backend.announce(call)
