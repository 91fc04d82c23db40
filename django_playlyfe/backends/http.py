"""A Playlyfe v2 server somewhere else as a backend, through the client of this package.

Everything asked here goes over the network: services call the reads, ``delivery`` calls the writes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.cache import caches
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning

from django_playlyfe import conf, page_budget, wire
from django_playlyfe.backends.base import NOTIFICATIONS_SINCE, DeliveryPolicy, GameBackend
from django_playlyfe.backends.http_options import HttpOptions, find_wrong, read_options
from django_playlyfe.client import EncryptedSeal, Limits, PlaylyfeClient, SignedSeal, page_limits
from django_playlyfe.client.bodies import FEED_BYTES
from django_playlyfe.client.sharing import kind_of
from django_playlyfe.client.watchdog import threads_can_run
from django_playlyfe.exceptions import (
    AccessDenied,
    APIError,
    ConfigurationError,
    PlayerNotFound,
    PlaylyfeError,
    ServerError,
    Suppressed,
    TransportError,
)
from django_playlyfe.reading import questions
from django_playlyfe.reading.answering import known_or_asked
from django_playlyfe.reading.shelf import Shelf
from django_playlyfe.types import (
    Action,
    Event,
    Leaderboard,
    LeaderboardInfo,
    LeaderboardRow,
    Listing,
    MetricDefinition,
    Player,
    PlayResult,
)

if TYPE_CHECKING:
    from django_playlyfe.conf import GameSettings

logger = logging.getLogger("django_playlyfe")
T = TypeVar("T")

LOOK_BACK = (1, 7, 30)
"""Days of a feed that are read until enough events are found (``reliability.md`` §4)."""
_BEGINNING = datetime(2000, 1, 1, tzinfo=timezone.utc)
_NOBODY = "playlyfe-status-asks-for-nobody"

_bound: ContextVar[float | None] = ContextVar("django_playlyfe_bound", default=None)


class HttpBackend(GameBackend):
    """A game behind HTTP. ``OPTIONS`` are those of :class:`~.http_options.HttpOptions`."""

    transactional = False

    def __init__(self, settings: GameSettings) -> None:
        super().__init__(settings)
        self._has_met = False

    @cached_property
    def options(self) -> HttpOptions:
        """``OPTIONS``. Raises ConfigurationError, which names what is wrong and the lines to write."""
        return read_options(self.settings)

    @cached_property
    def client(self) -> PlaylyfeClient:
        """The client under its background limits. Raises ConfigurationError."""
        options = self.options
        key, fallback_keys = conf.signing_keys()
        seal = EncryptedSeal if options.token_encryption else SignedSeal
        return PlaylyfeClient(
            auth_url=options.auth_url,
            api_url=options.api_url,
            client_id=self.settings.client_id,
            client_secret=self.settings.client_secret,
            token_in=options.token_in,
            cache=lambda: caches[self.settings.cache],
            hmac_key=key,
            seal=seal(key, fallback_keys),
            timeout=options.timeout,
            hard_limit=options.hard_limit,
            ca_bundle=options.ca_bundle,
            proxies=options.proxies,
            allow_insecure_http=options.allow_insecure_http,
            debug=conf.is_debug(),
        )

    def close(self) -> None:
        """Close this process's connections."""
        if "client" in self.__dict__:
            self.client.close()

    def check(self) -> list[CheckMessage]:
        """Missing credentials, wrong options, and a cache that no other process sees."""
        messages: list[CheckMessage] = [
            Error(wrong.message, hint=wrong.hint, id="django_playlyfe.E006") for wrong in find_wrong(self.settings)
        ]
        if not conf.is_debug() and kind_of(caches[self.settings.cache]) == "process":
            messages.append(
                CheckWarning(
                    f"PLAYLYFE[{self.alias!r}]['CACHE'] names {self.settings.cache!r}, which processes do not share: "
                    "each of them gets a token of its own.",
                    hint="Use Redis, Memcached, files or the database in CACHES.",
                    id="django_playlyfe.W001",
                )
            )
        return messages

    # reads that are kept ----------------------------------------------------------------------------------------------

    @cached_property
    def shelf(self) -> Shelf:
        """Answers of this server to this client."""
        scope = f"{self.alias}\n{self.options.api_url}\n{self.settings.client_id}"
        return Shelf(scope, lambda: caches[self.settings.cache])

    @property
    def page_seconds(self) -> float:
        """``PAGE_BUDGET``."""
        return self.options.page_budget

    # delivery ---------------------------------------------------------------------------------------------------------

    @property
    def delivery(self) -> DeliveryPolicy:
        """What ``OPTIONS`` say about sending."""
        return self.options.policy

    @property
    def idempotent(self) -> bool:  # type: ignore[override]  # known only once the server has answered
        """Whether the server has announced that it honours keys."""
        return "idempotency" in self.client.features

    @property
    def backdating(self) -> bool:  # type: ignore[override]  # known only once the server has answered
        """Whether the server has announced that it judges a play at the instant it happened."""
        return "played-at" in self.client.features

    @contextmanager
    def bounded(self, seconds: float) -> Iterator[None]:
        """Calls made inside, by this thread, end within this time."""
        before = _bound.set(seconds)
        try:
            yield
        finally:
            _bound.reset(before)

    def learn_abilities(self) -> None:
        """Ask the server for its status if nothing is known of it, once per process."""
        if self._has_met or self.client.features:
            return
        try:
            self._writer.status()
        except ServerError:
            raise
        except APIError:  # whatever it says about its status page, it has spoken
            logger.debug("The game does not show its status to this client")
        self._has_met = True

    def leave_alone(self, why: str) -> None:
        """Have every process leave the host alone for a while; afterwards one of them probes."""
        self.client.throttle.trip(why)

    @property
    def _writer(self) -> PlaylyfeClient:
        """The client for a call that somebody waits for, or for one in the background."""
        seconds = _bound.get()
        if seconds is None:
            return self.client
        connect, read = self.options.timeout
        return self.client.within(Limits(connect, read, seconds, serves_page=True))

    # the token --------------------------------------------------------------------------------------------------------

    def token_status(self) -> dict[str, Any]:
        """Age and life of the token that would be sent now; none is asked for."""
        token = self.client.tokens.known()
        if token is None:
            return {"token": "none yet; the next call asks for one"}
        now = datetime.now(timezone.utc).timestamp()
        return {
            "token": token.fingerprint[:6],
            "age_seconds": round(now - token.issued_at),
            "expires_in_seconds": round(token.expires_at - now),
        }

    def reset_token(self) -> None:
        """Ask again at once, with the same secret, after the server was mended."""
        self.client.tokens.forget_failure()

    # writes -----------------------------------------------------------------------------------------------------------

    def create_player(
        self, player_id: str, *, alias: str, email: str | None = None, idempotency_key: str | None = None
    ) -> None:
        """Create a player. Raises PlayerExists, InvalidRequest, QuotaExceeded."""
        self._writer.create_player(player_id, alias=alias, email=email, idempotency_key=idempotency_key)

    def update_player(
        self, player_id: str, *, alias: str | None = None, email: str | None = None, enabled: bool | None = None
    ) -> None:
        """Change what is not None. Raises PlayerNotFound, InvalidRequest."""
        self._writer.update_player(player_id, alias=alias, email=email, enabled=enabled)

    def delete_player(self, player_id: str) -> None:
        """Erase a player. Raises PlayerNotFound."""
        self._writer.delete_player(player_id)

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
        """Play; see :meth:`GameBackend.play`. ``at`` is sent where the server announced that it reads it."""
        return self._writer.play(
            player_id,
            action,
            variables,
            count=count,
            scopes=scopes,
            idempotency_key=idempotency_key,
            at=at if self.backdating else None,
        )

    # reads ------------------------------------------------------------------------------------------------------------

    def _read(self, ask: Callable[[PlaylyfeClient], T]) -> T:
        """Ask the server: inside a request within what is left of the page's budget, else in the background."""
        bound = _bound.get()
        if bound is not None:  # in a thread that reads for a page
            return ask(self.client.within(page_limits(bound, in_pool=threads_can_run())))
        budget = page_budget.current()
        if budget is None:
            return ask(self.client)
        left = budget.left(self.options.page_budget)
        if left <= 0:
            raise Suppressed("The page has waited for the game long enough", reason="budget")
        client = self.client.within(page_limits(left, in_pool=threads_can_run()))
        with budget.spending():
            return page_budget.call_within(left, lambda: ask(client))

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
        """A page of a board; a second call for the reader's own row if it is not on the page, a third for its name."""
        reader = self._reader(reader_id)
        where: dict[str, Any] = {"cycle": cycle, "timestamp": timestamp, "scope_id": scope_id}
        where_on_it: dict[str, Any] = {"skip": skip, "limit": limit, "around": around, "radius": radius}
        page = self._read(lambda client: client.leaderboard(board, reader, **where, **where_on_it))
        me = next((row for row in page.rows if row.is_me), None) or self._own_row(board, reader, where)
        info = next((info for info in self._boards(reader) if info.id == board), None)
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

    def _own_row(self, board: str, reader: str, where: Mapping[str, Any]) -> LeaderboardRow | None:
        """The reader's row; None for a reader who is not on the board, and where there is no answer in time."""
        try:
            page = self._read(lambda client: client.leaderboard(board, reader, **where, around=reader, radius=0))
        except (PlayerNotFound, TransportError):
            return None
        return next((row for row in page.rows if row.is_me), None)

    def _boards(self, reader: str) -> Listing[LeaderboardInfo]:
        """The list of boards, for a board's name: seldom asked, and without it the id has to do."""
        try:
            return known_or_asked(self, questions.leaderboards(self, reader))
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

    # status -----------------------------------------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """Whether the server answers and lets this client do what a site needs."""
        try:
            server = self.client.status()
            missing = self._missing_scopes()
        except ConfigurationError as error:
            return {"ok": False, "detail": str(error)}
        except PlaylyfeError as error:
            return {"ok": False, "detail": str(error), "client": self.client.describe()}
        game = server.get("game") or {}
        detail = f"{game.get('title') or game.get('id') or server.get('name')} at {self.options.api_url}"
        if missing:
            detail = f"{detail}: the client lacks the scopes {', '.join(missing)}"
        return {
            "ok": not missing,
            "detail": detail,
            "game_id": str(game.get("id") or ""),
            "features": ", ".join(sorted(self.client.features)) or "none announced",
            "missing_scopes": ", ".join(missing) or "none",
            "client": self.client.describe(),
        }

    def _missing_scopes(self) -> list[str]:
        """Scopes that the client lacks, found by calls that can change nothing: they name no player, or nobody."""
        nobody = {"player_id": _NOBODY}
        attempts: dict[str, tuple[str, str, dict[str, str]]] = {
            "admin:write": ("PATCH", "/admin/players/{player_id}", nobody),
            "runtime:read": ("GET", "/runtime/actions", {}),
            "runtime:write": ("POST", "/runtime/actions/{player_id}/play", nobody),
        }
        missing = []
        for scope, (method, route, ids) in attempts.items():
            try:
                self.client.call(method, route, ids=ids)
            except AccessDenied:
                missing.append(scope)
            except APIError:
                continue
        return missing
