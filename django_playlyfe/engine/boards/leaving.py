"""A player who is erased, by whatever way, leaves the histograms of large boards."""

from __future__ import annotations

from typing import Any

from django_playlyfe.engine.boards import histograms
from django_playlyfe.engine.boards.histograms import Move
from django_playlyfe.engine.boards.sheet_sql import SheetKey
from django_playlyfe.engine.models import BoardRow, Player, Score


def leave(instance: Player, using: str, **_: Any) -> None:
    """Receiver of ``pre_delete``. No query unless the game has large boards; then three."""
    game, environment = instance.game_id, instance.environment
    if not histograms.known(game, environment):
        return
    scores = Score.objects.using(using).filter(player=instance, item="", value__isnull=False)
    rows = BoardRow.objects.using(using).filter(entity=instance, is_own=True)
    moves = [Move(SheetKey(game, environment, score.metric), score.value, None) for score in scores]
    moves += [
        Move(SheetKey(game, environment, board=row.board, cycle=row.cycle, scope=row.scope), row.value, None)
        for row in rows
    ]
    histograms.moved(game, environment, moves)
