"""What plays of each action brought to the rows of a board: ``detailed`` (``engine.md`` §11.5).

Summed up from the log of the players concerned, as nothing else keeps it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from django_playlyfe.engine.boards import contributions
from django_playlyfe.engine.design.plans import plan_of
from django_playlyfe.engine.models import BoardRow, Call
from django_playlyfe.engine.rules.cycles import ALLTIME, bounds, cycle_key
from django_playlyfe.engine.rules.plan import Board
from django_playlyfe.engine.selectors.board_readers import Reader, selecting
from django_playlyfe.engine.selectors.ranks import RankedRow


def actions_of(
    reader: Reader, board: Board, rows: Sequence[RankedRow], *, cycle: str, timestamp: datetime | None, scope: str
) -> list[list[dict[str, Any]]]:
    """For each row ``[{"id", "name", "score"}]``, sorted by id. What bootstraps, rules and administrators gave belongs
    to no action. One query; two for a custom board."""
    at = selecting(timestamp)
    zone = ZoneInfo(reader.plan.cycle_timezone)
    entrants = {row.entrant for row in rows}
    players: set[Any] = set(entrants)
    if board.scope_type == "custom":
        stored = BoardRow.objects.filter(board=board.id, cycle=cycle_key(cycle, at, zone), scope=scope)
        players = set(stored.filter(entity__in=entrants).values_list("player", flat=True))
    plays = Call.objects.filter(player__in=players, kind=Call.Kind.PLAY, status=Call.Status.APPLIED)
    if cycle != ALLTIME:
        start, end = bounds(cycle, at, zone)
        plays = plays.filter(at__gte=start, at__lt=end)
    is_read_from_scores = board.scope_type == "game" and cycle == ALLTIME
    credited = _written(plays, board.metric) if is_read_from_scores else _credited(plays, board.id, scope)
    totals: dict[int, dict[str, int]] = {entrant: {} for entrant in entrants}
    for entrant, action, amount in credited:
        if entrant in totals:
            totals[entrant][action] = totals[entrant].get(action, 0) + amount
    return [_shown(reader, totals[row.entrant]) for row in rows]


def _written(plays: QuerySet[Call], metric: str) -> Iterator[tuple[int, str, int]]:
    """Player, action and amount of what plays changed of a metric."""
    for play in plays.select_related("version").defer("version__document").iterator(chunk_size=1000):
        for changed, amount in contributions.deltas(plan_of(play.version), play):
            if changed == metric and play.player_id is not None:
                yield play.player_id, play.action, amount


def _credited(plays: QuerySet[Call], board: str, scope: str) -> Iterator[tuple[int, str, int]]:
    """Entity, action and amount of what plays credited to a board."""
    for action, credited in plays.values_list("action", "credits").iterator(chunk_size=1000):
        for credited_board, credited_scope, entity, amount, *_ in credited:
            if (credited_board, credited_scope) == (board, scope):
                yield entity, action, amount


def _shown(reader: Reader, totals: dict[str, int]) -> list[dict[str, Any]]:
    known = reader.plan.actions
    return [
        {"id": action, "name": known[action].name if action in known else action, "score": str(amount)}
        for action, amount in sorted(totals.items())
    ]
