"""Answers of a remote game in the database: what pages show when the game and the cache have nothing.

Writing one is a favour: if the database does not take it now, nothing is said but a line for developers.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from django.db import DatabaseError, router, transaction

from django_playlyfe.models import Snapshot
from django_playlyfe.reading.bodies import write_body
from django_playlyfe.reading.question import Question
from django_playlyfe.reading.questions import PROFILE_KINDS
from django_playlyfe.reading.shelf import Entry
from django_playlyfe.types import Leaderboard, LeaderboardRow, MetricRef, Player, Score

logger = logging.getLogger("django_playlyfe")

WRITTEN_AGAIN_AFTER = timedelta(minutes=10)
Source = Snapshot.Source


def find(game: str, questions: Iterable[Question[Any]]) -> dict[Question[Any], tuple[Entry, bool]]:
    """The stored answers, by one query; with each, whether it is whole: a row of a board tells little of a player."""
    wanted = {(question.kind, question.ident): question for question in questions}
    if not wanted:
        return {}
    rows = Snapshot.objects.filter(
        game=game, kind__in={kind for kind, _ in wanted}, ident__in={ident for _, ident in wanted}
    )
    return {
        wanted[row.kind, row.ident]: (Entry(json.loads(row.body), row.at.timestamp()), row.source != Source.BOARD)
        for row in rows
        if (row.kind, row.ident) in wanted
    }


def keep(game: str, question: Question[Any], entry: Entry) -> None:
    """Store an answer if it says something new, or if what is stored is ten minutes old."""
    body, at = _text(entry.body), datetime.fromtimestamp(entry.at, timezone.utc)

    def write(using: str) -> None:
        known = Snapshot.objects.using(using).filter(game=game, kind=question.kind, ident=question.ident)
        row = known.first()
        if row is None:
            row = Snapshot(game=game, kind=question.kind, ident=question.ident, body=body, at=at)
            Snapshot.objects.using(using).bulk_create([row], ignore_conflicts=True)
        elif at > row.at and (row.body != body or row.source != Source.READ or at - row.at > WRITTEN_AGAIN_AFTER):
            known.filter(at=row.at).update(body=body, at=at, source=Source.READ)

    _write(write)


def keep_rows(game: str, page: Leaderboard) -> None:
    """Of players about whom nothing is stored, keep what a board says: id, alias and the score that it ranks."""
    metric = page.metric
    if metric is None or page.cycle != "alltime" or page.scope:
        return
    rows = [row for row in page.rows if row.player_id]
    at = page.as_of

    def write(using: str) -> None:
        snapshots = Snapshot.objects.using(using)
        kind, ids = PROFILE_KINDS[True], {row.player_id for row in rows}
        known = set(snapshots.filter(game=game, kind=kind, ident__in=ids).values_list("ident", flat=True))
        new = [
            Snapshot(game=game, kind=kind, ident=row.player_id, body=_of_row(row, metric), at=at, source=Source.BOARD)
            for row in rows
            if row.player_id not in known
        ]
        if new:
            snapshots.bulk_create(new, ignore_conflicts=True)

    if rows:
        _write(write)


def change(game: str, player_id: str, changed: Any) -> None:
    """Let stored profiles of a player follow a play: ``changed(body)`` gives the new body."""

    def write(using: str) -> None:
        rows = Snapshot.objects.using(using).filter(game=game, ident=player_id, kind__in=PROFILE_KINDS.values())
        for row in rows.exclude(source=Source.BOARD):
            body = _text(changed(json.loads(row.body)))
            if body != row.body:
                rows.filter(pk=row.pk, body=row.body).update(body=body, source=Source.PLAY)

    _write(write)


def forget(game: str, player_id: str, using: str) -> None:
    """Delete all that is stored about a player, pages of boards that show the player included."""
    rows = Snapshot.objects.using(using).filter(game=game)
    rows.filter(ident=player_id).delete()
    rows.exclude(ident=player_id).filter(body__contains=json.dumps(player_id, ensure_ascii=False)).delete()


def _of_row(row: LeaderboardRow, metric: MetricRef) -> str:
    player = Player(id=row.player_id, alias=row.alias, scores=(Score(replace(metric), value=row.score),))
    return _text(write_body(player))


def _text(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False)


def _write(write: Any) -> None:
    using = router.db_for_write(Snapshot)
    try:
        with transaction.atomic(using=using):
            write(using)
    except DatabaseError as error:
        logger.debug("A snapshot could not be written (%s)", type(error).__name__)
