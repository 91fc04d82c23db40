"""How an entity did from cycle to cycle (``engine.md`` §11.5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet

from django_playlyfe import instants
from django_playlyfe.engine.boards.sheet_sql import SheetKey
from django_playlyfe.engine.models import BoardRow
from django_playlyfe.engine.realm import Realm, check_player_id
from django_playlyfe.engine.refusals import invalid
from django_playlyfe.engine.rules.cycles import ALLTIME, first_day, key_of_day
from django_playlyfe.engine.rules.plan import Ties
from django_playlyfe.engine.selectors import ranks
from django_playlyfe.engine.selectors.board_readers import Reader, board_scope, check_choice
from django_playlyfe.engine.selectors.sheets import own_sheet, summed_sheet

MOST_CYCLES = 1000
_FIRST_DAY = date(1970, 1, 1)
"""Nothing was played before it."""
_BEGINNING = datetime(1970, 1, 1, tzinfo=timezone.utc)
"""The instant 0, which stands for the beginning of the game (``http-api.md`` §4.3)."""
_USUALLY = 10
_AT_ONCE = 100
"""Cycles of one query; SQLite takes no more than 500."""
_ABSENT = -1
"""The rank of who is not on a board."""
_Place = tuple[int, int]
"""Score and rank."""


def trend(
    realm: Realm,
    board: str,
    *,
    player_id: str | None = None,
    cycle: str,
    start: date | None = None,
    end: date | None = None,
    entity_id: str | None = None,
    scope_id: str | None = None,
) -> list[dict[str, Any]]:
    """Score and rank of an entity in each cycle that has a day from ``start`` to ``end``, the oldest first.

    Four queries for up to a hundred cycles, however many rows, and one more for every further hundred; one or two for
    each cycle of a large board, quick ones, and two for each where players credited each other in a scope.

    Args:
        realm, board, player_id, scope_id: as for :func:`~.boards.leaderboard`.
        cycle: one of the board's cycles but ``alltime``.
        start: a day in the time zone of the cycles, or an instant, for the day that it lies in; ten cycles back if
            None. The instant 0 is the day on which the game was made, or 1,000 cycles back if that is later.
        end: the last day, likewise; today if None.
        entity_id: whose trend; the reader's if None.

    Returns:
        ``[{"date": "2024-03-03", "score": "85", "rank": 1}]``, dated with the first day of each cycle. Who was not on
        the board has score "0" and rank -1.

    Raises:
        NotFound, AccessDenied, PlayerNotFound, ConfigurationError: as for :func:`~.boards.leaderboard`.
        InvalidRequest: an argument is wrong, the last day lies before 1970, or more than 1,000 cycles are asked for.
    """
    reader = Reader.find(realm, player_id)
    definition = reader.open(board)
    check_choice("cycle", cycle, [name for name in definition.cycles if name != ALLTIME])
    scope = board_scope(definition, scope_id)
    if entity_id is None and player_id is None:
        raise invalid("/entity_id", "is required where no player reads", code="OBJECT_MISSING_REQUIRED_PROPERTY")
    zone = ZoneInfo(reader.plan.cycle_timezone)
    last = _day(instants.now() if end is None else end, zone)
    if start == _BEGINNING:
        keys = _keys(cycle, _day(reader.game.created_at, zone), last, shorten=True)
    else:
        keys = _keys(cycle, None if start is None else _day(start, zone), last)
    stored = BoardRow.objects.filter(
        game=reader.game, environment=reader.environment, board=board, cycle__in=keys, scope=scope
    )
    entity = check_player_id(entity_id or player_id, "/entity_id")
    where = SheetKey(reader.game.pk, reader.environment, board=board, scope=scope)
    places = _places(stored, where, entity, definition.ties)
    return [_shown(key, places.get(key, (0, _ABSENT))) for key in keys]


def _day(moment: date, zone: tzinfo) -> date:
    """A day as it is; of an instant the day that it lies in, as far as the calendar of the zone goes."""
    if not isinstance(moment, datetime):
        return moment
    try:
        return moment.astimezone(zone).date()
    except OverflowError:
        return moment.date()


def _keys(cycle: str, start: date | None, end: date, *, shorten: bool = False) -> list[str]:
    """The keys of the cycles from a day to a day; ``shorten`` leaves out the oldest of too many."""
    if end < _FIRST_DAY:
        raise invalid("/end", "should not lie before 1970", code="MINIMUM", found=end.isoformat())
    last = key_of_day(cycle, end)
    keys = [last]
    while len(keys) < _USUALLY if start is None else first_day(keys[-1]) > start:
        if len(keys) == MOST_CYCLES:
            if shorten:
                break
            raise invalid("/start", f"should be less than {MOST_CYCLES} cycles before the end", code="MINIMUM")
        keys.append(key_of_day(cycle, first_day(keys[-1]) - timedelta(days=1)))
    if start is not None and start > end:
        return []
    return keys[::-1]


def _places(stored: QuerySet[BoardRow], where: SheetKey, entity: str, ties: Ties) -> dict[str, _Place]:
    """Cycle -> score and rank of an entity; ``where`` is the board and scope, in any cycle."""
    visible = stored.filter(entity__enabled=True)
    summed = set(stored.filter(is_own=False).values_list("cycle", flat=True).distinct())
    own = {row.cycle: row for row in visible.filter(entity__player_id=entity) if row.cycle not in summed}
    places = {}
    large = {key: sheet for key in own if ranks.histograms_of(sheet := own_sheet(where._replace(cycle=key), ties))}
    if ties == "dense":  # no histogram tells how many scores are different
        large = {}
    for key, sheet in large.items():
        row = {"score": own[key].value, "since": own[key].reached_at, "who": entity}
        rank = ranks.position(sheet, row).rank if ties == "first" else ranks.rank(sheet, own[key].value)
        places[key] = (own[key].value, rank)
    small = {key: row for key, row in own.items() if key not in large}
    better = _better(visible.filter(is_own=True), small, entity, ties)
    places |= {key: (row.value, better.get(key, 0) + 1) for key, row in small.items()}
    for key in summed:
        for found in ranks.around(summed_sheet(stored.filter(cycle=key), ties), entity, 0):
            places[key] = (found.value, found.rank)
    return places


def _better(rows: QuerySet[BoardRow], own: Mapping[str, BoardRow], entity: str, ties: Ties) -> dict[str, int]:
    """Cycle -> how many rows, or under ``dense`` scores, stand before the entity's. One query for every hundred cycles:
    each cycle's count is a part of it with the score written out, so that the index has where to begin and end."""
    counted = Count("value", distinct=True) if ties == "dense" else Count("value")
    found: dict[str, int] = {}
    cycles = list(own.items())
    for start in range(0, len(cycles), _AT_ONCE):
        parts = []
        for key, mine in cycles[start : start + _AT_ONCE]:
            before = Q(value__gt=mine.value)
            if ties == "first":
                earlier = Q(reached_at__lt=mine.reached_at) | Q(
                    reached_at=mine.reached_at, entity__player_id__lt=entity
                )
                before = Q(value__gte=mine.value) & (before | (Q(value=mine.value) & earlier))
            parts.append(rows.filter(before, cycle=key).values_list("cycle").annotate(counted))
        found |= dict(parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0])
    return found


def _shown(key: str, place: _Place) -> dict[str, Any]:
    score, rank = place
    return {"date": first_day(key).isoformat(), "score": str(score), "rank": rank}
