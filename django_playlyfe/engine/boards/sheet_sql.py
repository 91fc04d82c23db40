"""Statements about one sheet that the ORM cannot say in one piece. Written once, for PostgreSQL and SQLite alike.

Each is one statement on purpose: it sees rows, buckets and changes as they were at one moment.
"""

# ruff: noqa: S608 - the texts are made of the names of our own tables; every value is a parameter

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from django_playlyfe.engine.database import prepared, transactions
from django_playlyfe.engine.models import BoardRow, Bucket, BucketChange, Player, Score

BUCKET, CHANGE, PLAYER = Bucket._meta.db_table, BucketChange._meta.db_table, Player._meta.db_table


class SheetKey(NamedTuple):
    """Which sheet: one that is read from the scores (``metric``), or stored rows (``board``, ``cycle``, ``scope``).
    ``game`` is a primary key. Rows that are sums of several have no key."""

    game: int
    environment: str
    metric: str = ""
    board: str = ""
    cycle: str = ""
    scope: str = ""


@dataclass(frozen=True)
class Cuts:
    """The ranges of one histogram, in memory: ``lows`` of all buckets but the first, ascending."""

    histogram: int
    lows: tuple[int, ...]

    def number(self, score: int) -> int:
        """The bucket of a score."""
        return bisect_right(self.lows, score)


@lru_cache(maxsize=8)
def texts(of_scores: bool, vendor: str) -> Texts:
    """The statements for sheets of scores, or of stored rows."""
    realm = "{0}.game_id = %(game)s AND {0}.environment = %(environment)s"
    if of_scores:
        table, owner = Score._meta.db_table, "player_id"
        rows = realm + " AND {0}.metric = %(metric)s AND {0}.item = ''"
    else:
        table, owner = BoardRow._meta.db_table, "entity_id"
        rows = realm + " AND {0}.board = %(board)s AND {0}.cycle = %(cycle)s AND {0}.scope = %(scope)s AND {0}.is_own"
    # SQLite takes NOT for no use of an index, and a CROSS JOIN as the order: first the few who are disabled.
    disabled = f"WHERE {realm.format('d')} AND d.enabled = FALSE"
    hidden = (
        f'SELECT COUNT(*) FROM "{PLAYER}" d CROSS JOIN "{table}" h {disabled} '
        f"AND h.{owner} = d.id AND {rows.format('h')}"
    )
    pending = f'SELECT COALESCE(SUM(c.delta), 0) FROM "{CHANGE}" c WHERE c.histogram_id = b.histogram_id'
    # One look into the index of the buckets, where the database has a word for it.
    bucket_of_score = (
        f'CROSS JOIN LATERAL (SELECT * FROM "{BUCKET}" l WHERE l.histogram_id = %(histogram)s AND l.low <= m.value '
        "ORDER BY l.low DESC LIMIT 1) b"
        if vendor == "postgresql"
        else f'JOIN "{BUCKET}" b ON b.histogram_id = %(histogram)s AND b.low = '
        f'(SELECT MAX(l.low) FROM "{BUCKET}" l WHERE l.histogram_id = %(histogram)s AND l.low <= m.value)'
    )
    return Texts(
        better=(
            f"SELECT b.above + ({pending} AND c.number > b.number)"
            f' + (SELECT COUNT(*) FROM "{table}" r WHERE {rows.format("r")}'
            " AND r.value > %(score)s AND r.value <= b.high)"
            f' - ({hidden} AND h.value > %(score)s) FROM "{BUCKET}" b '
            "WHERE b.histogram_id = %(histogram)s AND b.number = %(number)s"
        ),
        place=(
            f'SELECT m.value, EXISTS (SELECT 1 FROM "{PLAYER}" d {disabled}), '
            f"b.above + ({pending} AND c.number > b.number)"
            f' + (SELECT COUNT(*) FROM "{table}" r WHERE {rows.format("r")}'
            " AND r.value > m.value AND r.value <= b.high)"
            f' FROM "{PLAYER}" p JOIN "{table}" m ON m.{owner} = p.id AND {rows.format("m")} {bucket_of_score} '
            f"WHERE {realm.format('p')} AND p.player_id = %(player)s AND p.enabled"
        ),
        total=(
            f"SELECT b.count + b.above + ({pending}) - ({hidden}), "
            f'(SELECT COUNT(*) FROM "{CHANGE}" c WHERE c.histogram_id = b.histogram_id) '
            f'FROM "{BUCKET}" b WHERE b.histogram_id = %(histogram)s AND b.number = 0'
        ),
        counts=(
            f'SELECT b.number, (SELECT COUNT(*) FROM "{table}" r WHERE {rows.format("r")} '
            f"AND r.value >= b.low AND r.value <= b.high), b.count + ({pending} AND c.number = b.number) "
            f'FROM "{BUCKET}" b WHERE b.histogram_id = %(histogram)s ORDER BY b.number'
        ),
        near=(
            f'SELECT b.high FROM "{BUCKET}" b WHERE b.histogram_id = %(histogram)s AND b.above <= %(before)s '
            "ORDER BY b.number LIMIT 1"
        ),
        quantiles=(
            f"SELECT DISTINCT q.value FROM (SELECT r.value, ROW_NUMBER() OVER (ORDER BY r.value) AS place "
            f'FROM "{table}" r WHERE {rows.format("r")}) q WHERE q.place %% %(step)s = 0 ORDER BY q.value'
        ),
        size=f'SELECT COUNT(*) FROM "{table}" r WHERE {rows.format("r")}',
        several=(
            f'SELECT MIN(r.value) <> MAX(r.value) FROM "{table}" r '
            f"WHERE {rows.format('r')} AND r.value >= %(low)s AND r.value <= %(high)s"
        ),
    )


class Texts(NamedTuple):
    """SQL with its placeholders."""

    better: str
    place: str
    total: str
    counts: str
    near: str
    quantiles: str
    size: str
    several: str


def better(key: SheetKey, cuts: Cuts, score: int) -> int | None:
    """How many visible rows have a better score; None if the histogram is not counted."""
    found = _ask(key, "better", histogram=cuts.histogram, number=cuts.number(score), score=score)
    return int(found[0][0]) if found else None


def total(key: SheetKey, histogram: int) -> tuple[int, int] | None:
    """How many visible rows there are, and how many changes are not folded in; None if the histogram is not counted."""
    found = _ask(key, "total", histogram=histogram)
    return (int(found[0][0]), int(found[0][1])) if found else None


def place(key: SheetKey, cuts: Cuts, player_id: str) -> tuple[int, int] | None:
    """The score of a visible player and how many visible rows have a better one; None without a score, and if the
    histogram is not counted. One statement; where a player is hidden one more."""
    found = _ask(key, "place", histogram=cuts.histogram, player=player_id)
    if not found:
        return None
    ((score, is_somebody_hidden, above),) = found
    if not is_somebody_hidden:
        return int(score), int(above)
    # To leave the hidden ones out takes the database longer to plan than all of the above takes it to run.
    before = better(key, cuts, int(score))
    return None if before is None else (int(score), before)


def near(key: SheetKey, histogram: int, before: int) -> int | None:
    """A score that about so many rows are better than, some fewer rather than more; None if the histogram is not
    counted. Neither hidden rows nor changes that are not folded in are looked at: ask :func:`better`."""
    found = _ask(key, "near", histogram=histogram, before=before)
    return int(found[0][0]) if found else None


def counts(key: SheetKey, histogram: int) -> list[tuple[int, int, int]]:
    """For each bucket its number, the rows that it has, and those that bucket and changes say."""
    found = _ask(key, "counts", histogram=histogram)
    return [(int(number), int(rows), int(told)) for number, rows, told in found]


def quantiles(key: SheetKey, buckets: int) -> list[int]:
    """Scores that cut the rows into so many parts of about the same size, ascending."""
    ((size,),) = _ask(key, "size")
    return [int(score) for (score,) in _ask(key, "quantiles", step=max(size // buckets, 1))]


def has_several_scores(key: SheetKey, low: int, high: int) -> bool:
    """Whether the rows of a range can be told apart by their scores."""
    ((are_several,),) = _ask(key, "several", low=low, high=high)
    return bool(are_several)


def open_transactions() -> tuple[int, int]:
    """On PostgreSQL: the oldest transaction that is still open, and the next one that will begin."""
    text = "SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint FROM pg_current_snapshot() s"
    (((oldest, newest),),) = prepared.run(transactions.write_connection(), (text, ()))
    return int(oldest), int(newest)


def _ask(key: SheetKey, what: str, **values: int | str) -> list[prepared.Row]:
    """The rows that one of the statements gives."""
    connection = transactions.write_connection()
    text: str = getattr(texts(bool(key.metric), connection.vendor), what)
    return prepared.run(connection, (text, {**key._asdict(), **values}))[0]
