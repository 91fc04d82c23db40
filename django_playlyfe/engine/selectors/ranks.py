"""Ranks straight from the stored scores: exact, and fresh at commit.

Rank is standard competition ranking (1, 1, 3). Among equals stands first who reached the score first, then the smaller
player id (``engine.md`` §11.2). A page is read in the order of the index ``playlyfe_score_rank`` and one COUNT says
with which rank it begins: no query sorts a whole board.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from django_playlyfe.engine.models import Game, Player, Score
from django_playlyfe.engine.selectors.paging import page_of

_BEST_FIRST = ("-value", "reached_at", "player__player_id")
_WORST_FIRST = ("value", "-reached_at", "-player__player_id")


@dataclass(frozen=True, slots=True)
class RankedRow:
    """One row of a board."""

    rank: int
    value: int
    player: Player


def board_rows(game: Game, environment: str, metric: str) -> QuerySet[Score]:
    """All rows of the all-time board of a point or compound metric. Disabled players leave no gap."""
    rows = Score.objects.filter(game=game, environment=environment, metric=metric, item="", value__isnull=False)
    return rows.filter(player__enabled=True).select_related("player")


def page(rows: QuerySet[Score], skip: int, limit: int) -> list[RankedRow]:
    """Rows from the best one down. Two queries, one for the first page."""
    scores = page_of(rows.order_by(*_BEST_FIRST), skip, limit)
    return _ranked(scores, skip, _rank(rows, scores) if skip else 1)


def page_from_the_end(rows: QuerySet[Score], total: int, skip: int, limit: int) -> list[RankedRow]:
    """Rows from the worst one up; ranks keep their values. ``total`` is the number of rows. Two queries."""
    scores = page_of(rows.order_by(*_WORST_FIRST), skip, limit)[::-1]
    above = max(total - skip - len(scores), 0)
    return _ranked(scores, above, _rank(rows, scores) if above else 1)[::-1]


def around(rows: QuerySet[Score], player_id: str, radius: int) -> list[RankedRow]:
    """The row of a player with up to ``radius`` rows before and after it; empty if the player is not on the board.

    Five queries at most, one less at the top of the board.
    """
    own = rows.filter(player__player_id=player_id).first()
    if own is None or own.value is None:
        return []
    value, equal = own.value, Q(value=own.value)
    earlier = Q(reached_at__lt=own.reached_at) | Q(reached_at=own.reached_at, player__player_id__lt=player_id)
    later = Q(reached_at__gt=own.reached_at) | Q(reached_at=own.reached_at, player__player_id__gt=player_id)
    # The bounds on the value seem redundant, but they let the index find where to begin.
    before = rows.filter(Q(value__gt=value) | (equal & earlier), value__gte=value)
    after = rows.filter(Q(value__lt=value) | (equal & later), value__lte=value)
    above = list(before.order_by(*_WORST_FIRST)[:radius])[::-1] if radius else []
    below = list(after.order_by(*_BEST_FIRST)[:radius]) if radius else []
    scores = [*above, own, *below]
    if radius and len(above) < radius:
        return _ranked(scores, 0, 1)
    return _ranked(scores, before.count() - len(above) if len(scores) > 1 else 0, _rank(rows, scores))


def _rank(rows: QuerySet[Score], scores: Sequence[Score]) -> int:
    """The rank of the first of these rows: one more than the number of better scores."""
    return rows.filter(value__gt=scores[0].value).count() + 1 if scores else 1


def _ranked(scores: Sequence[Score], position: int, rank: int) -> list[RankedRow]:
    """Rank consecutive rows, best first; ``position`` and ``rank`` are the first one's, position from 0."""
    ranked: list[RankedRow] = []
    for index, score in enumerate(scores, position):
        value = score.value or 0
        if ranked and value != ranked[-1].value:
            rank = index + 1
        ranked.append(RankedRow(rank, value, score.player))
    return ranked
