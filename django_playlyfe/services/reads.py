"""Reads: what a page shows. The same read twice in one request is one look-up (``memo``); answers of a game that
is somewhere else are kept (``reading``)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.db.models import Count

from django_playlyfe import instants, memo, wire
from django_playlyfe.backends import GameBackend, games
from django_playlyfe.backends.base import FLAGS
from django_playlyfe.conf import DEFAULT_GAME
from django_playlyfe.exceptions import PlayerNotFound
from django_playlyfe.models import PlayerLink
from django_playlyfe.players.links import database_of, player_id_of, player_id_or_none
from django_playlyfe.reading import questions
from django_playlyfe.reading.answering import answer
from django_playlyfe.reading.question import Question
from django_playlyfe.services.privacy import without_hidden_names, without_name
from django_playlyfe.services.queue import queue_facts
from django_playlyfe.types import (
    Action,
    Event,
    Leaderboard,
    LeaderboardInfo,
    LeaderboardRow,
    Listing,
    MetricDefinition,
    Movement,
    Player,
    Progress,
    Rarity,
    Standing,
    Streak,
)

if TYPE_CHECKING:
    from django_playlyfe.players.links import Who

T = TypeVar("T")

MOST_ROWS = 1000
"""No list of these functions is longer (``interface.md`` §4)."""


def profile(user: Who, *, detailed: bool = False, game: str = DEFAULT_GAME) -> Player:
    """A player's scores, badges and levels; ``detailed`` adds badges not earned yet (hidden ones never).

    Raises:
        PlayerNotFound: the user is not a player, or the game has no player of this id.
    """
    player_id = player_id_of(user, game)
    backend = games[game]
    question = questions.profile(backend, player_id, detailed=detailed)
    return memo.remember(game, ("profile", player_id, detailed), lambda: answer(backend, question))


def actions(user: Who, game: str = DEFAULT_GAME) -> Listing[Action]:
    """What the player can do, sorted by id; an action at its limit stays listed. Raises PlayerNotFound."""
    player_id = player_id_of(user, game)
    return memo.remember(game, ("actions", player_id), lambda: _answer(questions.actions, game, player_id))


def definitions(user: Who | None = None, game: str = DEFAULT_GAME) -> Listing[MetricDefinition]:
    """The game's metrics, with the names of all badges and levels, sorted by id."""
    reader_id = _reader_id(user, game)
    return memo.remember(game, ("definitions", reader_id), lambda: _answer(questions.definitions, game, reader_id))


def leaderboards(user: Who | None = None, game: str = DEFAULT_GAME) -> Listing[LeaderboardInfo]:
    """The boards that the user, or a visitor for None or an anonymous user, can see; sorted by id."""
    reader_id = _reader_id(user, game)
    return memo.remember(game, ("leaderboards", reader_id), lambda: _answer(questions.leaderboards, game, reader_id))


def leaderboard(
    board: str,
    user: Who | None = None,
    *,
    cycle: str = "alltime",
    when: datetime | None = None,
    scope: str = "",
    skip: int = 0,
    limit: int = 10,
    around: bool = False,
    radius: int = 5,
    game: str = DEFAULT_GAME,
) -> Leaderboard:
    """A page of a leaderboard. ``row.user`` is the linked site user, ``me`` the row of ``user`` wherever it stands.

    Rows of players who hide (:func:`hide_player`) have neither alias nor player id nor user, except ``user``'s own.

    Args:
        board: id of the board.
        user: whose eyes read it; None, an anonymous user and a user without a player are visitors.
        cycle: "alltime", or another cycle of the board: "yearly", "monthly", "weekly", "daily".
        when: any instant of the cycle to show; None = the present cycle.
        scope: id of the scope, for a custom board, which needs one.
        skip: rows to leave out from the top.
        limit: rows to give, at most 1,000.
        around: give the rows around the user instead, ``radius`` on each side.

    Raises:
        NotFound: there is no such board.
        PlayerNotFound: ``around`` was asked for a visitor, or for a player who is not on the board.
        InvalidRequest: the board has no such cycle, or needs a scope.
        AccessDenied: the board is not open to this reader.
    """
    read = leaderboard_read(
        board,
        user,
        cycle=cycle,
        when=when,
        scope=scope,
        skip=skip,
        limit=limit,
        around=around,
        radius=radius,
        game=game,
    )
    return memo.remember(game, read.memo, lambda: read.finish(answer(games[game], read.question)))


@dataclass(frozen=True)
class Read(Generic[T]):
    """A look-up before it is made: its name in the memo of the request, and what becomes of the game's answer."""

    memo: Hashable
    question: Question[T]
    finish: Callable[[T], T]


def leaderboard_read(
    board: str,
    user: Who | None = None,
    *,
    cycle: str = "alltime",
    when: datetime | None = None,
    scope: str = "",
    skip: int = 0,
    limit: int = 10,
    around: bool = False,
    radius: int = 5,
    game: str = DEFAULT_GAME,
) -> Read[Leaderboard]:
    """The look-up of :func:`leaderboard`, whose arguments it takes. Raises PlayerNotFound as that does."""
    me = player_id_or_none(user, game)
    if around and me is None:
        raise wire.make_error("player_not_found", "Only a player has a place to look around from.")
    limit, radius = bounded(limit), min(max(radius, 0), MOST_ROWS // 2)
    when = instants.from_site(when)
    backend = games[game]
    asked = questions.leaderboard(
        backend,
        board,
        reader_id=me or backend.settings.reader_player_id,
        cycle=cycle,
        timestamp=when,
        scope_id=scope or None,
        skip=max(skip, 0),
        limit=limit,
        around=me if around else None,
        radius=radius,
    )
    memo = ("leaderboard", board, me, cycle, when, scope, skip, limit, around, radius)
    return Read(memo, asked, lambda page: with_users(page, me, links_on([page], game)))


def leaderboards_read(user: Who | None = None, game: str = DEFAULT_GAME) -> Read[Listing[LeaderboardInfo]]:
    """The look-up of :func:`leaderboards`."""
    reader_id = _reader_id(user, game)
    return Read(("leaderboards", reader_id), questions.leaderboards(games[game], reader_id), lambda listed: listed)


def standing(
    user: Who,
    board: str,
    *,
    cycle: str = "alltime",
    when: datetime | None = None,
    scope: str = "",
    game: str = DEFAULT_GAME,
) -> Standing | None:
    """Where a player stands on a leaderboard: rank, score, number of rows and, on the engine, the percentile.

    Args:
        user: who stands there.
        board, cycle, when, scope, game: as of :func:`leaderboard`.

    Returns:
        None for a player who is not on the board.

    Raises:
        PlayerNotFound: the user is not a player.
        NotFound, InvalidRequest, AccessDenied: as :func:`leaderboard`.
    """
    player_id = player_id_of(user, game)
    where: dict[str, Any] = {"cycle": cycle, "when": when, "scope": scope}
    profile(user, game=game)  # raises PlayerNotFound: below it would mean "not on the board"
    try:
        page = leaderboard(board, user, **where, around=True, radius=0, game=game)
    except PlayerNotFound:
        return None
    if page.me is None:
        return None
    backend = games[game]
    percentile = memo.remember(
        game,
        ("percentile", board, player_id, cycle, when, scope),
        lambda: backend.better_than(player_id, board, cycle=cycle, timestamp=when, scope_id=scope or None),
    )
    return Standing(board, page.me.rank, page.me.score, page.total, percentile)


def activity(user: Who | None = None, *, limit: int = 20, game: str = DEFAULT_GAME) -> Listing[Event]:
    """The newest events, newest first: of a player, or of the whole game for None.

    Raises:
        PlayerNotFound: the user is not a player.
        InvalidRequest: an anonymous user, who has no activity; pass None for the game's.
    """
    player_id = player_id_of(user, game) if user is not None else None
    limit = bounded(limit)

    def ask() -> Listing[Event]:
        backend = games[game]
        events = answer(backend, questions.activity(backend, player_id, limit=limit))
        return events if player_id is not None else replace(events, items=without_hidden_names(events, None, game))

    return memo.remember(game, ("activity", player_id, limit), ask)


def notifications(user: Who, game: str = DEFAULT_GAME) -> Listing[Event]:
    """Events addressed to the player, newest first; empty where the backend has none."""
    player_id = player_id_of(user, game)
    return memo.remember(game, ("notifications", player_id), lambda: _answer(questions.notifications, game, player_id))


def mark_notifications_read(user: Who, ids: Iterable[str], game: str = DEFAULT_GAME) -> None:
    """Remember that the player has read these notifications (ids of events); unknown ids are passed over.

    Raises:
        PlayerNotFound: the user is not a player.
    """
    player_id = player_id_of(user, game)
    backend = games[game]
    backend.mark_notifications(player_id, list(islice(ids, MOST_ROWS)))
    if backend.shelf is not None:
        backend.shelf.drop(questions.notifications(backend, player_id))
    memo.forget(game, database_of(user))


def progress(user: Who, *, nearest: int | None = None, game: str = DEFAULT_GAME) -> Listing[Progress]:
    """How far the player is: have, need and fraction of each level and achievement; secret ones only once earned.

    Args:
        user: whose progress.
        nearest: only so many that are not earned yet, the nearest first; None = all, in the order of the design.
        game: alias of the game.

    Returns:
        Nothing on a backend that knows no progress (:func:`abilities`), such as HTTP.

    Raises:
        PlayerNotFound: the user is not a player.
    """
    player_id = player_id_of(user, game)
    found = memo.remember(game, ("progress", player_id), lambda: games[game].progress_of(player_id))
    if nearest is None:
        return found
    ahead = sorted((one for one in found if not one.is_earned), key=lambda one: -one.fraction)
    return replace(found, items=tuple(ahead[: max(nearest, 0)]), total=len(ahead))


def streak(user: Who, action: str = "", *, unit: str = "day", game: str = DEFAULT_GAME) -> Streak | None:
    """How many days, weeks or months in a row the player has played, as it stands now, by the player's own calendar.

    Args:
        user: whose streak.
        action: id of the action that counts; "" = any play does. The design need not ask for a streak.
        unit: "day", "week" (from Sunday) or "month".
        game: alias of the game.

    Returns:
        None on a backend that does not know (:func:`abilities`), such as a server that announces no streaks.

    Raises:
        PlayerNotFound: the user is not a player.
        ActionNotFound: there is no such action.
        InvalidRequest: there is no such unit.
    """
    player_id = player_id_of(user, game)
    backend = games[game]
    if not backend.streaks:
        return None
    question = questions.streak(backend, player_id, action, unit)
    return memo.remember(game, ("streak", player_id, action, unit), lambda: answer(backend, question))


def rarity(user: Who | None = None, game: str = DEFAULT_GAME) -> Listing[Rarity]:
    """How many of all players hold each badge; secret ones only if the user holds them.

    Nothing on a backend that does not know (:func:`abilities`), such as HTTP. Counts may be five minutes old.
    """
    me = player_id_or_none(user, game)
    return memo.remember(game, ("rarity", me), lambda: games[game].rarities(me))


def explain(user: Who, metric: str, item: str = "", *, limit: int = 100, game: str = DEFAULT_GAME) -> Listing[Movement]:
    """Why a score is what it is: the last calls that moved it, oldest first, with amounts, sums and the rule that paid.

    Args:
        user: whose score.
        metric: id of the metric.
        item: id or name of an item, for a set.
        limit: most calls to give, at most 1,000; ``total`` counts all.
        game: alias of the game.

    Returns:
        Nothing on a backend that cannot explain (:func:`abilities`), such as HTTP.

    Raises:
        PlayerNotFound: the user is not a player.
        NotFound: there is no such metric or item.
    """
    player_id = player_id_of(user, game)
    limit = bounded(limit)
    question: Hashable = ("explain", player_id, metric, item, limit)
    return memo.remember(game, question, lambda: games[game].explain_score(player_id, metric, item, limit=limit))


def player_page(player_id: str, game: str = DEFAULT_GAME) -> str:
    """The address of the page about a player in the admin of this site; "" if there is none, as of a game elsewhere."""
    return games[game].player_page(player_id)


def abilities(game: str = DEFAULT_GAME) -> frozenset[str]:
    """What the game's backend can do beside the common: names of capability flags (``interface.md`` §3.9)."""
    backend = games[game]
    return frozenset(flag for flag in FLAGS if getattr(backend, flag))


def status(game: str = DEFAULT_GAME) -> dict[str, Any]:
    """Whether the game can be used, JSON-able: ``ok``, ``detail``, what the backend adds, and ``links`` per state; of a
    game on a server also ``queue``, how what is owed is doing (:func:`queue_facts`)."""
    backend = games[game]
    counts = PlayerLink.objects.filter(game=game).order_by().values_list("state").annotate(Count("pk"))
    links = dict.fromkeys(PlayerLink.State.values, 0) | dict(counts)
    facts = queue_facts(game)
    queue = {} if facts is None else {"queue": facts}
    return {"game": game, "backend": backend.settings.backend, **backend.status(), "links": links, **queue}


def _answer(question_of: Callable[[GameBackend, Any], Question[T]], game: str, who: str | None) -> T:
    backend = games[game]
    return answer(backend, question_of(backend, who))


def bounded(limit: int) -> int:
    """A number of rows, at least one and at most :data:`MOST_ROWS`."""
    return min(max(limit, 1), MOST_ROWS)


def _reader_id(user: Who | None, game: str) -> str | None:
    """Whose eyes read what all players share."""
    return player_id_or_none(user, game) or games[game].settings.reader_player_id


def links_on(pages: Iterable[Leaderboard], game: str) -> dict[str, PlayerLink]:
    """The links of all players on some pages of boards, by player id. One query."""
    wanted = {row.player_id for page in pages for row in (*page.rows, *([page.me] if page.me else []))}
    found = PlayerLink.objects.filter(game=game, player_id__in=wanted).select_related("user") if wanted else ()
    return {link.player_id: link for link in found}


def with_users(page: Leaderboard, me: str | None, links: Mapping[str, PlayerLink]) -> Leaderboard:
    """The page with the linked site users in its rows, and without the names of those who hide."""

    def complete(row: LeaderboardRow) -> LeaderboardRow:
        link = links.get(row.player_id)
        is_me = me is not None and row.player_id == me
        if link is not None and link.is_hidden and not is_me:
            return without_name(row)
        return replace(row, user=link.user if link is not None else None, is_me=is_me)

    rows = tuple(complete(row) for row in page.rows)
    # Boards read through other eyes (READER_PLAYER_ID) must not call the reader "you".
    mine = complete(page.me) if page.me is not None and page.me.player_id == me else None
    return replace(page, rows=rows, me=mine)
