"""Score and rank on a leaderboard as columns of a site's own querysets.

::

    from django_playlyfe.engine.expressions import rank, score

    PlayerLink.objects.annotate(points=score("top_readers", of="player_id"), place=rank("top_readers", of="player_id"))
    User.objects.filter(is_staff=False).annotate(place=rank("top_readers", of="playlyfe_links__player_id"))

Both are NULL for who is not on the board. A rank is the one among all players, whatever the queryset shows, with the
board's own rule for equals; of a large board it is read from its histogram, so that a page of rows costs little.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, F, Func, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from django_playlyfe.engine.boards.sheet_sql import SheetKey
from django_playlyfe.engine.models import BoardRow, Bucket, BucketChange, Player, Score
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.refusals import invalid
from django_playlyfe.engine.selectors.board_readers import Reader
from django_playlyfe.engine.selectors.ranks import histograms_of
from django_playlyfe.engine.selectors.sheets import Sheet

_NUMBER = BigIntegerField()


def score(
    board: str,
    *,
    of: str,
    realm: Realm | None = None,
    cycle: str = "alltime",
    when: datetime | None = None,
    scope: str = "",
) -> Subquery:
    """The score of a player on a board, for ``annotate()``.

    Making the expression costs one query, or two for a custom board; the queryset that uses it none.

    Args:
        board: the board's id.
        of: path of the field, in the queryset, that holds the player's id.
        realm: the game and environment; the only game's production if None.
        cycle: one of the board's cycles.
        when: any instant of the cycle; the present one if None.
        scope: of a custom board.

    Raises:
        NotFound: there is no such board.
        InvalidRequest: it has no such cycle, or needs a scope; or players credited each other in this scope, so that
            rows must be summed up: read the board instead.
        AccessDenied: the board is not open to everybody.
        ConfigurationError: no such game, or it has no active design.
    """
    sheet = _open(board, realm, cycle, when, scope)
    return Subquery(_own(sheet, of).values("value")[:1], output_field=_NUMBER)


def rank(
    board: str,
    *,
    of: str,
    realm: Realm | None = None,
    cycle: str = "alltime",
    when: datetime | None = None,
    scope: str = "",
) -> Subquery:
    """The rank of a player on a board among all players, for ``annotate()``. Arguments and errors as of
    :func:`score`."""
    sheet = _open(board, realm, cycle, when, scope)
    own = _own(sheet, of)
    histograms = histograms_of(sheet) if sheet.ties != "dense" else []
    before = _by_histogram(sheet, histograms[0].histogram) if histograms else None
    ranked = own.annotate(**(before or {"standing": _before(sheet, Q(value__gt=OuterRef("value")))}))
    place = F("standing") + 1
    if sheet.ties == "first":
        owner = _owner(sheet)
        earlier = Q(reached_at__lt=OuterRef("reached_at")) | Q(
            reached_at=OuterRef("reached_at"), **{f"{owner}__player_id__lt": OuterRef(f"{owner}__player_id")}
        )
        ranked = ranked.annotate(sooner=_before(sheet, Q(earlier, value=OuterRef("value"))))
        place = place + F("sooner")
    return Subquery(ranked.values(place=place)[:1], output_field=_NUMBER)


def _open(board: str, realm: Realm | None, cycle: str, when: datetime | None, scope: str) -> Sheet:
    reader = Reader.find(realm or Realm.only(), None)
    sheet = reader.sheet(reader.open(board), cycle, when, scope or None)
    if sheet.key is None:
        raise invalid("/scope", f"the rows of '{board}' are sums here, which an expression cannot rank")
    return sheet


def _stored(sheet: Sheet) -> QuerySet[Any]:
    """All rows of a sheet, those of disabled players too."""
    key = sheet.key or SheetKey(0, "")
    if key.metric:
        return Score.objects.filter(
            game=key.game, environment=key.environment, metric=key.metric, item="", value__isnull=False
        )
    return BoardRow.objects.filter(
        game=key.game, environment=key.environment, board=key.board, cycle=key.cycle, scope=key.scope, is_own=True
    )


def _owner(sheet: Sheet) -> str:
    return "player" if sheet.key is not None and sheet.key.metric else "entity"


def _visible(sheet: Sheet) -> QuerySet[Any]:
    return _stored(sheet).filter(**{f"{_owner(sheet)}__enabled": True})


def _hidden(sheet: Sheet) -> QuerySet[Any]:
    """The disabled players, with the ``value`` of each on the sheet. They are few, so they come first: a join might
    begin with the many rows. (For NOT, SQLite would use no index.)"""
    key = sheet.key or SheetKey(0, "")
    disabled = Player.objects.filter(game=key.game, environment=key.environment, enabled__in=[False])
    row = _stored(sheet).filter(**{_owner(sheet): OuterRef("pk")})
    return disabled.annotate(value=Subquery(row.values("value")[:1], output_field=_NUMBER))


def _own(sheet: Sheet, of: str) -> QuerySet[Any]:
    return _visible(sheet).filter(**{f"{_owner(sheet)}__player_id": OuterRef(of)})


def _before(sheet: Sheet, condition: Q) -> Subquery:
    """How many visible rows, or under ``dense`` scores, fulfil a condition on the outer row."""
    what = "COUNT(DISTINCT %(expressions)s)" if sheet.ties == "dense" else "COUNT(%(expressions)s)"
    return _count(_visible(sheet).filter(condition), what)


def _count(rows: QuerySet[Any], template: str = "COUNT(%(expressions)s)") -> Subquery:
    counted = Func(F("value"), template=template, output_field=_NUMBER)
    return Subquery(rows.order_by().annotate(number=counted).values("number"), output_field=_NUMBER)


def _by_histogram(sheet: Sheet, histogram: int) -> dict[str, Any] | None:
    """Annotations of a row that end in ``standing``: the better visible rows. None if it is not counted yet."""
    buckets = Bucket.objects.filter(histogram=histogram)
    if not buckets.exists():
        return None
    own = buckets.filter(low__lte=OuterRef("value")).order_by("-low")
    later = BucketChange.objects.filter(histogram=histogram, number__gt=OuterRef("bucket")).order_by()
    added = Func(F("delta"), function="SUM", output_field=_NUMBER)
    inside = _stored(sheet).filter(value__gt=OuterRef("value"), value__lte=OuterRef("top"))
    return {
        "bucket": Subquery(own.values("number")[:1], output_field=_NUMBER),
        "top": Subquery(own.values("high")[:1], output_field=_NUMBER),
        "standing": Subquery(own.values("above")[:1], output_field=_NUMBER)
        + Coalesce(Subquery(later.annotate(added=added).values("added"), output_field=_NUMBER), 0)
        + _count(inside)
        - _count(_hidden(sheet).filter(value__gt=OuterRef("value"))),
    }
