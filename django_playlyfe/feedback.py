"""What came of a user's plays, each result shown exactly once (``reliability.md`` §3.12).

From the embedded engine, what was earned is read from the game's log after ``PlayerLink.feedback_cursor``. Refusals are
in no log, so ``PlayerLink.notices`` keeps the newest of them until they are shown. Moving the cursor under a lock
elects one of two pages that look at the same time. What came of the plays of a remote game is in their deliveries.
``sentences.py`` has the words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from django.db import transaction

from django_playlyfe import memo, wire
from django_playlyfe.backends import GameBackend, games
from django_playlyfe.conf import DEFAULT_GAME
from django_playlyfe.delivery.news import take_news
from django_playlyfe.exceptions import PlaylyfeError
from django_playlyfe.models import PlayerLink
from django_playlyfe.players.links import check_user, database_of, link_of, link_of_player
from django_playlyfe.types import Feedback, PlayResult, Ref

if TYPE_CHECKING:
    from django_playlyfe.players.links import Who

MOST_NOTICES = 10


def feedback(user: Who, game: str = DEFAULT_GAME) -> list[Feedback]:
    """What has come of the user's plays since the last call, oldest first: shown once, then gone.

    What was earned and what an undo took back has ``earned``; a refusal has ``error``. At most 20 results and 10
    refusals at a time; the rest comes with the next call. Looking costs two queries; only news is written down.

    Returns:
        A list, empty for a user who is not a player.
    """
    if isinstance(user, str):
        link = link_of_player(user, game)
    else:
        check_user(user)
        link = link_of(user, game)
    if link is None or link.state != PlayerLink.State.LINKED:
        return []
    backend = games[game]
    if not backend.transactional:
        return take_news(link.player_id, backend)
    if not link.notices and not backend.feedback(link.player_id, link.feedback_cursor)[0]:
        return []
    return _take(link, backend)


def keep_refusal(link: PlayerLink, backend: GameBackend, action: str, error: PlaylyfeError) -> None:
    """Keep a refused play until its user is shown it; the newest ten are kept."""
    named = (error.details or {}).get("action", {})
    notice = {
        "action": {"id": action, "name": named.get("name", action)},
        "code": error.code,
        "description": error.description,
        "retry_at": wire.write_instant(error.retry_at) if error.retry_at is not None else None,
        "at": wire.write_instant(datetime.now(timezone.utc)),
    }
    using = database_of(link.user)
    with transaction.atomic(using=using):
        current = _lock(link, using)
        notices = [*current.notices, notice][-MOST_NOTICES:]
        PlayerLink.objects.using(using).filter(pk=link.pk).update(notices=notices)
    memo.forget(backend.alias, using)


def pass_over(results: Mapping[str, Sequence[PlayResult]], backend: GameBackend) -> None:
    """Let these results be no news: called in the transaction that has just played them.

    A player who has not been shown earlier results yet is shown these with them: there is one cursor.

    Args:
        results: of the embedded engine, by player id; what earlier calls have answered is passed over.
        backend: the game.
    """
    calls = {
        player_id: [int(result.key) for result in each if result.key and not result.replayed]
        for player_id, each in results.items()
    }
    calls = {player_id: each for player_id, each in calls.items() if each}
    others = backend.newest_results(calls, [call for each in calls.values() for call in each])
    using = database_of(None)
    links = PlayerLink.objects.using(using).filter(game=backend.alias, player_id__in=list(calls))
    moved = [link for link in links if others.get(link.player_id, 0) <= link.feedback_cursor]
    for link in moved:
        link.feedback_cursor = max(link.feedback_cursor, *calls[link.player_id])
    PlayerLink.objects.using(using).bulk_update(moved, ["feedback_cursor"])


def _take(link: PlayerLink, backend: GameBackend) -> list[Feedback]:
    """All news, and the cursor behind them, in one locked step."""
    using = database_of(link.user)
    with transaction.atomic(using=using):
        current = _lock(link, using)
        results, cursor = backend.feedback(link.player_id, current.feedback_cursor)
        refusals = [_read_notice(notice) for notice in current.notices]
        PlayerLink.objects.using(using).filter(pk=link.pk).update(feedback_cursor=cursor, notices=[])
    link.feedback_cursor, link.notices = cursor, []  # the request's memo may hold this very link
    return sorted([*results, *refusals], key=lambda news: news.timestamp or datetime.min.replace(tzinfo=timezone.utc))


def _lock(link: PlayerLink, using: str) -> PlayerLink:
    """The link as it is now, locked until the end of the transaction.

    By an UPDATE: SQLite has no SELECT FOR UPDATE, and a transaction that reads before it writes fails there when
    another one was faster.
    """
    links = PlayerLink.objects.using(using).filter(pk=link.pk)
    links.update(updated_at=datetime.now(timezone.utc))
    return links.get()


def _read_notice(notice: dict[str, Any]) -> Feedback:
    retry_at = notice["retry_at"]
    error = wire.make_error(
        notice["code"],
        notice["description"],
        of_play=True,
        retry_at=wire.read_instant(retry_at) if retry_at else None,
    )
    action = Ref(notice["action"]["id"], notice["action"]["name"])
    return Feedback("refused", action, error=error, timestamp=wire.read_instant(notice["at"]))
