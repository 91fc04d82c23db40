"""Statements about one sheet that the ORM cannot say in one piece. Written once, for PostgreSQL and SQLite alike.

Each is one statement on purpose: it sees rows, buckets and changes as they were at one moment.
"""

# ruff: noqa: S608 - the texts are made of the names of our own tables; every value is a parameter

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.models import BoardRow, Bucket, BucketChange, Player, Score
from django_playlyfe.engine.rules.arithmetic import LIMIT

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

    def high(self, number: int) -> int:
        """The highest score of a bucket."""
        return self.lows[number] - 1 if number < len(self.lows) else LIMIT


@lru_cache(maxsize=2)
def texts(of_scores: bool) -> Texts:
    """The statements for sheets of scores, or of stored rows."""
    if of_scores:
        table, owner = Score._meta.db_table, "player_id"
        rows = "{0}.game_id = %s AND {0}.environment = %s AND {0}.metric = %s AND {0}.item = ''"
    else:
        table, owner = BoardRow._meta.db_table, "entity_id"
        rows = (
            "{0}.game_id = %s AND {0}.environment = %s AND {0}.board = %s AND {0}.cycle = %s AND {0}.scope = %s "
            "AND {0}.is_own"
        )
    # SQLite takes NOT for no use of an index, and a CROSS JOIN as the order: first the few who are disabled.
    disabled = "WHERE d.game_id = %s AND d.environment = %s AND d.enabled = FALSE"
    hidden = (
        f'SELECT COUNT(*) FROM "{PLAYER}" d CROSS JOIN "{table}" h {disabled} '
        f"AND h.{owner} = d.id AND {rows.format('h')}"
    )
    pending = f'SELECT COALESCE(SUM(c.delta), 0) FROM "{CHANGE}" c WHERE c.histogram_id = b.histogram_id'
    return Texts(
        better=(
            f"SELECT b.above + ({pending} AND c.number > b.number)"
            f' + (SELECT COUNT(*) FROM "{table}" r WHERE {rows.format("r")} AND r.value > %s AND r.value <= %s)'
            f' - ({hidden} AND h.value > %s) FROM "{BUCKET}" b WHERE b.histogram_id = %s AND b.number = %s'
        ),
        place=(
            f'SELECT m.value, EXISTS (SELECT 1 FROM "{PLAYER}" d {disabled}), '
            f"b.above + ({pending} AND c.number > b.number)"
            f' + (SELECT COUNT(*) FROM "{table}" r WHERE {rows.format("r")}'
            " AND r.value > m.value AND r.value <= b.high)"
            f' FROM "{PLAYER}" p JOIN "{table}" m ON m.{owner} = p.id AND {rows.format("m")} '
            f'JOIN "{BUCKET}" b ON b.histogram_id = %s AND b.low = '
            f'(SELECT MAX(l.low) FROM "{BUCKET}" l WHERE l.histogram_id = %s AND l.low <= m.value) '
            "WHERE p.game_id = %s AND p.environment = %s AND p.player_id = %s AND p.enabled"
        ),
        total=(
            f"SELECT b.count + b.above + ({pending}) - ({hidden}), "
            f'(SELECT COUNT(*) FROM "{CHANGE}" c WHERE c.histogram_id = b.histogram_id) '
            f'FROM "{BUCKET}" b WHERE b.histogram_id = %s AND b.number = 0'
        ),
        counts=(
            f'SELECT b.number, (SELECT COUNT(*) FROM "{table}" r WHERE {rows.format("r")} '
            f"AND r.value >= b.low AND r.value <= b.high), b.count + ({pending} AND c.number = b.number) "
            f'FROM "{BUCKET}" b WHERE b.histogram_id = %s ORDER BY b.number'
        ),
        quantiles=(
            f"SELECT DISTINCT q.value FROM (SELECT r.value, ROW_NUMBER() OVER (ORDER BY r.value) AS place "
            f'FROM "{table}" r WHERE {rows.format("r")}) q WHERE q.place %% %s = 0 ORDER BY q.value'
        ),
        size=f'SELECT COUNT(*) FROM "{table}" r WHERE {rows.format("r")}',
        several=(
            f'SELECT MIN(r.value) <> MAX(r.value) FROM "{table}" r '
            f"WHERE {rows.format('r')} AND r.value >= %s AND r.value <= %s"
        ),
    )


class Texts(NamedTuple):
    """SQL with its placeholders."""

    better: str
    place: str
    total: str
    counts: str
    quantiles: str
    size: str
    several: str


def parameters(key: SheetKey) -> tuple[Any, ...]:
    """What names the rows of a sheet in a statement."""
    if key.metric:
        return (key.game, key.environment, key.metric)
    return (key.game, key.environment, key.board, key.cycle, key.scope)


def better(key: SheetKey, cuts: Cuts, score: int) -> int | None:
    """How many visible rows have a better score; None if the histogram is not counted."""
    rows, number = parameters(key), cuts.number(score)
    given = (*rows, score, cuts.high(number), key.game, key.environment, *rows, score, cuts.histogram, number)
    found = _one(texts(bool(key.metric)).better, given)
    return None if found is None else int(found[0])


def total(key: SheetKey, histogram: int) -> tuple[int, int] | None:
    """How many visible rows there are, and how many changes are not folded in; None if the histogram is not counted."""
    rows = parameters(key)
    found = _one(texts(bool(key.metric)).total, [key.game, key.environment, *rows, histogram])
    return None if found is None else (int(found[0]), int(found[1]))


def place(key: SheetKey, cuts: Cuts, player_id: str) -> tuple[int, int] | None:
    """The score of a visible player and how many visible rows have a better one; None without a score, and if the
    histogram is not counted. One statement; where a player is hidden one more."""
    where, rows, statements = (key.game, key.environment), parameters(key), texts(bool(key.metric))
    found = _one(statements.place, (*where, *rows, *rows, cuts.histogram, cuts.histogram, *where, player_id))
    if found is None:
        return None
    if not found[1]:
        return int(found[0]), int(found[2])
    # To leave the hidden ones out takes the database longer to plan than all of the above takes it to run.
    before = better(key, cuts, int(found[0]))
    return None if before is None else (int(found[0]), before)


def counts(key: SheetKey, histogram: int) -> list[tuple[int, int, int]]:
    """For each bucket its number, the rows that it has, and those that bucket and changes say."""
    found = _all(texts(bool(key.metric)).counts, [*parameters(key), histogram])
    return [(int(number), int(rows), int(told)) for number, rows, told in found]


def quantiles(key: SheetKey, buckets: int) -> list[int]:
    """Scores that cut the rows into so many parts of about the same size, ascending."""
    statements = texts(bool(key.metric))
    size = _one(statements.size, parameters(key))
    step = max((size[0] if size else 0) // buckets, 1)
    return [int(score) for (score,) in _all(statements.quantiles, [*parameters(key), step])]


def has_several_scores(key: SheetKey, low: int, high: int) -> bool:
    """Whether the rows of a range can be told apart by their scores."""
    found = _one(texts(bool(key.metric)).several, [*parameters(key), low, high])
    return bool(found and found[0])


def open_transactions() -> tuple[int, int]:
    """On PostgreSQL: the oldest transaction that is still open, and the next one that will begin."""
    found = _one(
        "SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint FROM pg_current_snapshot() s", ()
    )
    return (int(found[0]), int(found[1])) if found else (0, 0)


def _one(text: str, given: Sequence[Any]) -> Any:
    with transactions.write_connection().cursor() as cursor:
        cursor.execute(text, given)
        return cursor.fetchone()


def _all(text: str, given: Sequence[Any]) -> list[Any]:
    with transactions.write_connection().cursor() as cursor:
        cursor.execute(text, given)
        return list(cursor.fetchall())
