"""Plays: something a user did, told to the game; and taking one back.

``interface.md`` §3: the play happens in the caller's transaction, in a savepoint of its own, so that neither a refusal
nor an error spoils what the caller has written. A refusal is an answer, not an exception, unless ``strict``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, transaction

from django_playlyfe import feedback, instants, memo, signals, wire
from django_playlyfe.backends import GameBackend, games
from django_playlyfe.conf import DEFAULT_GAME
from django_playlyfe.exceptions import (
    AccessDenied,
    ActionLimitReached,
    ActionNotFound,
    NotFound,
    PlayerNotFound,
    PlaylyfeError,
)
from django_playlyfe.models import PlayerLink
from django_playlyfe.players.about import About
from django_playlyfe.players.links import SiteUser, check_user, database_of, link_of, link_of_player, player_id_of
from django_playlyfe.services import owing
from django_playlyfe.services.enrolment import create, create_in_game
from django_playlyfe.types import Play, PlayOf, PlayResult

if TYPE_CHECKING:
    from django_playlyfe.players.links import Who

LONGEST_KEY = 200


def play(
    user: Who,
    action: str,
    variables: Mapping[str, Any] | None = None,
    /,
    *,
    count: int = 1,
    scopes: Sequence[Mapping[str, str]] = (),
    idempotency_key: str | None = None,
    at: datetime | None = None,
    wait: bool = False,
    strict: bool = False,
    game: str = DEFAULT_GAME,
) -> PlayResult:
    """Play an action: ``play(request.user, "finish_book", {"pages": 320})``.

    A user who is not a player yet becomes one. Must not be called for an anonymous user.

    Args:
        user: a user or a player id.
        action: id of the action.
        variables: what the action asks for, such as ``{"pages": 320}``.
        count: one play of this weight.
        scopes: custom board scopes that the play counts for, ``[{"id": "history", "entity_id": "7"}]``.
        idempotency_key: at most 200 characters; a second play with it changes nothing and gives the first one's result.
        at: when it happened, if not now (aware, unless ``USE_TZ`` is False; how far back is the game's decision).
        wait: over HTTP, send it now instead of soon, and wait for the answer as long as ``SEND_BUDGET`` says; inside a
            transaction it is sent when that commits. The embedded engine always answers now.
        strict: raise a refusal instead of returning it.
        game: alias of the game.

    Returns:
        The result: ``status`` is "applied", or "refused" with ``error``, or over HTTP "pending" while it is owed.
        ``if result:`` is false for a refusal.

    Raises:
        ActionNotFound, InvalidRequest, Conflict: a programmer's mistake: unknown action, wrong variable, a key used
            for something else.
        PlayerNotFound: the game has no player of this id.
        ActionLimitReached, AccessDenied: with ``strict``, the refusal.
    """
    wanted = Play(user, action, variables or {}, count, scopes, idempotency_key, instants.from_site(at))
    backend = games[game]
    if backend.transactional:
        result = _play(wanted, backend, tell=not strict)
    else:
        result = _owe(wanted, backend, wait=wait, strict=strict)
    if strict and result.error is not None:
        raise result.error
    return result


def play_many(plays: Iterable[Play], game: str = DEFAULT_GAME, *, tell: bool = True) -> list[PlayResult]:
    """Several plays in one transaction, players in a fixed order so that two such calls never deadlock.

    On the embedded engine many plays of players who are there cost little more than a few: chunks of them are judged
    and stored together.

    Args:
        plays: what was done.
        game: alias of the game.
        tell: whether :func:`feedback` shows the users what came of it; false for what they did long ago.

    Returns:
        The results in the order given. A refusal is one of them; an error undoes all plays of the call.
    """
    backend = games[game]
    wanted = [replace(play, at=instants.from_site(play.at)) for play in plays]
    with transaction.atomic(using=database_of(None)):
        if backend.transactional:
            return _play_all(wanted, backend, tell=tell)
        results: dict[int, PlayResult] = {}
        for index in sorted(range(len(wanted)), key=lambda index: _order(wanted[index].user)):
            results[index] = _owe(wanted[index], backend, tell=tell)
    return [results[index] for index in range(len(wanted))]


def _play_all(plays: Sequence[Play], backend: GameBackend, *, tell: bool) -> list[PlayResult]:
    """Plays of a game in this database, in the caller's transaction. Players and links that are missing are made
    first, one by one."""
    results: dict[int, PlayResult] = {}
    ready: list[tuple[int, PlayOf, PlayerLink | None]] = []
    links = _links_of(plays, backend)
    for index in sorted(range(len(plays)), key=lambda index: _order(plays[index].user)):
        wanted = plays[index]
        if wanted.idempotency_key is not None:
            _check_key(wanted.idempotency_key)
        try:
            player_id, link = _player(wanted.user, backend, links)
        except AccessDenied as error:  # PLAYER_FILTER, as in _play
            results[index] = PlayResult("refused", error=error)
        else:
            ready.append((index, _play_of(wanted, player_id), link))
    answers = backend.play_many([asked for _, asked, _ in ready])
    silent: dict[str, list[PlayResult]] = {}
    for (index, asked, link), answer in zip(ready, answers, strict=True):
        results[index] = _settled(answer, plays[index], link, backend, tell=tell)
        silent.setdefault(asked.player_id, []).append(results[index])
    if not tell:
        feedback.pass_over(silent, backend)
    memo.forget(backend.alias, database_of(None))
    return [results[index] for index in range(len(plays))]


def _settled(
    answer: PlayResult | PlaylyfeError, wanted: Play, link: PlayerLink | None, backend: GameBackend, *, tell: bool
) -> PlayResult:
    """The result of one of many plays. Raises what is no refusal."""
    if isinstance(answer, PlayResult):
        return answer
    if isinstance(answer, PlayerNotFound) and link is not None:
        return _play(wanted, backend, tell=tell)  # the game has lost a linked player
    if not isinstance(answer, ActionLimitReached | AccessDenied):
        raise answer
    result = PlayResult("refused", error=answer)
    player_id = link.player_id if link is not None else str(wanted.user)
    _after_refusal(result, wanted, player_id, link, backend, tell=tell)
    return result


def _play_of(wanted: Play, player_id: str) -> PlayOf:
    return PlayOf(
        player_id,
        wanted.action,
        wanted.variables,
        count=wanted.count,
        scopes=wanted.scopes,
        idempotency_key=wanted.idempotency_key,
        at=wanted.at,
    )


def _links_of(plays: Sequence[Play], backend: GameBackend) -> dict[Any, PlayerLink]:
    """The links of the users who play, by primary key of the user. One query."""
    users = {play.user.pk: play.user for play in plays if getattr(play.user, "pk", None) is not None}
    links = PlayerLink.objects.using(database_of(None)).filter(game=backend.alias, user_id__in=list(users))
    found = {link.user_id: link for link in links}
    for link in found.values():
        link.user = users[link.user_id]
    return found


def undo(user: Who, action: str, *, idempotency_key: str, strict: bool = False, game: str = DEFAULT_GAME) -> PlayResult:
    """Take back the play of this action and key, with all that came of it.

    Returns:
        The result, with negative amounts in ``earned``; "refused" with a NotFound if there is no such play, or with an
        AccessDenied (code ``undo_unavailable``) on a backend without undo, such as HTTP.

    Raises:
        NotFound, AccessDenied: with ``strict``, the refusal.
    """
    backend = games[game]
    _check_key(idempotency_key)
    if not backend.undo:
        unable = AccessDenied("This game cannot take plays back", code="undo_unavailable")
        if strict:
            raise unable
        return PlayResult("refused", error=unable)
    try:
        with transaction.atomic(using=database_of(user)):
            result = backend.undo_play(player_id_of(user, game), action, idempotency_key)
    except ActionNotFound:
        raise
    except NotFound as error:
        if strict:
            raise
        return PlayResult("refused", error=error)
    memo.forget(game, database_of(user))
    return result


def _play(wanted: Play, backend: GameBackend, *, tell: bool) -> PlayResult:
    """One play. ``tell``: keep a refusal so that the user is shown it."""
    if wanted.idempotency_key is not None:
        _check_key(wanted.idempotency_key)
    using = database_of(wanted.user)
    with transaction.atomic(using=using):
        try:
            player_id, link = _player(wanted.user, backend)
        except AccessDenied as error:  # PLAYER_FILTER: the site's own choice, and nothing to tell the user
            return PlayResult("refused", error=error)
        try:
            result = _send(wanted, player_id, link, backend)
        except (ActionLimitReached, AccessDenied) as error:
            result = PlayResult("refused", error=error)
            _after_refusal(result, wanted, player_id, link, backend, tell=tell)
        else:
            memo.forget(backend.alias, using)
    return result


def _owe(
    wanted: Play, backend: GameBackend, *, wait: bool = False, strict: bool = False, tell: bool = True
) -> PlayResult:
    """One play of a game that is not part of this database: written down here, sent after the commit.

    ``strict``: a refusal is raised by the caller, so it is not shown to the user again. ``tell``: what comes of it is.
    """
    if wanted.idempotency_key is not None:
        _check_key(wanted.idempotency_key)
    using = database_of(wanted.user)
    try:
        with transaction.atomic(using=using):
            player_id, link = _player(wanted.user, backend)
            owed = owing.play(wanted, player_id, link, backend, using, tell=tell)
    except AccessDenied as error:  # PLAYER_FILTER: the site's own choice, and nothing to tell the user
        return PlayResult("refused", error=error)
    except DatabaseError as error:  # what the caller has written stays (``reliability.md`` §3.1)
        if strict:
            raise
        return PlayResult("refused", error=owing.not_written(error))
    result = owing.result_of(owed, backend, using, wait=wait)
    if strict and result.error is not None:
        owing.mark_shown(result, backend)
    return result


def _player(
    user: SiteUser | str, backend: GameBackend, links: dict[Any, PlayerLink] | None = None
) -> tuple[str, PlayerLink | None]:
    """Who plays. A user without a player gets one; ``links``: those that were read already, by user."""
    if isinstance(user, str):
        return user, None
    check_user(user)
    link = link_of(user, backend.alias) if links is None else links.get(user.pk)
    if link is None or link.state != PlayerLink.State.LINKED:
        link = create(user, backend, link)
        if links is not None:
            links[user.pk] = link
    return link.player_id, link


def _send(wanted: Play, player_id: str, link: PlayerLink | None, backend: GameBackend) -> PlayResult:
    """Ask the backend; a linked player whom the game has lost is created anew, once."""

    def send() -> PlayResult:
        return backend.play(
            player_id,
            wanted.action,
            wanted.variables,
            count=wanted.count,
            scopes=wanted.scopes,
            idempotency_key=wanted.idempotency_key,
            at=wanted.at,
        )

    try:
        return send()
    except PlayerNotFound:
        if link is None:
            raise
        create_in_game(link, About.of(link.user, backend), backend)
        return send()


def _after_refusal(
    result: PlayResult, wanted: Play, player_id: str, link: PlayerLink | None, backend: GameBackend, *, tell: bool
) -> None:
    """Keep the refusal for the user, and tell the site's receivers."""
    link = link or link_of_player(player_id, backend.alias)
    if tell and link is not None and isinstance(result.error, PlaylyfeError):
        feedback.keep_refusal(link, backend, wanted.action, result.error)
    signals.send_after_commit(
        signals.action_refused,
        database_of(wanted.user),
        sender=type(backend),
        user=link.user if link is not None else None,
        player_id=player_id,
        action=wanted.action,
        result=result,
        game=backend.alias,
    )


def _order(user: SiteUser | str) -> str:
    """A fixed order of players for locking, the same by user and by id where ids are primary keys."""
    return user if isinstance(user, str) else str(user.pk)


def _check_key(key: str) -> None:
    if not isinstance(key, str) or not 0 < len(key) <= LONGEST_KEY or "\0" in key:
        said = f"An idempotency key is text of 1 to {LONGEST_KEY} characters without NUL."
        raise wire.make_error("validation_exception", said)
