"""Ranks straight from the stored rows: exact, and fresh at commit.

Rank is standard competition ranking (1, 1, 3), unless the board says otherwise. Among equals stands first who reached
the score first, then the smaller player id (``engine.md`` §11.2). A page is read in the order of an index
(``playlyfe_score_rank``, ``playlyfe_board_rank``) and one COUNT says with which rank it begins: no query sorts a whole
board, unless its rows are sums.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Count, Q

from django_playlyfe.engine.boards import histograms, sheet_sql
from django_playlyfe.engine.boards.sheet_sql import Cuts
from django_playlyfe.engine.rules.plan import Ties
from django_playlyfe.engine.selectors.paging import page_of
from django_playlyfe.engine.selectors.sheets import Rows, Sheet

_BEST_FIRST = ("-score", "since", "who")
_WORST_FIRST = ("score", "-since", "-who")
_MOST_AT_ONCE = 100
_FAR = 1000
"""Rows that the database may pass over to find the first one of a page."""
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
    """Rows from the best one down. Two queries, one for the first page; far down a large sheet two more, quick ones, in
    place of a long way."""
    rows, still = _from_near(sheet, skip) if skip > _FAR else (sheet.rows, skip)
    found = page_of(rows.order_by(*_BEST_FIRST), still, limit)
    return _ranked(sheet.ties, found, skip, _rank_of_first(sheet, found, skip))


def page_from_the_end(sheet: Sheet, total: int, skip: int, limit: int) -> list[RankedRow]:
    """Rows from the worst one up; ranks keep their values. ``total`` is the number of rows. Queries as of
    :func:`page`."""
    if skip > _FAR and limit >= 0:
        end = max(total - skip, 0)
        begin = max(end - limit, 0)
        return page(sheet, begin, end - begin)[::-1]
    found = page_of(sheet.rows.order_by(*_WORST_FIRST), skip, limit)[::-1]
    above = max(total - skip - len(found), 0)
    return _ranked(sheet.ties, found, above, _rank_of_first(sheet, found, above))[::-1]


def _from_near(sheet: Sheet, skip: int) -> tuple[Rows, int]:
    """Rows of a large sheet among which a place far down is near the best, and how many of these stand before it; all
    rows where no histogram can tell."""
    for cuts in histograms_of(sheet):
        aim = skip
        while sheet.key is not None and aim >= 0:
            score = sheet_sql.near(sheet.key, cuts.histogram, aim)
            before = None if score is None else sheet_sql.better(sheet.key, cuts, score)
            if before is None:
                break
            if before <= skip:
                return sheet.rows.filter(score__lte=score), skip - before
            aim -= 2 * (before - skip)  # more rows have come above it than the buckets say
    return sheet.rows, skip


def around(sheet: Sheet, player_id: str, radius: int) -> list[RankedRow]:
    """The row of a player with up to ``radius`` rows before and after it; empty if the player is not on the board.

    Five queries at most, two less at the top of the board; one more under ``dense``.
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
    if len(found) == 1 and sheet.ties != "first":
        return _ranked(sheet.ties, found, 0, rank(sheet, score))
    first = position(sheet, found[0])
    return _ranked(sheet.ties, found, first.place, first.rank)


def rank(sheet: Sheet, score: int) -> int:
    """The rank of a score, wherever ranks do not depend on who came first: one more than the number of better rows,
    or under ``dense`` of better scores. One query."""
    if sheet.ties == "dense":
        return sheet.rows.filter(score__gt=score).values("score").distinct().count() + 1
    return better(sheet, score) + 1


def ranks_of(sheet: Sheet, scores: Collection[int]) -> dict[int, int]:
    """:func:`rank` of several scores. One query for up to a hundred; else, and of a large sheet after one that shows
    that it can be quick, one for each score: one query would compare each row with each score."""
    if not 0 < len(scores) <= _MOST_AT_ONCE or (
        sheet.ties != "dense" and number_better(sheet, min(scores)) is not None
    ):
        return {score: rank(sheet, score) for score in scores}
    what, is_distinct = ("score", True) if sheet.ties == "dense" else ("who", False)
    numbered = list(enumerate(scores))
    counts = {
        f"better_than_{number}": Count(what, distinct=is_distinct, filter=Q(score__gt=score))
        for number, score in numbered
    }
    found = sheet.rows.aggregate(**counts)
    return {score: found[f"better_than_{number}"] + 1 for number, score in numbered}


def better(sheet: Sheet, score: int) -> int:
    """How many rows have a better score. One query, of a large sheet a quick one."""
    found = number_better(sheet, score)
    return sheet.rows.filter(score__gt=score).count() if found is None else found


def number_better(sheet: Sheet, score: int) -> int | None:
    """As :func:`better`, if a histogram can tell; else None. No query for a small sheet."""
    for cuts in histograms_of(sheet):
        found = sheet_sql.better(sheet.key, cuts, score) if sheet.key is not None else None
        if found is not None:
            return found
    return None


def lower(sheet: Sheet, score: int) -> int:
    """How many rows have a lower score. Two queries, of a large sheet quick ones."""
    equal = sheet.rows.filter(score=score).count()
    return total(sheet) - better(sheet, score) - equal


class Position(NamedTuple):
    """How many rows stand before one, and its rank."""

    place: int
    rank: int


def position(sheet: Sheet, row: Entrant) -> Position:
    """Where a row stands. Two queries, under ``dense`` three."""
    earlier = Q(since__lt=row["since"]) | Q(since=row["since"], who__lt=row["who"])
    before = better(sheet, row["score"])
    place = before + sheet.rows.filter(earlier, score=row["score"]).count()
    if sheet.ties == "competition":
        return Position(place, before + 1)
    return Position(place, place + 1 if sheet.ties == "first" else rank(sheet, row["score"]))


def total(sheet: Sheet) -> int:
    """How many rows a sheet has. One query; of a large sheet a quick one, and now and then some to keep it so."""
    for cuts in histograms_of(sheet):
        found = sheet_sql.total(sheet.key, cuts.histogram) if sheet.key is not None else None
        if found is None or found[1] > histograms.FOLD_AT:
            histograms.tend(cuts.histogram)
        if found is not None:
            return found[0]
    counted = sheet.rows.count()
    if counted >= histograms.LARGE and sheet.key is not None:
        histograms.request(sheet.key)
    return counted


def histograms_of(sheet: Sheet) -> list[Cuts]:
    """The histograms of a sheet, the newest first; none of a small one."""
    if sheet.key is None or not histograms.usable():
        return []
    return histograms.known(sheet.key.game, sheet.key.environment).get(sheet.key, [])[::-1]


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
