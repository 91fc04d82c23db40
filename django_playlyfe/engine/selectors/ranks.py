"""Ranks straight from the stored rows: exact, and fresh at commit.

Rank is standard competition ranking (1, 1, 3), unless the board says otherwise. Among equals stands first who reached
the score first, then the smaller player id (``engine.md`` §11.2). A page is read in the order of an index
(``playlyfe_score_rank``, ``playlyfe_board_rank``) and one COUNT says with which rank it begins: no query sorts a whole
board, unless its rows are sums.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from django_playlyfe.engine.rules.plan import Ties
from django_playlyfe.engine.selectors.paging import page_of
from django_playlyfe.engine.selectors.sheets import Sheet

_BEST_FIRST = ("-score", "since", "who")
_WORST_FIRST = ("score", "-since", "-who")
Entrant = Mapping[str, Any]
"""A row of a sheet."""


@dataclass(frozen=True, slots=True)
class RankedRow:
    """One row of a board: ``player_id`` and ``alias`` as others see them, ``entrant`` the primary key."""

    rank: int
    value: int
    player_id: str
    alias: str
    entrant: int


def page(sheet: Sheet, skip: int, limit: int) -> list[RankedRow]:
    """Rows from the best one down. Two queries, one for the first page."""
    found = page_of(sheet.rows.order_by(*_BEST_FIRST), skip, limit)
    return _ranked(sheet.ties, found, skip, _rank_of_first(sheet, found, skip))


def page_from_the_end(sheet: Sheet, total: int, skip: int, limit: int) -> list[RankedRow]:
    """Rows from the worst one up; ranks keep their values. ``total`` is the number of rows. Two queries."""
    found = page_of(sheet.rows.order_by(*_WORST_FIRST), skip, limit)[::-1]
    above = max(total - skip - len(found), 0)
    return _ranked(sheet.ties, found, above, _rank_of_first(sheet, found, above))[::-1]


def around(sheet: Sheet, player_id: str, radius: int) -> list[RankedRow]:
    """The row of a player with up to ``radius`` rows before and after it; empty if the player is not on the board.

    Five queries at most, one less at the top of the board.
    """
    own = next(iter(sheet.rows.filter(who=player_id)[:1]), None)
    if own is None:
        return []
    score, equal = own["score"], Q(score=own["score"])
    earlier = Q(since__lt=own["since"]) | Q(since=own["since"], who__lt=player_id)
    later = Q(since__gt=own["since"]) | Q(since=own["since"], who__gt=player_id)
    # The bounds on the score seem redundant, but they let the index find where to begin.
    before = sheet.rows.filter(Q(score__gt=score) | (equal & earlier), score__gte=score)
    after = sheet.rows.filter(Q(score__lt=score) | (equal & later), score__lte=score)
    above = list(before.order_by(*_WORST_FIRST)[:radius])[::-1] if radius else []
    below = list(after.order_by(*_BEST_FIRST)[:radius]) if radius else []
    found = [*above, own, *below]
    if radius and len(above) < radius:
        return _ranked(sheet.ties, found, 0, 1)
    needs_position = len(found) > 1 or sheet.ties == "first"
    position = before.count() - len(above) if needs_position else 0
    return _ranked(
        sheet.ties, found, position, position + 1 if sheet.ties == "first" else rank(sheet, found[0]["score"])
    )


def rank(sheet: Sheet, score: int) -> int:
    """The rank of a score, wherever ranks do not depend on who came first: one more than the number of better rows,
    or under ``dense`` of better scores. One query."""
    better = sheet.rows.filter(score__gt=score)
    return (better.values("score").distinct() if sheet.ties == "dense" else better).count() + 1


def _rank_of_first(sheet: Sheet, found: Sequence[Entrant], position: int) -> int:
    if sheet.ties == "first" or not position or not found:
        return position + 1
    return rank(sheet, found[0]["score"])


def _ranked(ties: Ties, found: Sequence[Entrant], position: int, first: int) -> list[RankedRow]:
    """Rank consecutive rows, best first; ``position`` and ``first`` are place, from 0, and rank of the first one."""
    ranked: list[RankedRow] = []
    rank = first
    for index, row in enumerate(found, position):
        score = int(row["score"])
        if ranked and (ties == "first" or score != ranked[-1].value):
            rank = rank + 1 if ties == "dense" else index + 1
        ranked.append(RankedRow(rank, score, row["who"], row["shown_as"], row["entrant"]))
    return ranked
