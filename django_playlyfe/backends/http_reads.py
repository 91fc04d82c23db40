"""What is asked of a Playlyfe server: the reads of :class:`~django_playlyfe.backends.http.HttpBackend`.

Each is one call, or a few; how old an answer may be, and who of many askers makes the call, is decided in ``reading``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any, TypeVar

from django_playlyfe import wire
from django_playlyfe.backends.base import NOTIFICATIONS_SINCE, GameBackend
from django_playlyfe.client import PlaylyfeClient, page_limits
from django_playlyfe.client.bodies import FEED_BYTES
from django_playlyfe.client.watchdog import threads_can_run
from django_playlyfe.exceptions import (
    APIError,
    PlayerNotFound,
    PlaylyfeError,
    ServerError,
    Suppressed,
    TransportError,
)
from django_playlyfe.reading import bulkhead, page_budget, questions
from django_playlyfe.reading.answering import known_or_asked
from django_playlyfe.types import (
    Action,
    Event,
    Leaderboard,
    LeaderboardInfo,
    LeaderboardRow,
    Listing,
    MetricDefinition,
    Player,
    Streak,
)
from django_playlyfe.types.pictures import Picture

T = TypeVar("T")

LOOK_BACK = (1, 7, 30)
"""Days of a feed that are read until enough events are found (``reliability.md`` §4)."""
ROWS_AROUND = 2
"""Rows above and below one's own that pages show."""
_PICTURE_ROUTES = {
    "game": "/runtime/assets/game",
    "player": "/runtime/assets/players/{id}",
    "metric": "/runtime/assets/definitions/metrics/{id}",
}
_BEGINNING = datetime(2000, 1, 1, tzinfo=timezone.utc)

_bound: ContextVar[float | None] = ContextVar("django_playlyfe_bound", default=None)


def bound_seconds() -> float | None:
    """Within how many seconds the calls of this thread are to end; None where nobody waits for them."""
    return _bound.get()


class HttpReads(GameBackend):
    """The reads, over a client that the class below provides."""

    @property
    @abstractmethod
    def client(self) -> PlaylyfeClient:
        """The client under its background limits."""

    @contextmanager
    def bounded(self, seconds: float) -> Iterator[None]:
        """Calls made inside, by this thread, end within this time."""
        before = _bound.set(seconds)
        try:
            yield
        finally:
            _bound.reset(before)

    def _read(self, ask: Callable[[PlaylyfeClient], T]) -> T:
        """Ask the server: inside a request within what is left of the page's budget, else in the background."""
        bound = _bound.get()
        if bound is not None:  # in a thread that reads for a page
            return ask(self.client.within(page_limits(bound, in_pool=threads_can_run())))
        budget = page_budget.current()
        if budget is None:
            return ask(self.client)
        left = budget.left(self.page_seconds)
        if left <= 0:
            raise Suppressed("The page has waited for the game long enough", reason="budget")
        client = self.client.within(page_limits(left, in_pool=threads_can_run()))
        with budget.spending():
            return bulkhead.call_within(left, lambda: ask(client))

    def profile(self, player_id: str, *, detailed: bool = False) -> Player:
        """A player's profile as the site, an admin, may see it. Raises PlayerNotFound."""
        return self._read(lambda client: client.player(player_id, detailed=detailed))

    def actions(self, player_id: str) -> Listing[Action]:
        """What the player can see."""
        return wire.as_listing(self._read(lambda client: client.actions(player_id)))

    def definitions(self, reader_id: str | None) -> Listing[MetricDefinition]:
        """The metrics; any player may read them."""
        reader = self._reader(reader_id)
        return wire.as_listing(self._read(lambda client: client.metrics(reader)))

    def leaderboards(self, reader_id: str | None) -> Listing[LeaderboardInfo]:
        """The boards that the reader can see."""
        reader = self._reader(reader_id)
        return wire.as_listing(self._read(lambda client: client.leaderboards(reader)))

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
        """A page of a board; a second call for the reader's own row if it is not on the page, a third for its name.

        While a page waits they are made side by side as far as threads are idle, the second then in any case.
        """
        reader = self._reader(reader_id)
        where: dict[str, Any] = {"cycle": cycle, "timestamp": timestamp, "scope_id": scope_id}
        where_on_it: dict[str, Any] = {"skip": skip, "limit": limit, "around": around, "radius": radius}
        boards: Callable[[], Listing[LeaderboardInfo]] = partial(self._boards, reader)
        own_row: Callable[[], LeaderboardRow | None] = partial(self._own_row, board, reader_id, where)
        if around is None and bound_seconds() is not None:
            boards, own_row = bulkhead.alongside(boards), bulkhead.alongside(own_row)
        page = self._read(lambda client: client.leaderboard(board, reader, **where, **where_on_it))
        me = next((row for row in page.rows if row.is_me), None)
        if me is None and around is None:
            me = own_row()
        info = next((info for info in boards() if info.id == board), None)
        return Leaderboard(
            id=board,
            name=info.name if info is not None else board,
            cycle=cycle,
            rows=page.rows,
            total=page.total,
            me=me,
            metric=info.metric if info is not None else None,
            when=timestamp,
            scope=scope_id or "",
        )

    def _own_row(self, board: str, reader_id: str | None, where: Mapping[str, Any]) -> LeaderboardRow | None:
        """The reader's row; None for a reader who is not on the board, and where there is no answer in time.

        It is asked for with its neighbours, as a page shows them: so that both are one call.
        """
        around = self._reader(reader_id)
        wanted = {"skip": 0, "limit": 10, "around": around, "radius": ROWS_AROUND, **where}
        asked = questions.leaderboard(self, board, reader_id=reader_id, **wanted)
        try:
            page = known_or_asked(self, asked, bound_seconds(), fresh=True)
        except (PlayerNotFound, TransportError):
            return None
        return page.me

    def _boards(self, reader: str) -> Listing[LeaderboardInfo]:
        """The list of boards, for a board's name: seldom asked, and without it the id has to do."""
        try:
            return known_or_asked(self, questions.leaderboards(self, reader), bound_seconds())
        except PlaylyfeError:
            return Listing()

    def _reader(self, reader_id: str | None) -> str:
        """Whose eyes read what all players share: over HTTP somebody's have to."""
        reader = reader_id or self.settings.reader_player_id
        if reader is None:
            raise wire.make_error(
                "access_denied",
                f"Visitors see this game through a player's eyes: name one in PLAYLYFE[{self.alias!r}]"
                "['READER_PLAYER_ID'].",
            )
        return reader

    def activity(self, player_id: str | None, *, limit: int = 20) -> Listing[Event]:
        """The newest events, newest first, of the last 30 days."""
        found: tuple[Event, ...] = ()
        for days in LOOK_BACK:
            try:
                found = self._feed(player_id, datetime.now(timezone.utc) - timedelta(days=days))
            except (TransportError, ServerError):
                if not found:
                    raise
                break  # the nearest days are better than nothing
            if len(found) >= limit:
                break
        return wire.as_listing(tuple(reversed(found))[:limit])

    def _feed(self, player_id: str | None, start: datetime) -> tuple[Event, ...]:
        if player_id is None:
            return self._read(lambda client: client.game_activity(start=start))
        return self._read(lambda client: client.activity(player_id, start=start))

    def notifications(self, player_id: str) -> Listing[Event]:
        """What notified the player in the last 30 days, newest first; nothing from a server without such a route."""
        start = datetime.now(timezone.utc) - NOTIFICATIONS_SINCE
        try:
            found = self._read(lambda client: client.notifications(player_id, start=start))
        except APIError as error:
            if error.code != "route_not_found":
                raise
            return Listing()
        return wire.as_listing(tuple(reversed(found)))

    def mark_notifications(self, player_id: str, event_ids: Sequence[str]) -> None:
        """Mark as read what the player has read. A server without notifications has nothing to mark."""
        try:
            self._read(lambda client: client.mark_notifications(player_id, event_ids))
        except APIError as error:
            if error.code != "route_not_found":
                raise

    def streak_of(self, player_id: str, action: str, unit: str) -> Streak | None:
        """As the server counts it, by the game's time zone; None, and no call, where none were announced."""
        return self._read(lambda client: client.streak(player_id, action, unit=unit)) if self.streaks else None

    def picture(self, kind: str, ident: str, *, item: str, size: str, reader_id: str | None) -> Picture:
        """A picture; one of more than 64 KiB is still on its way."""
        reader = reader_id or (ident if kind == "player" else self._reader(reader_id))
        query = {"size": size} | ({"item": item} if item else {})
        ids = {"id": ident} if ident else {}
        found = self._read(lambda client: client.picture(_PICTURE_ROUTES[kind], ids=ids, query=query, player_id=reader))
        assert found is not None  # noqa: S101 - only with an etag is there nothing to send
        return found

    def pictured(self) -> None:
        """Nothing on the wire tells."""
        return

    def export(self, player_id: str) -> dict[str, Any]:
        """The profile and all activity that the server keeps. Raises PlayerNotFound."""
        ids = {"player_id": player_id}
        profile = self._read(
            lambda client: client.call("GET", "/admin/players/{player_id}", ids=ids, query={"detailed": True})
        ).data
        activity = self._read(
            lambda client: client.call(
                "GET",
                "/admin/players/{player_id}/activity",
                ids=ids,
                query={"start": wire.write_instant(_BEGINNING)},
                largest_answer=FEED_BYTES,
            )
        ).data
        return {"profile": profile, "activity": activity or []}
