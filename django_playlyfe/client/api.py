"""The routes of the Playlyfe API as Python calls (``http-api.md`` §6, §7): one request and the reading of its answer.

Every call may raise any :class:`~django_playlyfe.exceptions.TransportError`,
:class:`~django_playlyfe.exceptions.BadResponse` and :class:`~django_playlyfe.exceptions.APIError`; a "Raises" below
names those that belong to the call. Player ids are strings, instants are aware.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django_playlyfe import types, wire
from django_playlyfe.client.addresses import check_id
from django_playlyfe.client.answers import (
    array_of,
    read_answer,
    read_notifications,
    read_object,
    read_played,
    read_players,
)
from django_playlyfe.client.bodies import FEED_BYTES, JSON_BYTES
from django_playlyfe.client.exchange import Answer, Call, Exchange
from django_playlyfe.client.images import IMAGE_BYTES, IMAGE_LIMITS
from django_playlyfe.client.limits import Limits
from django_playlyfe.client.outcomes import Kind
from django_playlyfe.types.pictures import Picture

T = TypeVar("T")

PAGE = 100
"""Rows asked for at once when all of a list is wanted (``http-api.md`` §13)."""


class PlaylyfeAPI:
    """Typed calls over an exchange.

    Args:
        exchange: what sends them.
        reading, writing: limits of a GET and of everything else.
    """

    def __init__(self, exchange: Exchange, *, reading: Limits, writing: Limits) -> None:
        self._exchange = exchange
        self._reading = reading
        self._writing = writing

    def call(
        self,
        method: str,
        route: str,
        *,
        ids: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        player_id: str | None = None,
        kind: Kind | None = None,
        idempotency_key: str | None = None,
        largest_answer: int = JSON_BYTES,
    ) -> Answer:
        """Any route.

        Args:
            method: GET, POST, PATCH, PUT or DELETE.
            route: template without host and version, ``/admin/players/{id}``.
            ids: for the braces of the route; quoted here.
            query, body: entries that are None are left out.
            player_id: needed by every route under ``/runtime``.
            kind: ``read`` for GET, else ``write``; say ``play`` where a limit is the player's.
            idempotency_key: sent as a header, 1 to 200 printable ASCII characters.
            largest_answer: bytes.
        """
        kind = kind or ("read" if method == "GET" else "write")
        call = Call(
            method,
            route,
            ids=ids or {},
            query={name: _query_text(value) for name, value in (query or {}).items() if value is not None},
            body={name: value for name, value in (body or {}).items() if value is not None},
            player_id=player_id,
            kind=kind,
            key=idempotency_key,
            largest_answer=largest_answer,
        )
        return self._exchange.perform(call, self._reading if kind == "read" else self._writing)

    def _get(self, reader: Callable[[Any], T], route: str, **options: Any) -> T:
        return read_answer(reader, self.call("GET", route, **options))

    # players ----------------------------------------------------------------------------------------------------------

    def create_player(
        self, player_id: str, *, alias: str | None = None, email: str | None = None, idempotency_key: str | None = None
    ) -> types.Player:
        """Create a player. Raises PlayerExists, InvalidRequest, QuotaExceeded."""
        body = {"id": check_id(player_id, "player id"), "alias": alias, "email": email}
        answer = self.call("POST", "/admin/players", body=body, idempotency_key=idempotency_key or _random_key())
        return read_answer(wire.read_player, answer)

    def update_player(
        self, player_id: str, *, alias: str | None = None, email: str | None = None, enabled: bool | None = None
    ) -> types.Player:
        """Change what is not None. Raises PlayerNotFound, InvalidRequest."""
        body = {"alias": alias, "email": email, "enabled": enabled}
        answer = self.call("PATCH", "/admin/players/{player_id}", ids={"player_id": player_id}, body=body)
        return read_answer(wire.read_player, answer)

    def delete_player(self, player_id: str) -> None:
        """Erase a player. Raises PlayerNotFound."""
        self.call("DELETE", "/admin/players/{player_id}", ids={"player_id": player_id})

    def player(self, player_id: str, *, detailed: bool = False) -> types.Player:
        """A player's profile as an admin sees it. Raises PlayerNotFound."""
        query = {"detailed": detailed or None}
        return self._get(wire.read_player, "/admin/players/{player_id}", ids={"player_id": player_id}, query=query)

    def streak(self, player_id: str, action: str = "", *, unit: str = "day") -> types.Streak:
        """Days, weeks or months in a row with a play of the action, "" = of any: of servers that announce ``streaks``.

        Raises PlayerNotFound, ActionNotFound; InvalidRequest for another unit.
        """
        query = {"action": action or None, "unit": unit}
        return self._get(
            wire.read_streak, "/admin/players/{player_id}/streak", ids={"player_id": player_id}, query=query
        )

    def profile(self, player_id: str, *, detailed: bool = False) -> types.Player:
        """A player's profile as the player sees it. Raises PlayerNotFound; AccessDenied if the player is disabled."""
        return self._get(wire.read_player, "/runtime/player", player_id=player_id, query={"detailed": detailed or None})

    def players(self) -> Iterator[types.PlayerRef]:
        """All players, oldest first, page by page."""
        skip = 0
        while True:
            page, total = self._get(read_players, "/admin/players", query={"skip": skip, "limit": PAGE})
            yield from page
            skip += len(page)
            if not page or skip >= total:
                return

    def adjust_scores(
        self, player_id: str, rewards: Sequence[Mapping[str, Any]], *, idempotency_key: str | None = None
    ) -> types.Player:
        """Change scores by rewards as a design has them (``http-api.md`` §7.3). One call never sends it twice, except
        after a refused token: adding adds again.

        Args:
            rewards: what is given and taken.
            idempotency_key: a random one by default. Honoured by servers that announce ``idempotency``.

        Raises:
            PlayerNotFound, InvalidRequest: no such player; a reward is wrong.
            Conflict: the key was used for something else.
        """
        body = {"rewards": [dict(reward) for reward in rewards]}
        return self._administer("PATCH", "scores", player_id, body, idempotency_key)

    def revert_events(
        self, player_id: str, event_ids: Sequence[str], *, idempotency_key: str | None = None
    ) -> types.Player:
        """Take the changes of these events back. Raises PlayerNotFound, NotFound (``event_not_found``), Conflict."""
        return self._administer("POST", "revert", player_id, {"event_ids": list(event_ids)}, idempotency_key)

    def reset_player(self, player_id: str, *, idempotency_key: str | None = None) -> types.Player:
        """Give a player the state of a new one. Raises PlayerNotFound, Conflict."""
        return self._administer("POST", "reset", player_id, {}, idempotency_key)

    def _administer(
        self, method: str, what: str, player_id: str, body: Mapping[str, Any], key: str | None
    ) -> types.Player:
        route, ids = f"/admin/players/{{player_id}}/{what}", {"player_id": player_id}
        answer = self.call(method, route, ids=ids, body=body, idempotency_key=key or _random_key())
        return read_answer(wire.read_player, answer)

    # playing ----------------------------------------------------------------------------------------------------------

    def actions(self, player_id: str) -> tuple[types.Action, ...]:
        """Actions that the player can see, with what they may give."""
        return self._get(array_of(wire.read_action), "/runtime/actions", player_id=player_id)

    def play(
        self,
        player_id: str,
        action: str,
        variables: Mapping[str, Any] | None = None,
        *,
        count: int = 1,
        scopes: Sequence[Mapping[str, str]] = (),
        idempotency_key: str | None = None,
        at: datetime | None = None,
    ) -> types.PlayResult:
        """Play an action. One call never sends it twice, except after a refused token.

        Args:
            variables: of the action, by name.
            count: one play of this weight.
            scopes: ``{"id", "entity_id"}`` to credit on custom boards.
            idempotency_key: a random one by default; the result's ``key``.
            at: when it happened. Only for servers that announce ``played-at``.

        Raises:
            ActionLimitReached, AccessDenied: the game refuses.
            ActionNotFound, PlayerNotFound, InvalidRequest, Conflict: it cannot be played like this.
            ResponseLost, ServerError: with outcome ``UNKNOWN`` nobody knows whether it counted.
            BadResponse: with outcome ``APPLIED`` it counted, but what it gave cannot be read.
        """
        key = idempotency_key or _random_key()
        body = {
            "variables": dict(variables or {}),
            "count": count if count != 1 else None,
            "scopes": [dict(scope) for scope in scopes] or None,
            "played_at": wire.write_instant(at) if at is not None else None,
        }
        answer = self.call(
            "POST",
            "/runtime/actions/{id}/play",
            ids={"id": action},
            body=body,
            player_id=player_id,
            kind="play",
            idempotency_key=key,
        )
        return types.PlayResult("applied", read_answer(read_played, answer), key=key, replayed=answer.replayed)

    # the game ---------------------------------------------------------------------------------------------------------

    def metrics(self, player_id: str) -> tuple[types.MetricDefinition, ...]:
        """The game's metrics. Any player will do."""
        return self._get(array_of(wire.read_metric_definition), "/runtime/definitions/metrics", player_id=player_id)

    def leaderboards(self, player_id: str) -> tuple[types.LeaderboardInfo, ...]:
        """Boards that the player can see."""
        return self._get(array_of(wire.read_leaderboard_info), "/runtime/leaderboards", player_id=player_id)

    def leaderboard(
        self,
        board: str,
        player_id: str,
        *,
        cycle: str = "alltime",
        timestamp: datetime | None = None,
        skip: int = 0,
        limit: int = 10,
        around: str | None = None,
        radius: int = 5,
        scope_id: str | None = None,
    ) -> types.Leaderboard:
        """A page of a board as the player sees it, or with ``around`` the rows round a player.

        The board's ``name`` is its id here: the answer has no other, :meth:`leaderboards` does.

        Raises:
            NotFound: no such board, or the player to look around has no row.
        """
        query: dict[str, Any] = {"cycle": cycle, "scope_id": scope_id, "timestamp": _instant(timestamp)}
        if around is None:
            query |= {"skip": skip, "limit": limit}
        else:
            query |= {"ranking": "relative", "entity_id": check_id(around, "player id"), "radius": radius}
        answer = self.call("GET", "/runtime/leaderboards/{id}", ids={"id": board}, query=query, player_id=player_id)
        rows, total = read_answer(lambda data: wire.read_leaderboard_rows(data, me=player_id), answer)
        return types.Leaderboard(id=board, name=board, cycle=cycle, rows=rows, total=total)

    def activity(
        self, player_id: str, *, start: datetime | None = None, end: datetime | None = None
    ) -> tuple[types.Event, ...]:
        """A player's own events, oldest first; without ``start`` those of the last 24 hours."""
        return self._get(
            wire.read_feed,
            "/runtime/activity",
            player_id=player_id,
            query=_period(start, end),
            largest_answer=FEED_BYTES,
        )

    def game_activity(self, *, start: datetime | None = None, end: datetime | None = None) -> tuple[types.Event, ...]:
        """The game's public events, oldest first; without ``start`` those of the last 24 hours."""
        return self._get(wire.read_feed, "/admin/activity", query=_period(start, end), largest_answer=FEED_BYTES)

    def notifications(
        self, player_id: str, *, start: datetime | None = None, end: datetime | None = None
    ) -> tuple[types.Event, ...]:
        """Events addressed to the player, oldest first."""
        return self._get(
            read_notifications,
            "/runtime/notifications",
            player_id=player_id,
            query=_period(start, end),
            largest_answer=FEED_BYTES,
        )

    def mark_notifications(self, player_id: str, event_ids: Sequence[str]) -> None:
        """Mark notifications as seen (``http-api.md`` §10)."""
        self.call("POST", "/runtime/notifications", player_id=player_id, body={"ids": list(event_ids)})

    def status(self) -> Mapping[str, Any]:
        """Name, version and game of the server (``http-api.md`` §7.1): proof that id, secret and URLs are right."""
        return self._get(read_object, "/admin")

    def picture(
        self,
        route: str,
        *,
        ids: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        player_id: str,
        etag: str = "",
    ) -> Picture | None:
        """A picture of a player, metric, item or game, to be passed on to a browser.

        Args:
            route: template below ``/runtime/assets``, ``/runtime/assets/players/{id}``; never a stranger's.
            ids: for its braces.
            query: ``size`` as the server names it, ``item`` of a metric.
            player_id: whose eyes see it.
            etag: of the one that the browser has.

        Returns:
            PNG, JPEG, GIF or WebP by header and by its first bytes; None if it is the one of ``etag``. One of more than
            64 KiB is still on its way: read it to its end or close it. It is cut at 5 MiB, and after 10 s.

        Raises:
            NotFound: there is none.
            BadResponse: it is something else than a picture, or too large.
        """
        call = Call(
            "GET",
            route,
            ids=ids or {},
            query=query or {},
            player_id=player_id,
            largest_answer=IMAGE_BYTES,
            wants_picture=True,
            etag=etag,
        )
        found: Picture | None = self._exchange.perform(
            call, self._reading if self._reading.serves_page else IMAGE_LIMITS
        ).data
        return found


def _random_key() -> str:
    return str(uuid.uuid4())


def _query_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _instant(moment: datetime | None) -> str | None:
    return wire.write_instant(moment) if moment is not None else None


def _period(start: datetime | None, end: datetime | None) -> dict[str, str | None]:
    return {"start": _instant(start), "end": _instant(end)}
