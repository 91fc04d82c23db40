"""Sheets: one board in one cycle and scope, as rows that can be ranked.

Whatever table they come from, all rows have the same columns: ``score``, ``since`` (when it was reached), ``entrant``
(the player's primary key), ``who`` (the player's id) and ``shown_as`` (the alias).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.db.models import F, Max, QuerySet, Sum

from django_playlyfe.engine.boards.sheet_sql import SheetKey
from django_playlyfe.engine.models import BoardRow, Game, Score
from django_playlyfe.engine.rules.cycles import ALLTIME, cycle_key
from django_playlyfe.engine.rules.plan import Board, Plan, Ties

Rows = QuerySet[Any, dict[str, Any]]


@dataclass(frozen=True)
class Sheet:
    """What is ranked, and how equals are.

    Attributes:
        rows: see above; disabled players are left out, so they leave no gap.
        ties: which rank equal scores get.
        key: names the stored rows; None where a row is the sum of several, as where players credit each other in a
            custom scope, and where nobody can be.
    """

    rows: Rows
    ties: Ties = "competition"
    key: SheetKey | None = None


def find_sheet(
    game: Game, environment: str, plan: Plan, board: Board, *, cycle: str, at: datetime, scope: str = ""
) -> Sheet:
    """The sheet of a board in the cycle that contains ``at``. One query for a custom board, else none.

    Args:
        game, environment, plan, board: whose board, and what the design in force says of it.
        cycle: one of the board's cycles.
        at: any instant of the cycle.
        scope: of a custom board.
    """
    if board.entity_type != "players" or board.scope_type in ("team_definition", "team_instance"):
        return Sheet(_columns(BoardRow.objects.none(), "entity"), board.ties)  # nobody is in a team yet
    if board.scope_type == "game" and cycle == ALLTIME:
        rows = score_rows(game, environment, board.metric)
        return Sheet(rows, board.ties, SheetKey(game.pk, environment, board.metric))
    key = cycle_key(cycle, at, ZoneInfo(plan.cycle_timezone))
    stored = BoardRow.objects.filter(game=game, environment=environment, board=board.id, cycle=key, scope=scope)
    if board.scope_type == "custom" and stored.filter(is_own=False).exists():
        return summed_sheet(stored, board.ties)
    return own_sheet(SheetKey(game.pk, environment, board=board.id, cycle=key, scope=scope), board.ties)


def own_sheet(key: SheetKey, ties: Ties) -> Sheet:
    """The sheet of a cycle and scope in which everybody was credited by their own calls only."""
    stored = BoardRow.objects.filter(
        game=key.game, environment=key.environment, board=key.board, cycle=key.cycle, scope=key.scope
    )
    return Sheet(_columns(stored.filter(is_own=True, entity__enabled=True), "entity"), ties, key)


def summed_sheet(stored: QuerySet[BoardRow], ties: Ties) -> Sheet:
    """The sheet of a scope in which players credited each other: each entity's rows are added up."""
    rows = stored.filter(entity__enabled=True).values(**_owner("entity"))
    summed = rows.annotate(score=Sum("value"), since=Max("reached_at"))
    return Sheet(cast("Rows", summed), ties)


def score_rows(game: Game, environment: str, metric: str) -> Rows:
    """The all-time board of a point or compound metric: whoever has a stored score."""
    scores = Score.objects.filter(game=game, environment=environment, metric=metric, item="", value__isnull=False)
    return _columns(scores.filter(player__enabled=True), "player")


def _columns(rows: QuerySet[Any], owner: str) -> Rows:
    return rows.values(score=F("value"), since=F("reached_at"), **_owner(owner))


def _owner(path: str) -> dict[str, F]:
    return {"entrant": F(f"{path}_id"), "who": F(f"{path}__player_id"), "shown_as": F(f"{path}__alias")}
