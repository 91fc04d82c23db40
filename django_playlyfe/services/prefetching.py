"""Reading of many players at once, for a page with a list of them: their widgets then ask nothing more."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from django_playlyfe import memo
from django_playlyfe.backends import GameBackend, games
from django_playlyfe.conf import DEFAULT_GAME
from django_playlyfe.exceptions import PlaylyfeError
from django_playlyfe.models import PlayerLink
from django_playlyfe.players.links import player_id_of, remember_link
from django_playlyfe.reading import bulkhead, page_budget, questions
from django_playlyfe.reading.question import Question
from django_playlyfe.reading.together import answers, answers_together
from django_playlyfe.services.reads import (
    MOST_ROWS,
    Read,
    bounded,
    leaderboard_read,
    leaderboards_read,
    links_on,
    with_users,
)
from django_playlyfe.types import Leaderboard, LeaderboardInfo

if TYPE_CHECKING:
    from django_playlyfe.players.links import Who

T = TypeVar("T")

MOST_SIDE_BY_SIDE = bulkhead.WAITING
"""Calls that a page asks for at once: more would find the pool full."""


def prefetch(
    users: Iterable[Any],
    game: str = DEFAULT_GAME,
    *,
    activity: int = 0,
    actions: bool = False,
    notifications: bool = False,
    progress: bool = False,
    rarity: bool = False,
    leaderboard: str = "",
) -> None:
    """Read the profiles of many users at once, for a page that shows each of them; at most 1,000.

    A constant number of queries. What is read is remembered for the request, so it has no effect outside one; users
    who are anonymous or not players are passed over.

    Args:
        users: of the site.
        game: alias of the game.
        activity: also so many of the newest events of each; 0 = none.
        actions: also what each can do.
        notifications: also what the game has told each.
        progress: also how far each is on the way to levels and achievements.
        rarity: also how rare the badges are, as each sees it.
        leaderboard: also the first ten rows of this board, of all time, and the row of each.
    """
    known = [user for user in islice(users, MOST_ROWS) if getattr(user, "pk", None) is not None]
    links = {link.user_id: link for link in PlayerLink.objects.filter(game=game, user__in=[user.pk for user in known])}
    for user in known:
        remember_link(user, links.get(user.pk), game)
    ids = [link.player_id for link in links.values() if link.state == PlayerLink.State.LINKED]
    prefetch_players(
        ids,
        game,
        activity=activity,
        actions=actions,
        notifications=notifications,
        progress=progress,
        rarity=rarity,
        leaderboard=leaderboard,
    )


def prefetch_players(
    ids: Iterable[str],
    game: str = DEFAULT_GAME,
    *,
    activity: int = 0,
    actions: bool = False,
    notifications: bool = False,
    progress: bool = False,
    rarity: bool = False,
    leaderboard: str = "",
) -> None:
    """As :func:`prefetch`, of players by their ids.

    Of a game that is somewhere else what is stored is taken, however old: by one look into the cache and one query. Two
    players of whom nothing is stored are read at once, the others in the background, for the next page. Such a game
    knows neither progress nor rarity.
    """
    wanted = list(dict.fromkeys(islice(ids, MOST_ROWS)))
    backend = games[game]
    limit = bounded(activity) if activity else 0
    if backend.shelf is not None:
        _remember_kept(backend, wanted, activity=limit, actions=actions, notifications=notifications)
        if leaderboard:
            _remember_board_kept(backend, leaderboard, wanted)
        return
    _remember(game, lambda who: ("profile", who, True), backend.profiles(wanted, detailed=True))
    if limit:
        _remember(game, lambda who: ("activity", who, limit), backend.activities(wanted, limit=limit))
    if actions:
        _remember(game, lambda who: ("actions", who), backend.actions_of(wanted))
    if notifications:
        _remember(game, lambda who: ("notifications", who), backend.notifications_of(wanted))
    if progress:
        _remember(game, lambda who: ("progress", who), backend.progress_of_each(wanted))
    if rarity:
        _remember(game, lambda who: ("rarity", who), backend.rarities_of_each(wanted))
    if leaderboard:
        with suppress(PlaylyfeError):  # not open to everybody, or not there: each look-up says so
            _remember_board(backend, leaderboard, backend.leaderboard_of_each(leaderboard, wanted))


def prefetch_profile(user: Who, game: str = DEFAULT_GAME, *, activity: int) -> None:
    """What a player's page is about, the profile and the newest events: of a game on a server asked side by side."""
    if not _can_gain(game):
        return
    with suppress(PlaylyfeError):  # who is no player: the read itself says so
        who, limit, backend = player_id_of(user, game), bounded(activity), games[game]
        profile = questions.profile(backend, who, detailed=True)
        events = questions.activity(backend, who, limit=limit)
        _ask_together(
            game, [Read(("profile", who, True), profile, _same), Read(("activity", who, limit), events, _same)]
        )


def prefetch_board(board: str, user: Who | None, game: str = DEFAULT_GAME, **page: Any) -> None:
    """A page of a leaderboard and the list of all boards, side by side; ``page`` as :func:`leaderboard` takes it."""
    if _can_gain(game):
        _ask_together(game, [leaderboards_read(user, game), leaderboard_read(board, user, game=game, **page)])


def prefetch_boards(
    boards: Iterable[LeaderboardInfo], user: Who | None, game: str = DEFAULT_GAME, *, limit: int
) -> None:
    """The first rows of several boards, side by side, each in its usual cycle."""
    if _can_gain(game):
        shown = [leaderboard_read(one.id, user, cycle=one.usual_cycle, limit=limit, game=game) for one in boards]
        _ask_together(game, shown[:MOST_SIDE_BY_SIDE])


def _can_gain(game: str) -> bool:
    """Whether there is a page that waits, and a game that is somewhere else."""
    return page_budget.current() is not None and games[game].shelf is not None


def _ask_together(game: str, reads: Sequence[Read[Any]]) -> None:
    """Have this request know the answers, errors included."""
    told = answers_together(games[game], [read.question for read in reads])
    for read in reads:
        with suppress(PlaylyfeError):
            memo.remember(game, read.memo, partial(_finished, read, told[read.question]))


def _finished(read: Read[T], told: T | PlaylyfeError) -> T:
    if isinstance(told, PlaylyfeError):
        raise told
    return read.finish(told)


def _remember(game: str, named: Callable[[str], Hashable], found: Mapping[str, Any]) -> None:
    """Have this request know what was read of each player; ``named``: the question that it answers."""
    for player_id, told in found.items():
        memo.remember(game, named(player_id), partial(_same, told))


def _remember_kept(
    backend: GameBackend, ids: Iterable[str], *, activity: int, actions: bool, notifications: bool
) -> None:
    """Have this request know what is kept about many players."""
    asked: dict[Question[Any], Hashable] = {}
    for player_id in ids:
        asked[questions.profile(backend, player_id, detailed=True)] = ("profile", player_id, True)
        if activity:
            asked[questions.activity(backend, player_id, limit=activity)] = ("activity", player_id, activity)
        if actions:
            asked[questions.actions(backend, player_id)] = ("actions", player_id)
        if notifications:
            asked[questions.notifications(backend, player_id)] = ("notifications", player_id)
    for question, told in answers(backend, list(asked)).items():
        with suppress(PlaylyfeError):
            memo.remember(backend.alias, asked[question], partial(_same, told))


def _remember_board_kept(backend: GameBackend, board: str, ids: Iterable[str]) -> None:
    """Have this request know what is kept of a board, as each of many players sees it."""
    reads = {player_id: leaderboard_read(board, player_id, game=backend.alias) for player_id in ids}
    told = answers(backend, [read.question for read in reads.values()])
    pages = {player_id: told[read.question] for player_id, read in reads.items()}
    _remember_board(backend, board, pages)


def _remember_board(
    backend: GameBackend, board: str, pages: Mapping[str, Leaderboard] | Mapping[str, Leaderboard | PlaylyfeError]
) -> None:
    links = links_on([page for page in pages.values() if isinstance(page, Leaderboard)], backend.alias)
    for player_id, page in pages.items():
        read = leaderboard_read(board, player_id, game=backend.alias)
        seen = with_users(page, player_id, links) if isinstance(page, Leaderboard) else page
        with suppress(PlaylyfeError):
            memo.remember(backend.alias, read.memo, partial(_same, seen))


def _same(told: T) -> T:
    """Answers a question whose answer came with others; one that is an error is raised."""
    if isinstance(told, PlaylyfeError):
        raise told
    return told
