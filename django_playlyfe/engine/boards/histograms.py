"""Histograms of large sheets: a rank without counting half a million rows (``engine-internals.md`` §4).

A sheet with more than :data:`LARGE` rows gets about 1,000 buckets of scores, cut at quantiles. The rank of a score is
then the rows in the buckets above, which a few numbers say, and a count within one bucket. Exact and fresh:

* A play that moves a row into another bucket appends two changes (:func:`moved`). It updates nothing that others use.
* A read takes buckets, changes and rows in one statement, thus from one state of the database.
* Readers fold the changes in once they are many (:func:`tend`), one of them at a time, and nobody waits for it.

When is a new histogram true? Every process remembers for :data:`LEASE` seconds which histograms there are, so a play
may miss a new one for that long. Rows are therefore counted only once it is twice as old, and, on PostgreSQL, once
every transaction has ended that was open then; SQLite has one writer at a time. This needs READ COMMITTED, Django's
default. Elsewhere (MariaDB) ranks are plain counts at any size.

Rows that are written past :class:`~django_playlyfe.engine.ledger.projections.Projections` and the boards' crediting,
by bulk SQL say, must be followed by :func:`discard`; :func:`differences` finds what is wrong.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from django.db import DatabaseError
from django.db.models import QuerySet

from django_playlyfe import instants
from django_playlyfe.engine.boards import sheet_sql
from django_playlyfe.engine.boards.sheet_sql import Cuts, SheetKey
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.models import Bucket, BucketChange, Histogram
from django_playlyfe.engine.rules.arithmetic import LIMIT

logger = logging.getLogger("django_playlyfe.engine")

LARGE = 50_000
"""Rows from which on counting takes longer than a reader should wait."""
BUCKETS = 1000
FOLD_AT = 1000
"""Changes that a read may have to add up."""
UNEVEN = 4
"""A bucket with so many times the mean number of rows is cut anew."""
LEASE = 30.0
"""Seconds for which a process may not know of a new histogram."""


class Move(NamedTuple):
    """A row of a sheet before and after a call; None = not there."""

    key: SheetKey
    before: int | None
    after: int | None


class _Known(NamedTuple):
    at: float
    by_key: dict[SheetKey, list[Cuts]]


_known: dict[tuple[str, int, str], _Known] = {}
_cuts: dict[tuple[str, int, datetime], Cuts] = {}
_looked_after: dict[tuple[str, int], float] = {}


def forget() -> None:
    """Forget what this process knows of histograms, as a test must that brings a database of its own."""
    _known.clear()
    _cuts.clear()
    _looked_after.clear()


def known(game: int, environment: str) -> dict[SheetKey, list[Cuts]]:
    """The histograms of a game and environment, the newest of a sheet last; up to :data:`LEASE` seconds old. A query
    when that time is over."""
    place = (transactions.write_alias(), game, environment)
    found = _known.get(place)
    if found is None or time.monotonic() - found.at > LEASE:
        found = _Known(time.monotonic(), _read(*place))
        _known[place] = found
    return found.by_key


def moved(game: int, environment: str, moves: Iterable[Move]) -> None:
    """Note that rows of sheets changed, in the transaction that changes them. One query if a row comes into another
    bucket; of a game without large sheets none."""
    histograms = known(game, environment)
    if not histograms:
        return
    changes: list[BucketChange] = []
    for key, before, after in moves:
        for cuts in histograms.get(key, ()):
            numbers = [None if score is None else cuts.number(score) for score in (before, after)]
            if numbers[0] != numbers[1]:
                changes += [
                    BucketChange(histogram_id=cuts.histogram, number=number, delta=delta)
                    for number, delta in zip(numbers, (-1, 1), strict=True)
                    if number is not None
                ]
    if changes:
        BucketChange.objects.using(transactions.write_alias()).bulk_create(changes)


def usable() -> bool:
    """Whether this database can keep histograms true."""
    return transactions.write_connection().vendor in ("postgresql", "sqlite")


def request(key: SheetKey) -> None:
    """Begin a histogram for a large sheet, if there is none. It counts once it is ripe (:func:`tend`)."""
    if usable() and key not in known(key.game, key.environment):
        _begin(key)


def tend(histogram: int) -> None:
    """Do what a histogram needs now: count a ripe one, fold changes in, cut an uneven one anew. Cheap if there is
    nothing to do, and nothing at all where another process is at it or the database is read only."""
    try:
        with transactions.atomic():
            rows = Histogram.objects.using(transactions.write_alias())
            if transactions.write_connection().features.has_select_for_update_skip_locked:
                rows = rows.select_for_update(skip_locked=True)
            found = rows.filter(pk=histogram).first()
            if found is None:
                return
            if found.is_counted:
                _fold(found)
            elif _is_ripe(found):
                _count(found)
    except DatabaseError:  # ranks are right without it, only slower
        logger.warning("A histogram of a leaderboard could not be tended", exc_info=True)


def look_after(key: SheetKey, histogram: int) -> None:
    """For readers who never ask how many rows there are, which shows what a histogram needs: see to it every
    :data:`LEASE` seconds, so that they never have many changes to add up. Mostly nothing, else two queries or more."""
    place, now = (transactions.write_alias(), histogram), time.monotonic()
    if now - _looked_after.get(place, -LEASE) < LEASE:
        return
    _looked_after[place] = now
    found = sheet_sql.total(key, histogram)
    if found is None or found[1] > FOLD_AT:
        tend(histogram)


def tend_all(game: int, environment: str) -> None:
    """Housekeeping: tend every histogram of a game and environment."""
    for pk in _histograms(game, environment).values_list("pk", flat=True):
        tend(pk)


def discard(game: int, environment: str, **which: str) -> None:
    """Drop histograms, of the sheets that ``which`` names (``metric="xp"``) or all. Readers begin them anew."""
    doomed = list(_histograms(game, environment).filter(**which).values_list("pk", flat=True))
    BucketChange.objects.using(transactions.write_alias()).filter(histogram__in=doomed).delete()
    Histogram.objects.using(transactions.write_alias()).filter(pk__in=doomed).delete()


def differences(game: int, environment: str) -> list[str]:
    """What a plain count says otherwise: for ``check``. Empty if all is well."""
    wrong = []
    for histogram in _histograms(game, environment).filter(is_counted=True):
        for number, rows, told in sheet_sql.counts(key_of(histogram), histogram.pk):
            if rows != told:
                wrong.append(f"{histogram}: bucket {number} says {told} rows, there are {rows}")
    return wrong


def key_of(histogram: Histogram) -> SheetKey:
    """The sheet of a histogram."""
    return SheetKey(
        histogram.game_id,
        histogram.environment,
        histogram.metric,
        histogram.board,
        histogram.cycle,
        histogram.scope,
    )


# --- a histogram's life -----------------------------------------------------------------------------------------------


def _begin(key: SheetKey) -> None:
    lows = sheet_sql.quantiles(key, BUCKETS)
    game, environment, metric, board, cycle, scope = key
    Histogram.objects.using(transactions.write_alias()).create(
        game_id=game, environment=environment, metric=metric, board=board, cycle=cycle, scope=scope, cuts=lows
    )
    _known.pop((transactions.write_alias(), game, environment), None)


def _is_ripe(histogram: Histogram) -> bool:
    """Whether every transaction that may not have known of it has ended. Sets the barrier when the time has come."""
    if instants.now() - histogram.created_at < timedelta(seconds=2 * LEASE):
        return False
    if transactions.write_connection().vendor != "postgresql":
        return True
    oldest, newest = sheet_sql.open_transactions()
    if histogram.barrier is None:
        histogram.barrier = newest
        histogram.save(update_fields=["barrier"])
        return False
    return oldest >= histogram.barrier


def _count(histogram: Histogram) -> None:
    """Fill the buckets, then let go of an older histogram of the same sheet."""
    lows = [-LIMIT, *histogram.cuts]
    highs = [*(low - 1 for low in histogram.cuts), LIMIT]
    buckets = [
        Bucket(histogram=histogram, number=number, low=low, high=high)
        for number, (low, high) in enumerate(zip(lows, highs, strict=True))
    ]
    Bucket.objects.using(transactions.write_alias()).bulk_create(buckets)
    # One statement sees rows and changes of one moment. What is counted without the changes stays true with those
    # that are appended later.
    counts = {number: rows - told for number, rows, told in sheet_sql.counts(key_of(histogram), histogram.pk)}
    _store(histogram, buckets, counts)
    histogram.is_counted = True
    histogram.save(update_fields=["is_counted"])
    game, environment, metric, board, cycle, scope = key_of(histogram)
    same = _histograms(game, environment).filter(metric=metric, board=board, cycle=cycle, scope=scope)
    doomed = list(same.filter(pk__lt=histogram.pk).values_list("pk", flat=True))
    BucketChange.objects.using(transactions.write_alias()).filter(histogram__in=doomed).delete()
    same.filter(pk__in=doomed).delete()


def _fold(histogram: Histogram) -> None:
    """Add appended changes to the buckets, and begin a new histogram if one bucket has grown too large."""
    changes = BucketChange.objects.using(transactions.write_alias()).filter(histogram=histogram)
    found = list(changes.values_list("pk", "number", "delta"))
    if found:
        totals: dict[int, int] = {}
        for _, number, delta in found:
            totals[number] = totals.get(number, 0) + delta
        buckets = list(histogram.buckets.order_by("number"))
        _store(histogram, buckets, {bucket.number: bucket.count + totals.get(bucket.number, 0) for bucket in buckets})
        for start in range(0, len(found), 500):
            changes.filter(pk__in=[pk for pk, _, _ in found[start : start + 500]]).delete()
    if _is_uneven(histogram):
        _begin(key_of(histogram))


def _is_uneven(histogram: Histogram) -> bool:
    """Whether some bucket has far more rows than the others, could be cut, and no newer histogram is on its way."""
    key = key_of(histogram)
    if known(key.game, key.environment).get(key, [])[-1:] != [_cuts_of(histogram)]:
        return False
    buckets = list(histogram.buckets.values_list("low", "high", "count"))
    limit = UNEVEN * max(sum(count for _, _, count in buckets), LARGE) / BUCKETS
    return any(
        count > limit and low != high and sheet_sql.has_several_scores(key, low, high) for low, high, count in buckets
    )


def _store(histogram: Histogram, buckets: Sequence[Bucket], counts: dict[int, int]) -> None:
    ordered = sorted(buckets, key=lambda bucket: bucket.number, reverse=True)
    numbers = [counts.get(bucket.number, 0) for bucket in ordered]
    for bucket, count, above in zip(ordered, numbers, accumulate([0, *numbers]), strict=False):
        bucket.count, bucket.above = count, above
    Bucket.objects.using(transactions.write_alias()).bulk_create(
        [
            Bucket(histogram=histogram, number=b.number, low=b.low, high=b.high, count=b.count, above=b.above)
            for b in ordered
        ],
        update_conflicts=True,
        unique_fields=["histogram", "number"],
        update_fields=["count", "above"],
    )


# --- what a process knows ---------------------------------------------------------------------------------------------


def _histograms(game: int, environment: str) -> QuerySet[Histogram]:
    return Histogram.objects.using(transactions.write_alias()).filter(game_id=game, environment=environment)


def _read(database: str, game: int, environment: str) -> dict[SheetKey, list[Cuts]]:
    by_key: dict[SheetKey, list[Cuts]] = {}
    rows = Histogram.objects.using(database).filter(game_id=game, environment=environment)
    for histogram in rows.defer("cuts").order_by("pk"):
        by_key.setdefault(key_of(histogram), []).append(_cuts_of(histogram))
    return by_key


def _cuts_of(histogram: Histogram) -> Cuts:
    """The ranges of a histogram; they never change, so they are read once. The instant is part of the key because a
    primary key that was rolled back is given out again."""
    place = (transactions.write_alias(), histogram.pk, histogram.created_at)
    if place not in _cuts:
        _cuts[place] = Cuts(histogram.pk, tuple(histogram.cuts))
    return _cuts[place]
