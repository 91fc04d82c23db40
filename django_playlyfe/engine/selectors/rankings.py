"""Ranks of single players and of given sets of them, percentiles, distributions (``engine-internals.md`` §4)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, F, Max, Min

from django_playlyfe.engine.boards import histograms, sheet_sql
from django_playlyfe.engine.realm import Realm, check_player_id
from django_playlyfe.engine.refusals import invalid
from django_playlyfe.engine.rules.arithmetic import LIMIT
from django_playlyfe.engine.selectors import ranks
from django_playlyfe.engine.selectors.board_readers import Reader
from django_playlyfe.engine.selectors.ranks import RankedRow
from django_playlyfe.engine.selectors.sheets import Sheet

MOST_PLAYERS = 1000
"""In one set (``interface.md`` §4)."""


class Place(NamedTuple):
    """Where somebody stands."""

    rank: int
    score: int


@dataclass(frozen=True)
class Ranking:
    """One board in one cycle and scope, opened once to ask for many ranks. Each answer is fresh; the board's design,
    and which cycle is the present one, are those of the moment when it was opened.

    Attributes:
        sheet: what is ranked.
        without: ids of players who do not count, such as the staff: they leave no gap.
    """

    sheet: Sheet
    without: frozenset[str] = frozenset()

    def place(self, player_id: str) -> Place | None:
        """Rank and score of a player, None if the player is not on the board. Two queries; of a large board one, and
        a quick one however large it is (two where a player is disabled), and now and then some to keep it so."""
        quick = self._quick_place(player_id)
        if quick is not None:
            return quick
        found = ranks.around(self._counted(), player_id, 0)
        return Place(found[0].rank, found[0].value) if found else None

    def better_than(self, player_id: str) -> float | None:
        """The share, in per cent, of the others who have a lower score; None if the player is not on the board, 100
        for who is alone on it. Four queries."""
        sheet = self._counted()
        own = next(iter(sheet.rows.filter(who=player_id)[:1]), None)
        if own is None:
            return None
        others = ranks.total(sheet) - 1
        lower = ranks.lower(sheet, own["score"])
        return 100.0 * lower / others if others else 100.0

    def places(self, player_ids: Collection[str]) -> dict[str, Place]:
        """Rank and score of each of these; see :meth:`rows`."""
        return {row.player_id: Place(row.rank, row.value) for row in self.rows(player_ids)}

    def rows(self, player_ids: Collection[str]) -> list[RankedRow]:
        """The rows of these players among all, best first, who is not on the board left out.

        Two queries; of a large board, and for more than a hundred scores, one for their scores and a quick one for each
        that occurs, and where who came first decides two for each row. Raises InvalidRequest for more than 1,000.
        """
        if len(player_ids) > MOST_PLAYERS:
            raise invalid("/player_ids", f"should name at most {MOST_PLAYERS} players", code="ARRAY_LENGTH_LONG")
        sheet = self._counted()
        found = list(sheet.rows.filter(who__in=player_ids).order_by("-score", "since", "who"))
        if sheet.ties == "first":
            places = [ranks.position(sheet, row).rank for row in found]
        else:
            rank_of = ranks.ranks_of(sheet, {int(row["score"]) for row in found})
            places = [rank_of[int(row["score"])] for row in found]
        return [
            RankedRow(place, int(row["score"]), row["who"], row["shown_as"], row["entrant"])
            for place, row in zip(places, found, strict=True)
        ]

    def distribution(self, buckets: int = 10) -> list[tuple[int, int, int]]:
        """How many have a score from ``low`` to ``high``, both included: ranges of equal width from the lowest score
        to the highest, without empty ones: ``[(low, high, number)]``, the lowest first. Two queries; of a large board
        two for its ends and a quick one for each range."""
        if isinstance(buckets, bool) or not isinstance(buckets, int) or not 1 <= buckets <= MOST_PLAYERS:
            raise invalid("/buckets", f"should be a number from 1 to {MOST_PLAYERS}", code="MINIMUM", found=buckets)
        ends = self._ends()
        if ends is None:
            return []
        low, high = ends
        width = max(-(-(high - low + 1) // buckets), 1)
        counts: dict[int, int] = {}
        for score, number in self._numbers(low, high, width):
            counts[(score - low) // width] = counts.get((score - low) // width, 0) + number
        return [(low + i * width, min(low + (i + 1) * width - 1, high), counts[i]) for i in sorted(counts)]

    def _ends(self) -> tuple[int, int] | None:
        """The lowest and the highest score; None of an empty board."""
        sheet = self._counted()
        if ranks.histograms_of(sheet):  # which is large: the index has the ends at its ends
            scores = [int(row["score"]) for order in ("score", "-score") for row in sheet.rows.order_by(order)[:1]]
            return (scores[0], scores[1]) if scores else None
        ends = sheet.rows.aggregate(low=Min("score"), high=Max("score"))
        return None if ends["low"] is None else (int(ends["low"]), int(ends["high"]))

    def _numbers(self, low: int, high: int, width: int) -> Iterable[tuple[int, int]]:
        """Scores, each rounded down to the start of its range where the database can do that, and their numbers."""
        sheet = self._counted()
        everybody = ranks.number_better(sheet, low - 1)
        if everybody is not None:
            starts = range(low, high + 1, width)
            above = [everybody, *(ranks.better(sheet, start - 1) for start in starts[1:]), 0]
            return [(start, above[i] - above[i + 1]) for i, start in enumerate(starts) if above[i] != above[i + 1]]
        rows = sheet.rows
        if self.sheet.key is None or high - low > LIMIT:  # a difference that no column holds; or rows are sums
            return ((int(row["score"]), 1) for row in rows.values("score").iterator())
        starts = rows.order_by().values(start=F("score") - (F("score") - low) % width).annotate(number=Count("*"))
        return ((int(row["start"]), row["number"]) for row in starts)

    def _quick_place(self, player_id: str) -> Place | None:
        key = self.sheet.key
        if key is None or self.without or self.sheet.ties != "competition":
            return None
        for cuts in ranks.histograms_of(self.sheet):
            histograms.look_after(key, cuts.histogram)
            found = sheet_sql.place(key, cuts, player_id)
            if found is not None:
                return Place(found[1] + 1, found[0])
        return None

    def _counted(self) -> Sheet:
        """The sheet of those who count. One with a filter has no histogram."""
        if not self.without:
            return self.sheet
        return Sheet(self.sheet.rows.exclude(who__in=self.without), self.sheet.ties)


def ranking(
    realm: Realm,
    board: str,
    *,
    player_id: str | None = None,
    cycle: str = "alltime",
    timestamp: datetime | None = None,
    scope_id: str | None = None,
    without: Iterable[str] = (),
) -> Ranking:
    """Open a board to ask for ranks. Arguments and errors as of :func:`~.boards.leaderboard`. One query; two more for
    a board with a condition, one for a custom one."""
    reader = Reader.find(realm, player_id)
    return Ranking(reader.sheet(reader.open(board), cycle, timestamp, scope_id), frozenset(without))


def standing(realm: Realm, board: str, player_ids: Collection[str], **where: Any) -> list[dict[str, Any]]:
    """The places of a set of players among all, the best first: ``[{"rank", "score", "player_id"}]``.

    Args:
        realm, board: which board.
        player_ids: at most 1,000; who is not on the board is left out.
        where: further arguments of :func:`ranking`.
    """
    for identifier in player_ids:
        check_player_id(identifier)
    places = ranking(realm, board, **where).places(player_ids)
    return [{"rank": place.rank, "score": str(place.score), "player_id": who} for who, place in places.items()]


def distribution(realm: Realm, board: str, buckets: int = 10, **where: Any) -> list[dict[str, Any]]:
    """How the scores of a board spread: ``[{"low", "high", "count"}]``; see :meth:`Ranking.distribution`."""
    spread = ranking(realm, board, **where).distribution(buckets)
    return [{"low": str(low), "high": str(high), "count": count} for low, high, count in spread]
